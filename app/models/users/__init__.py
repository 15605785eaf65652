"""Accounts: who people are, how they get in, and what staff does to them."""

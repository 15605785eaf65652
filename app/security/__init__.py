"""Passwords, tokens, networks, known devices and rate limits."""

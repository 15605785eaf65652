"""Accounts: signing up and in, passwords, addresses."""

from . import addresses, fences, joining, passwords, registration, sessions
from .blueprint import auth

__all__ = ["addresses", "auth", "fences", "joining", "passwords", "registration", "sessions"]

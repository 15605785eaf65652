"""Blueprint: sign-up, sign-in, passwords and emails."""

from . import addresses, fences, joining, passwords, registration, sessions
from .blueprint import auth

__all__ = ["addresses", "auth", "fences", "joining", "passwords", "registration", "sessions"]

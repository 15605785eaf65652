"""The pages that everybody sees, and a member's own settings."""

from . import health, pages, settings, users
from .blueprint import main

__all__ = ["health", "main", "pages", "settings", "users"]

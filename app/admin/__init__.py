"""Running the place."""

from . import dashboard
from .blueprint import admin

__all__ = ["admin", "dashboard"]

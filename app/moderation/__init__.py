"""Keeping the peace."""

from . import appeals, queue, sanctions
from .blueprint import moderation

__all__ = ["appeals", "moderation", "queue", "sanctions"]

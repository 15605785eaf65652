"""Keeping the peace."""

from . import queue
from .blueprint import moderation

__all__ = ["moderation", "queue"]

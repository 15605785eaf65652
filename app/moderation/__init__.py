"""Keeping the peace."""

from . import queue, texts
from .blueprint import moderation

__all__ = ["moderation", "queue", "texts"]

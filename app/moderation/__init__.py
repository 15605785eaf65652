"""Keeping the peace."""

from . import cases, queue
from .blueprint import moderation

__all__ = ["cases", "moderation", "queue"]

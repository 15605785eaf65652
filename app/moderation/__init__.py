"""Keeping the peace."""

from . import log, queue
from .blueprint import moderation

__all__ = ["log", "moderation", "queue"]

"""Keeping the peace."""

from . import held, queue, words
from .blueprint import moderation

__all__ = ["held", "moderation", "queue", "words"]

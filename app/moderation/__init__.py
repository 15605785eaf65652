"""Keeping the peace."""

from . import clean_ups, people, queue, texts
from .blueprint import moderation

__all__ = ["clean_ups", "moderation", "people", "queue", "texts"]

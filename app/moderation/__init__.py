"""Keeping the peace."""

from . import cases, clean_ups, held, people, queue, texts, words
from .blueprint import moderation

__all__ = ["cases", "clean_ups", "held", "moderation", "people", "queue", "texts", "words"]

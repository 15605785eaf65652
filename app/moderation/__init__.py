"""Keeping the peace."""

from . import clean_ups, held, people, queue, texts, words
from .blueprint import moderation

__all__ = ["clean_ups", "held", "moderation", "people", "queue", "texts", "words"]

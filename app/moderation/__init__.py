"""Keeping the peace."""

from . import appeals, cases, clean_ups, held, people, queue, sanctions, texts, words
from .blueprint import moderation

__all__ = [
    "appeals",
    "cases",
    "clean_ups",
    "held",
    "moderation",
    "people",
    "queue",
    "sanctions",
    "texts",
    "words",
]

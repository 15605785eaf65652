"""Blueprint: moderation."""

from . import appeals, cases, clean_ups, held, log, people, queue, sanctions, texts, words
from .blueprint import moderation

__all__ = [
    "appeals",
    "cases",
    "clean_ups",
    "held",
    "log",
    "moderation",
    "people",
    "queue",
    "sanctions",
    "texts",
    "words",
]

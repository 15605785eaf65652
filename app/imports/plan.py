"""Plans: a line for each line of a file, kept as text so that fifty thousand stay small."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field

from ..pagination import KeysetPage

NEW, CHANGES, SAME, ERROR = "new", "changes", "same", "error"
WARNED, PLAIN = "!", " "


@dataclass
class Line:
    """What one line of the file would do.

    `values` are those of a new person, or of a change: pairs of what is and what would be.
    """

    number: int
    kind: str = SAME
    email: str = ""
    username: str = ""
    person_id: int | None = None
    values: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    warnings: list = field(default_factory=list)

    def content(self):
        """Return the line as text that begins with its kind, and a mark where there is a warning.

        So a page can be picked out of many lines without reading each.
        """
        mark = WARNED if self.warnings else PLAIN
        facts = {name: value for name, value in vars(self).items() if value}
        return self.kind[0] + mark + json.dumps(facts, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, text):
        return cls(**json.loads(text[2:]))


class Plan:
    """Lines in the order of the file. Two plans that would do the same have the same hash."""

    def __init__(self, text):
        self.text = text

    @property
    def hash(self):
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def counts(self):
        """How many lines there are of each kind, and how many with a warning."""
        marks = Counter(line[:2] for line in self.text.split("\n"))
        kinds = (NEW, CHANGES, SAME, ERROR)
        counts = {kind: sum(n for m, n in marks.items() if m[0] == kind[0]) for kind in kinds}
        counts["warning"] = sum(n for mark, n in marks.items() if mark[1:] == WARNED)
        return counts

    def lines(self, kind=None):
        """Yield the lines of one kind, of those with a warning, or all."""
        return map(Line.read, self._texts(kind))

    def page(self, kind, *, after=None, before=None, size=100):
        """Return the page of lines behind, or in front of, the one with a number in the file."""
        lines = [*map(Line.read, self._picked(kind, after, before, size + 1))]
        backwards = before is not None and after is None
        is_later = before is not None or after is not None
        more, lines = len(lines) > size, lines[-size:] if backwards else lines[:size]
        has_before, has_after = (more, True) if backwards else (after is not None, more)
        first, last = (str(lines[i].number) for i in (0, -1)) if lines else (None, None)
        before, after = first if has_before else None, last if has_after else None
        return KeysetPage(lines, before, after, is_beyond=not lines and is_later)

    def _picked(self, kind, after, before, count):
        texts = self._texts(kind)
        if after is not None:
            return [text for text in texts if _number(text) > after][:count]
        if before is not None:
            return [text for text in texts if _number(text) < before][-count:]
        return texts[:count]

    def _texts(self, kind):
        texts = self.text.split("\n")
        if kind == "warning":
            return [text for text in texts if text[1] == WARNED]
        return [text for text in texts if not kind or text[0] == kind[0]]


def _number(text):
    """Return the number of a line without reading the rest: it comes first, see `Line`."""
    start = text.index(":") + 1
    end = start
    while text[end].isdigit():
        end += 1
    return int(text[start:end])

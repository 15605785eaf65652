"""Conditions on NULL columns, defined once for SQL text, SQL expressions and Python."""

from operator import attrgetter
from typing import Any


class NullCheck:
    """True if the columns in `null` are NULL and those in `not_null` are not."""

    def __init__(self, *null: Any, not_null: Any = ()) -> None:
        self.null, self.not_null = null, not_null
        self._read = attrgetter(*null, *not_null)

    def text(self, table: str | None = None) -> str:
        """Return the condition as SQL text, for an index or a trigger."""
        start = f"{table}." if table else ""
        null = [f"{start}{name} IS NULL" for name in self.null]
        return " AND ".join([*null, *(f"{start}{name} IS NOT NULL" for name in self.not_null)])

    def of(self, model: Any) -> tuple[Any, ...]:
        """Return the condition as a tuple of expressions, for `where(*…)`."""
        null = [getattr(model, name).is_(None) for name in self.null]
        return (*null, *(getattr(model, name).is_not(None) for name in self.not_null))

    def holds(self, row: Any) -> bool:
        """Return whether the condition is true for a row or object."""
        values = self._read(row)
        split = len(self.null)
        return values[:split].count(None) == split and None not in values[split:]


SHOWN = NullCheck("deleted_at", "hidden_at")  # posts and comments that everyone can read
SEEN = NullCheck("deactivated_at", "approval_asked_at", not_null=["confirmed_at"])  # members

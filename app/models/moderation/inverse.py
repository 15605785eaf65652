"""An inverse: what takes back an act of moderation, and what has to be so for that."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from ...extensions import db
from ..users.user import User

NO_LONGER = "What it did is no longer so."


@dataclass(frozen=True)
class UndoAction:
    """What takes back an act. `thing` is what `find` brings, entry by entry, for many at once.

    `family` are the acts that lead on from it: while one of them, on the same target, followed and
    was not undone itself, it stays. `why_not` says what else stands in the way, of rank too.
    """

    find: Callable  # (entries) → {entry.id: thing}
    lock: Callable  # (thing): wait for whoever acts on it
    why_not: Callable  # (entry, thing, by) → words or None
    verb: Callable  # (entry, thing, by, reason)
    family: tuple


def rows_of(model, entries, *options):
    """The rows that the entries are about, read anew: {entry.id: row}."""
    ids = {entry.target_id for entry in entries}
    there = select(model).where(model.id.in_(ids)).options(*options)
    rows = db.session.scalars(there, execution_options={"populate_existing": True}).unique()
    rows = {row.id: row for row in rows}
    return {entry.id: rows.get(entry.target_id) for entry in entries}


def lock_roles(thing):
    User.one_at_a_time()

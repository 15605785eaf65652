"""The shape of what takes back an act in the log; undo.py knows which act has one."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from ..extensions import db

NO_LONGER = "What it did is no longer so."


@dataclass(frozen=True)
class Inverse:
    """What takes back an act. `thing` is what `find` brings, entry by entry, for many at once.

    `family` are the acts that lead on from it: while one of them, on the same target, followed and
    was not undone itself, it stays. `why_not` says what else stands in the way, of rank too.
    """

    find: Callable  # (entries) → {entry.id: thing}
    lock: Callable  # (thing): wait for whoever acts on it
    why_not: Callable  # (entry, thing, by) → words or None
    verb: Callable  # (entry, thing, by, reason)
    family: tuple


def fresh(statement):
    """The rows of a statement as the database has them by now."""
    rows = db.session.scalars(statement, execution_options={"populate_existing": True})
    return rows.unique().all()


def targets(model, entries, *options):
    """The rows that the entries are about: {entry.id: row}."""
    ids = {entry.target_id for entry in entries}
    rows = fresh(select(model).where(model.id.in_(ids)).options(*options))
    rows = {row.id: row for row in rows}
    return {entry.id: rows[entry.target_id] for entry in entries if entry.target_id in rows}


def subjects(model, entries, *options):
    """The rows that the entries name apart from their target: {entry.id: row}."""
    ids = {entry.subject_id for entry in entries}
    rows = fresh(select(model).where(model.id.in_(ids)).options(*options))
    rows = {row.id: row for row in rows}
    return {entry.id: rows[entry.subject_id] for entry in entries if entry.subject_id in rows}

"""Bulk actions on users, each in its own savepoint, so that one refusal does not stop others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from ...extensions import db
from ..audit.entry import AuditEntry
from .rank import Refused
from .user import User

MOST = 500  # people at once


@dataclass
class Outcome:
    """What became of one person: an act with its before and after, a refusal, or neither.

    Neither: it was so already. `person` is None where the account is gone. After a rehearsal only
    the other values are of use.
    """

    id: int
    person: User | None = None
    name: str = ""
    refusal: str = ""
    action: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_done(self) -> bool:
        return bool(self.action)


def act_on_each(ids: Sequence[int], act: Callable[[User], object]) -> list[Outcome]:
    """Call `act` with each person, the lowest id first; return an `Outcome` for each id.

    Concurrent bulk actions wait until this transaction ends.
    """
    User.one_at_a_time()
    there = select(User).where(User.id.in_(ids)).execution_options(populate_existing=True)
    outcomes = {id: Outcome(id) for id in sorted(ids)}
    for person in db.session.scalars(there.order_by(User.id)).all():
        refusal = _refusal(act, person)
        outcomes[person.id] = Outcome(person.id, person, person.username, refusal)
    outcomes = list(outcomes.values())
    _note_what_was_done(outcomes)
    return outcomes


def rehearse(ids: Sequence[int], act: Callable[[User], object]) -> list[Outcome]:
    """Return what `act_on_each` would: it is really done, and then undone."""
    try:
        return act_on_each(ids, act)
    finally:
        db.session.rollback()


def _refusal(act: Callable[[User], object], person: User) -> str:
    try:
        with db.session.begin_nested():
            act(person)
    except Refused as refusal:
        return str(refusal)
    return ""


def _note_what_was_done(outcomes: Sequence[Outcome]) -> None:
    """The verbs have written it into the log; what this transaction wrote has no number yet."""
    db.session.flush()
    content = select(AuditEntry).where(AuditEntry.number.is_(None))
    entries = {entry.target_id: entry for entry in db.session.scalars(content)}
    for outcome in outcomes:
        if entry := entries.get(outcome.id):
            outcome.action, outcome.before, outcome.after = entry.action, entry.before, entry.after

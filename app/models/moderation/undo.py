"""Undo: taking back an action from the log while its effect is in place.

What takes it back is a verb like any other: it asks for the rank and writes an entry of its own. So
the log keeps both, and an undo can be undone.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import aliased

from ...extensions import db
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..users.user import User
from .sanction import Sanction
from .undo_actions import UNDO

NO_WAY_BACK = "This action can’t be undone."
ACTED_ON = "Someone has acted on this since."
GONE = "It’s about something that no longer exists."


def undo(entry: AuditEntry, *, by: Any, reason: str = "") -> tuple[Any, str]:
    """Take back what an entry did; return its target and the reason that the log gives.

    Refused where it cannot be, or was meanwhile.
    """
    if (action := UNDO.get(entry.action)) is None:
        raise Refused(NO_WAY_BACK)
    if (target := action.find([entry]).get(entry.id)) is not None:
        action.lock(target)
    if why_not := why_not_undo([entry], by)[entry.id]:
        raise Refused(why_not)
    target, reason = action.find([entry])[entry.id], reason_of(entry, reason)
    with entry.taken_back():
        action.take_back(entry, target, by, reason)
    return target, reason


def reason_of(entry: Any, reason: Any) -> Any:
    """Return what the log says of an undo."""
    return f"Undo of entry {entry.id}{f': {reason}' if reason else '.'}"[:500]


def why_not_undo(entries: Sequence[AuditEntry], by: User) -> dict:
    """Return {entry.id: a sentence that says why the person can't undo it, or None}.

    A page of entries costs as many questions to the database as one.
    """
    if not entries:
        return {}
    followed, found = _followers(entries), _targets(entries)
    return {e.id: _why_not(e, found.get(e.id), followed[e.id], by) for e in entries}


def _why_not(entry: AuditEntry, target: Any, followers: Sequence[Row], by: User) -> str | None:
    if entry.action not in UNDO:
        return NO_WAY_BACK
    if target is None:
        return GONE
    if isinstance(target, Sanction):  # its member may have others
        followers = [row for row in followers if row.subject_id == target.id]
    if not _stands(entry, followers):
        return ACTED_ON
    return UNDO[entry.action].why_not(entry, target, by)


def _stands(entry: AuditEntry, followers: Sequence[Row]) -> bool:
    """Whether all is as the entry left it: what followed, in this order, was undone again.

    An act leads to a state of its own; an undo back to the one before the act that it undid.
    """
    undone = entry.undoes_id
    left = now = ("before", undone) if undone else ("after", entry.id)
    before = {entry.id: ("after", undone) if undone else ("before", entry.id)}
    for row in followers:
        before[row.id] = now
        undone = row.undoes_id
        now = before.get(undone, ("before", undone)) if undone else ("after", row.id)
    return now == left


def _targets(entries: Sequence[AuditEntry]) -> dict:
    """Return {entry.id: target}, asked for once for each kind of target."""
    by_kind: dict[Any, list[AuditEntry]] = defaultdict(list)
    found: dict[int, Any] = {}
    for entry in entries:
        if action := UNDO.get(entry.action):
            by_kind[action.find].append(entry)
    for find, some in by_kind.items():
        found |= find(some)
    return found


def _followers(entries: Sequence[AuditEntry]) -> dict[int, list[Row]]:
    """The later entries of its family on the same target, the oldest first: {entry.id: rows}."""
    families = {action.family for action in UNDO.values()}
    later, ids = aliased(AuditEntry), [entry.id for entry in entries]
    same = later.target_type == AuditEntry.target_type, later.target_id == AuditEntry.target_id
    akin = or_(*(and_(AuditEntry.action.in_(f), later.action.in_(f)) for f in families))
    columns = AuditEntry.id.label("of"), later.id, later.subject_id, later.undoes_id
    rows = select(*columns).join(later, and_(*same, later.id > AuditEntry.id, akin))
    followed = defaultdict(list)
    for row in db.session.execute(rows.where(AuditEntry.id.in_(ids)).order_by(later.id)):
        followed[row.of].append(row)
    return followed

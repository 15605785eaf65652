"""Undo: what takes back an act in the log, as long as what it did still stands.

The inverse is a verb like any other: it asks for the rank, and writes an entry of its own. So the
log keeps both, and an undo can be undone.
"""

from collections import defaultdict

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from ...extensions import db
from ..audit.entry import AuditEntry
from ..errors import Refused
from .inverse_registry import INVERSES
from .sanction import Sanction

NO_WAY_BACK = "This act has no inverse."
ACTED_ON = "Somebody has acted on this since."
GONE = "What it was about is gone, or is not known any more."


def undo(entry, *, by, reason=""):
    """Take back what an entry did; return what it was about, and what the log says of why.

    Refused where it cannot be, or was meanwhile.
    """
    inverse = INVERSES.get(entry.action)
    thing = inverse and inverse.find([entry]).get(entry.id)
    if thing is not None:
        inverse.lock(thing)
    if words := why_not_undo([entry], by)[entry.id]:
        raise Refused(words)
    thing, reason = inverse.find([entry])[entry.id], reason_of(entry, reason)
    with entry.taken_back():
        inverse.verb(entry, thing, by, reason)
    return thing, reason


def reason_of(entry, reason):
    """What the log says of an undo."""
    return f"Undo of entry {entry.id}{f': {reason}' if reason else '.'}"[:500]


def why_not_undo(entries, by):
    """Of each entry by its id: the words why the person cannot undo it, or None.

    A page of them costs as many questions to the database as one.
    """
    if not entries:
        return {}
    followed, found = _followers(entries), _things(entries)
    return {e.id: _why_not(e, found.get(e.id), followed[e.id], by) for e in entries}


def _why_not(entry, thing, followers, by):
    if entry.action not in INVERSES:
        return NO_WAY_BACK
    if thing is None:
        return GONE
    if isinstance(thing, Sanction):  # its member may have others
        followers = [row for row in followers if row.subject_id == thing.id]
    if not _stands(entry, followers):
        return ACTED_ON
    return INVERSES[entry.action].why_not(entry, thing, by)


def _stands(entry, followers):
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


def _things(entries):
    """What the entries are about, asked for once for each kind of thing."""
    by_kind, found = defaultdict(list), {}
    for entry in entries:
        if entry.action in INVERSES:
            by_kind[INVERSES[entry.action].find].append(entry)
    for find, some in by_kind.items():
        found |= find(some)
    return found


def _followers(entries):
    """The later entries of its family on the same target, the oldest first: {entry.id: rows}."""
    families = {inverse.family for inverse in INVERSES.values()}
    later, ids = aliased(AuditEntry), [entry.id for entry in entries]
    same = later.target_type == AuditEntry.target_type, later.target_id == AuditEntry.target_id
    akin = or_(*(and_(AuditEntry.action.in_(f), later.action.in_(f)) for f in families))
    columns = AuditEntry.id.label("of"), later.id, later.subject_id, later.undoes_id
    rows = select(*columns).join(later, and_(*same, later.id > AuditEntry.id, akin))
    followed = defaultdict(list)
    for row in db.session.execute(rows.where(AuditEntry.id.in_(ids)).order_by(later.id)):
        followed[row.of].append(row)
    return followed

"""What takes back each act of moderation, by the act; undo.py asks here."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ..extensions import db
from .audit import AuditEntry
from .comment import Comment
from .post import Post
from .role import Role
from .sanction import ACTS as SANCTIONS
from .sanction import LIFT, REINSTATE, Sanction
from .user import User

NO_LONGER = "What it did is no longer so."
ONLY_ADMINISTRATORS = "Only administrators may do this."


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


def _rows(model, entries, *options):
    """The rows that the entries are about, read anew: {entry.id: row}."""
    ids = {entry.target_id for entry in entries}
    there = select(model).where(model.id.in_(ids)).options(*options)
    rows = db.session.scalars(there, execution_options={"populate_existing": True}).unique()
    rows = {row.id: row for row in rows}
    return {entry.id: rows.get(entry.target_id) for entry in entries}


# Texts


def find_texts(entries):
    found = {}
    for model in (Post, Comment):
        if some := [entry for entry in entries if entry.target_type == model.noun]:
            found |= _rows(model, some, joinedload(model.author).joinedload(User.former_role))
    return found


def of_text(stands, verb, family):
    """An act on a post or comment; `stands` says whether what it did is so still."""

    def why_not(entry, text, by):
        return None if stands(text) else NO_LONGER

    return Inverse(find_texts, lambda text: text.lock(), why_not, verb, family)


def restore(entry, text, by, reason):
    text.restore(by=by, reason=reason)


def hide(entry, text, by, reason):
    """Hide it again; its author reads for which reason it had been hidden."""
    before = AuditEntry.action == "hide", AuditEntry.id < entry.id
    former = db.session.scalars(AuditEntry.about(text).where(*before).limit(1)).first()
    text.hide(by=by, reason=f"{reason} {former.reason if former else ''}".strip()[:500])


# People


def find_people(entries):
    here = [entry for entry in entries if entry.target_type == "user"]
    return _rows(User, here, joinedload(User.former_role))


def lock_person(person):
    """Wait for whoever acts on them; whether they are still there, `find` says afterwards."""
    User.one_at_a_time()
    db.session.execute(select(User.id).where(User.id == person.id).with_for_update())


def of_account(stands, verb, family):
    def why_not(entry, person, by):
        if not stands(person) or person.is_leaving_now:
            return NO_LONGER
        return why_not_administer(person, by)

    return Inverse(find_people, lock_person, why_not, verb, family)


def why_not_administer(person, by):
    return by.why_not_act_on(person) if by.is_administrator() else ONLY_ADMINISTRATORS


def reactivate(entry, person, by, reason):
    person.reactivate(by=by, reason=reason)


def deactivate(entry, person, by, reason):
    person.deactivate(by=by, reason=reason)


# Roles: only one that was held without an end is given back


def find_roles(entries):
    people = find_people(entries)
    roles = db.session.scalars(select(Role).where(Role.name.in_({e.before for e in entries})))
    roles = {role.name: role for role in roles}
    pairs = {entry.id: (people.get(entry.id), roles.get(entry.before)) for entry in entries}
    return {id: pair for id, pair in pairs.items() if all(pair)}


def why_not_give_back(entry, pair, by):
    person, role = pair
    if person.role_in_words != entry.after:
        return NO_LONGER
    if words := why_not_administer(person, by):
        return words
    return None if by.may_grant(role) else f"The role {role.name} allows more than yours."


def give_back(entry, pair, by, reason):
    person, role = pair
    person.change_role(role, by=by, reason=reason)


# Sanctions


def find_sanctions(entries):
    """Those that the entries imposed or settled: {entry.id: sanction}."""
    settled = {entry.subject_id for entry in entries if entry.subject_id}
    here = or_(Sanction.entry_id.in_([e.id for e in entries]), Sanction.id.in_(settled))
    person = joinedload(Sanction.user).joinedload(User.former_role)
    rows = select(Sanction).where(here).options(person)
    rows = db.session.scalars(rows, execution_options={"populate_existing": True}).all()
    imposed, by_id = {row.entry_id: row for row in rows}, {row.id: row for row in rows}
    return {e.id: by_id.get(e.subject_id) or imposed.get(e.id) for e in entries}


def why_not_settle(entry, sanction, by):
    if sanction.is_lifted != (entry.action == LIFT):
        return NO_LONGER
    if sanction.is_over:
        return "It has come to its end by itself."
    return by.why_not_sanction(sanction.user)


def lift(entry, sanction, by, reason):
    sanction.lift(by=by, reason=reason)


def reinstate(entry, sanction, by, reason):
    sanction.reinstate(by=by, reason=reason)


HIDING, CLOSING = ("hide", "restore"), ("deactivate", "reactivate", "delete")
SETTLING = (*SANCTIONS.values(), LIFT, REINSTATE)
LIFTED = Inverse(
    find_sanctions, lambda sanction: lock_person(sanction.user), why_not_settle, lift, SETTLING
)
INVERSES = {
    "hide": of_text(lambda text: text.is_hidden, restore, HIDING),
    "restore": of_text(lambda text: not text.is_hidden, hide, HIDING),
    "deactivate": of_account(lambda person: not person.is_active, reactivate, CLOSING),
    "reactivate": of_account(lambda person: person.is_active, deactivate, CLOSING),
    "change role": Inverse(
        find_roles,
        lambda pair: lock_person(pair[0]),
        why_not_give_back,
        give_back,
        ("change role", "end role", "keep role"),
    ),
    **dict.fromkeys([*SANCTIONS.values(), REINSTATE], LIFTED),
    LIFT: Inverse(
        find_sanctions,
        lambda sanction: lock_person(sanction.user),
        why_not_settle,
        reinstate,
        SETTLING,
    ),
}

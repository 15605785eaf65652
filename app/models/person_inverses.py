"""What takes back acts on members: accounts closed, roles given, sanctions, clean-ups."""

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ..extensions import db
from .clean_up import CleanUp
from .inverse import NO_LONGER, Inverse, fresh, subjects, targets
from .role import Role
from .sanction import ACTS as SANCTIONS
from .sanction import LIFT, REINSTATE, Sanction
from .user import User

ONLY_ADMINISTRATORS = "Only administrators may do this."
CLOSING = ("deactivate", "reactivate", "delete")
ROLES = ("change role", "end role", "keep role")
SETTLING = (*SANCTIONS.values(), LIFT, REINSTATE)


def find_people(entries):
    here = [entry for entry in entries if entry.target_type == "user"]
    return targets(User, here, joinedload(User.former_role))


def lock_person(person):
    """Wait for whoever acts on them; whether they are still there, `find` says afterwards."""
    User.one_at_a_time()
    db.session.execute(select(User.id).where(User.id == person.id).with_for_update())


def why_not_administer(person, by):
    return by.why_not_act_on(person) if by.is_administrator() else ONLY_ADMINISTRATORS


def of_account(stands, verb):
    def why_not(entry, person, by):
        if not stands(person) or person.is_leaving_now:
            return NO_LONGER
        return why_not_administer(person, by)

    return Inverse(find_people, lock_person, why_not, verb, CLOSING)


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


def lock_holder(pair):
    lock_person(pair[0])


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
    rows = fresh(select(Sanction).where(here).options(person))
    imposed, by_id = {row.entry_id: row for row in rows}, {row.id: row for row in rows}
    return {e.id: by_id.get(e.subject_id) or imposed.get(e.id) for e in entries}


def lock_sanctioned(thing):
    lock_person(thing.user)


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


# Clean-ups


def find_clean_ups(entries):
    return subjects(CleanUp, entries, joinedload(CleanUp.user).joinedload(User.former_role))


def lock_clean_up(clean_up):
    db.session.execute(select(CleanUp.id).where(CleanUp.id == clean_up.id).with_for_update())


def why_not_bring_back(entry, clean_up, by):
    return NO_LONGER if clean_up.undo_asked_at else by.why_not_act_on(clean_up.user)


def bring_back(entry, clean_up, by, reason):
    clean_up.undo(by=by, reason=reason)


LIFTED = Inverse(find_sanctions, lock_sanctioned, why_not_settle, lift, SETTLING)
INVERSES = {
    "deactivate": of_account(lambda person: not person.is_active, reactivate),
    "reactivate": of_account(lambda person: person.is_active, deactivate),
    "change role": Inverse(find_roles, lock_holder, why_not_give_back, give_back, ROLES),
    **dict.fromkeys([*SANCTIONS.values(), REINSTATE], LIFTED),
    LIFT: Inverse(find_sanctions, lock_sanctioned, why_not_settle, reinstate, SETTLING),
    "clean up": Inverse(
        find_clean_ups,
        lock_clean_up,
        why_not_bring_back,
        bring_back,
        ("clean up", "undo clean up"),
    ),
}

"""What takes back acts on members: their account, their role, sanctions, clean-ups."""

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ...extensions import db
from ..roles.role import Role
from ..users.user import User
from .appeal import Appeal
from .appeal_decision import LIFTED
from .clean_up import CleanUp
from .inverse import NO_LONGER, UndoAction, rows_of
from .sanction import LIFT, Sanction

ONLY_ADMINISTRATORS = "Only administrators can do this."


def find_people(entries):
    here = [entry for entry in entries if entry.target_type == "user"]
    return rows_of(User, here, joinedload(User.former_role))


def lock_person(person):
    """Wait for whoever acts on them; whether they are still there, `find` says afterwards."""
    User.one_at_a_time()
    db.session.execute(select(User.id).where(User.id == person.id).with_for_update())


def of_account(stands, verb, family):
    def why_not(entry, person, by):
        if not stands(person) or person.is_leaving_now:
            return NO_LONGER
        return why_not_administer(person, by)

    return UndoAction(find_people, lock_person, why_not, verb, family)


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
    deciders = _accepted_by({e.subject_id for e in entries if e.action == LIFT})
    for row in rows:
        row.lifted_on_appeal_by = deciders.get(row.id)
    imposed, by_id = {row.entry_id: row for row in rows}, {row.id: row for row in rows}
    return {e.id: by_id.get(e.subject_id) or imposed.get(e.id) for e in entries}


def _accepted_by(ids):
    """Sanction id → the name of who has accepted an appeal against it."""
    here = Appeal.sanction_id.in_(ids), Appeal.outcome == LIFTED
    accepted = select(Appeal.sanction_id, Appeal.decided_by).where(*here)
    return dict(db.session.execute(accepted).all()) if ids else {}


def why_not_settle(entry, sanction, by):
    if sanction.is_lifted != (entry.action == LIFT):
        return NO_LONGER
    if sanction.is_over:
        return "It has come to its end by itself."
    lifted_by = entry.action == LIFT and sanction.lifted_on_appeal_by
    if lifted_by and sanction.by_id == by.id and lifted_by != by.username:
        return "It was lifted on appeal, so who had imposed it leaves that to others."
    return by.why_not_sanction(sanction.user)


def lift(entry, sanction, by, reason):
    sanction.lift(by=by, reason=reason)


def reinstate(entry, sanction, by, reason):
    sanction.reinstate(by=by, reason=reason)


# Clean-ups


def find_clean_ups(entries):
    ids = {entry.subject_id for entry in entries} - {None}
    person = joinedload(CleanUp.user).joinedload(User.former_role)
    there = select(CleanUp).where(CleanUp.id.in_(ids)).options(person)
    rows = db.session.scalars(there, execution_options={"populate_existing": True})
    rows = {row.id: row for row in rows}
    return {entry.id: rows.get(entry.subject_id) for entry in entries}


def why_not_undo_clean_up(entry, clean_up, by):
    if clean_up.undo_asked_at is not None:
        return NO_LONGER
    return by.why_not_act_on(clean_up.user)


def undo_clean_up(entry, clean_up, by, reason):
    clean_up.undo(by=by, reason=reason)

"""Carries out a plan in the running transaction: all of it or none."""

import hashlib
from operator import attrgetter

from sqlalchemy import insert, select

from ..email import send_account_made, send_address_assigned, send_email_changed, send_role_changed
from ..extensions import db
from ..models import AuditEntry, Role, User
from ..models.audit.actions import Action
from ..models.errors import Refused
from ..models.fields import utcnow
from ..models.users.lookup import search_columns
from ..text.names import username_key
from .cells import NAMES
from .known import in_chunks
from .plan import CHANGES, NEW

NOT_ANY_MORE = "You can no longer import people."
ROLE_GONE = "A role no longer exists, or now allows more than yours."
PERSON_GONE = "An account that the file would change no longer exists."


def carry_out(plan, *, by, filename, text, mail=False):
    """Create and change the people of a plan. Refused or IntegrityError if others were faster.

    With `mail`, each new person is sent a link by which to choose a password. People are changed
    in the order of their ids, after `one_at_a_time`: so nobody waits in a circle.
    """
    User.one_at_a_time()
    roles = _roles_to_give(plan, by)
    reason = "Import."
    for line in sorted(plan.lines(CHANGES), key=attrgetter("person_id")):
        _change(line, roles, by, reason)
    for chunk in in_chunks(plan.lines(NEW)):
        _add(chunk, roles, by, reason, mail)
    counts = plan.counts
    after = {name: counts[name] for name in (NEW, CHANGES)}
    after |= {"left out": counts["error"], "sha256": hashlib.sha256(text.encode()).hexdigest()}
    AuditEntry.record(Action.IMPORT_PEOPLE, filename, by=by, after=after)


def _roles_to_give(plan, by):
    """Check again what the importer is allowed to do, now that nobody else can change it."""
    here = db.session.get(User, by.id, populate_existing=True)
    fresh = select(Role).execution_options(populate_existing=True)
    roles = {role.name: role for role in db.session.scalars(fresh)}
    given = {line.values["role"] for line in plan.lines(NEW)}
    if here is None or not here.is_active or not here.is_administrator():
        raise Refused(NOT_ANY_MORE)
    if not all(name in roles and here.may_grant(roles[name]) for name in given):
        raise Refused(ROLE_GONE)
    return roles


def _add(lines, roles, by, reason, mail):
    """Insert new people, without passwords."""
    db.session.execute(insert(User), [_row(line, roles) for line in lines])
    special = [line for line in lines if not roles[line.values["role"]].default]
    for person in _people(special):
        AuditEntry.record(Action.CREATE, person, by=by, reason=reason, after=person.role.name)
    for person in _people(line for line in lines if mail and line.values["active"]):
        send_account_made(person)
    db.session.flush()


def _row(line, roles):
    values, now = line.values, utcnow()
    names = {name: values[name] for name in NAMES}
    return {
        **names,
        **search_columns(line.username, line.email, names["first_name"], names["last_name"]),
        "email": line.email,
        "username": line.username,
        "username_key": username_key(line.username),
        "sign_up_mode": "imported",
        "role_id": roles[values["role"]].id,
        "member_since": now,
        "confirmed_at": now if values["confirmed"] else None,
        "deactivated_at": None if values["active"] else now,
    }


def _people(lines):
    emails = [line.email for line in lines]
    there = select(User).where(User.email.in_(emails)).order_by(User.id)
    return db.session.scalars(there).all() if emails else []


def _change(line, roles, by, reason):
    """Change one person by the same verbs as pages use, which hold the rules and write the log."""
    person = db.session.get(User, line.person_id)
    if person is None:
        raise Refused(PERSON_GONE)
    to = {name: pair[1] for name, pair in line.values.items()}
    names = {name: to[name] for name in (*NAMES, "username") if name in to}
    if names:
        person.edit(by=by, reason=reason, **names)
    if "role" in to:
        before = person.role_in_words
        person.change_role(_role_named(to["role"], roles), by=by, reason=reason)
        send_role_changed(person, before)
    if "email" in to:
        _move(person, to["email"], to.get("confirmed"), by, reason)
    elif "confirmed" in to:
        person.vouch_for_address(by=by, reason=reason)
    if "active" in to:
        verb = person.reactivate if to["active"] else person.deactivate
        verb(by=by, reason=reason)


def _move(person, address, confirmed, by, reason):
    """Change an email. Both emails are told; the new one must be confirmed unless vouched for."""
    old, was_proven = person.email, person.is_confirmed
    person.assign_address(address, by=by, reason=reason)
    if confirmed:
        person.vouch_for_address(by=by, reason=reason)
    else:
        send_address_assigned(person)
    if was_proven:
        send_email_changed(person, old, by_staff=True)


def _role_named(name, roles):
    if name not in roles:
        raise Refused(ROLE_GONE)
    return roles[name]

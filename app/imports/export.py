"""People as a CSV file, in the format that can be imported again."""

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import aliased

from ..extensions import db
from ..models import AuditEntry, Role, User
from ..models.audit.actions import Action
from ..models.fields import iso, utcnow
from .csv_format import BOM, COLUMNS, content

BATCH_SIZE = 1000
FORMER = aliased(Role)


def export_people(*, by):
    """Record the export in the audit log, and return the lines of the file.

    They are read as they leave, after the commit: a thousand at a time, however many there are,
    and no transaction stays open meanwhile.
    """
    AuditEntry.record(Action.EXPORT_PEOPLE, "people", by=by)
    return lines(current_app._get_current_object(), Role.get_default().name)


def lines(app, usual):
    """Yield the file in parts, each read in its own application context."""
    yield BOM + content([COLUMNS])
    last = 0
    while True:
        with app.app_context():
            rows = people_after(last)
        if not rows:
            return
        yield content(cells(row, usual) for row in rows)
        last = rows[-1].id


def people_after(id):
    columns = User.id, User.email, User.username, User.first_name, User.last_name, User.location
    columns += User.confirmed_at, User.deactivated_at, User.member_since, User.last_seen
    columns += User.role_until, Role.name.label("role"), FORMER.name.label("former_role")
    people = select(*columns).outerjoin(Role, User.role_id == Role.id)
    people = people.outerjoin(FORMER, User.former_role_id == FORMER.id).where(User.id > id)
    return db.session.execute(people.order_by(User.id).limit(BATCH_SIZE)).all()


def cells(row, usual):
    """Return the cells of one person. A temporary role that is over counts no more."""
    is_over = row.role_until is not None and row.role_until <= utcnow()
    role = row.former_role or usual if is_over else row.role
    switches = row.confirmed_at is not None, row.deactivated_at is None
    moments = row.member_since, row.last_seen
    return [
        *(row.email, row.username, row.first_name, row.last_name, row.location, role or ""),
        *("yes" if switch else "no" for switch in switches),
        *(iso(moment) if moment else "" for moment in moments),
    ]

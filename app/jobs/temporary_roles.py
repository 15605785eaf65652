"""Temporary roles: ending them, with the holder's next request or in the mail worker."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from ..email import send_role_ended, send_role_ending, send_role_kept
from ..extensions import db
from ..models import User
from ..models.audit.actions import Action

BATCH_SIZE = 200  # people in one round; the next round is a minute away
MAILS = {Action.END_ROLE: send_role_ended, Action.KEEP_ROLE: send_role_kept}
log = logging.getLogger("offbrand.terms")


def settle(person: User) -> None:
    """End a role that has expired, with an audit entry and a mail. Commits.

    An error of the database is only logged: the role no longer counts, and is ended later.
    """
    try:
        over = person.role
        if outcome := person.end_role():
            MAILS[outcome](person, over)
        db.session.commit()
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("A role could not be ended: %s", error.__class__.__name__)


def remind(person: User) -> None:
    """Mail a person, once, that their role ends soon. Commits."""
    if person.claim_notice():
        send_role_ending(person)
    db.session.commit()


def sweep() -> None:
    """End the roles that have expired, and send reminders for those that end soon."""
    rounds = (User.with_role_due(), settle), (User.with_role_ending(), remind)
    for ids, act in rounds:
        for id in db.session.scalars(ids.limit(BATCH_SIZE)).all():
            if person := db.session.get(User, id, populate_existing=True):
                act(person)

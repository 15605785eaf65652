"""Roles for a time, as they end: settled when their holder comes by, or else by the mail worker."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from ..email import send_role_ended, send_role_ending, send_role_kept
from ..extensions import db
from ..models import User
from ..models.audit.actions import Action

AT_ONCE = 200  # people in one round; the next round is a minute away
MAILS = {Action.END_ROLE: send_role_ended, Action.KEEP_ROLE: send_role_kept}
log = logging.getLogger("offbrand.terms")


def settle(person: User) -> None:
    """Let a role that is over go, with its entry in the log and its mail. Commits.

    Where the database takes no writing, the next who comes by does it: the role counts no more.
    """
    try:
        over = person.role
        if outcome := person.end_role():
            MAILS[outcome](person, over)
        db.session.commit()
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("A role could not be ended: %s", error.__class__.__name__)


def call_to_mind(person: User) -> None:
    """Tell a person, once, that their role is about to end. Commits."""
    if person.claim_notice():
        send_role_ending(person)
    db.session.commit()


def sweep() -> None:
    """End the roles that are over, and call to mind those that are about to be."""
    rounds = (User.with_role_due(), settle), (User.with_role_ending(), call_to_mind)
    for ids, act in rounds:
        for id in db.session.scalars(ids.limit(AT_ONCE)).all():
            if person := db.session.get(User, id, populate_existing=True):
                act(person)

"""Staff notices: mails to staff about queues in which something has waited for too long."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from ..email import send_staff_notice
from ..extensions import db
from ..models import User
from ..models.moderation.overdue import Overdue, claim, staff_to_tell
from ..models.site.setting import current_settings

BATCH_SIZE = 200  # people in one round; the next round is a minute away
log = logging.getLogger("offbrand.notices")


def tell_staff() -> None:
    """Mail each staff member, at most once a day, about overdue queues. Commits."""
    hours = current_settings().notice_hours
    waits = hours and Overdue.all(hours)
    people = db.session.scalars(staff_to_tell().limit(BATCH_SIZE)).all() if waits else []
    for id in people:
        try:
            tell(id, hours)
        except SQLAlchemyError as error:
            db.session.rollback()
            log.warning("Staff could not be told: %s", error.__class__.__name__)
    db.session.commit()


def tell(id: int, hours: int) -> None:
    """Write the mail and the note about it in one transaction, so that there is only one mail."""
    person = db.session.get(User, id, populate_existing=True)
    if person is None or not person.is_reached_by_mail or person.awaits_approval:
        return
    theirs = [queue for queue in Overdue.all(hours, person) if queue.concerns(person)]
    if theirs and claim(id):
        send_staff_notice(person, theirs)
    db.session.commit()

"""Mails about sanctions."""

from ..security import site_link
from .mail import send_email

SAYS = {
    "notice": "A word from the moderators",
    "warning": "You are warned",
    "silence": "You are silenced",
    "suspension": "You are suspended",
    "ban": "You are banned",
}


def send_sanctioned(sanction):
    """Tell a member what was imposed on them, why and until when."""
    person = sanction.user
    if person.is_confirmed and person.is_active:
        subject, link = SAYS[sanction.kind], site_link("auth.login")
        values = dict(sanction=sanction, title=subject, link=link)
        send_email(person.email, subject, "sanctioned", user=person, by_staff=True, **values)

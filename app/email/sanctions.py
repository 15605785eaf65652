"""Mails about sanctions and appeals."""

from typing import Any

from ..models.moderation.appeal import Appeal, AppealMessage
from ..models.moderation.sanction import BAN, NOTICE, SILENCE, SUSPENSION, WARNING, Sanction
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email

SUBJECTS = {
    NOTICE: "A notice from the moderators",
    WARNING: "You received a warning",
    SILENCE: "You are silenced",
    SUSPENSION: "Your account is suspended",
    BAN: "Your account is banned",
}


def send_sanctioned(sanction: Sanction) -> None:
    """Tell a user of a sanction, with its reason and end, and where to appeal."""
    title = SUBJECTS[sanction.kind]
    values = dict(sanction=sanction, title=title, link=site_link("account.standing"))
    _send(sanction.user, title, "sanctioned", **values)


def send_sanction_lifted(sanction: Sanction, reason: str) -> None:
    """Tell a user that a sanction was lifted, by `sanction.lifted_by`."""
    values = dict(sanction=sanction, words=reason, link=site_link("account.standing"))
    _send(sanction.user, f"Your {sanction.kind} was lifted", "sanction_lifted", **values)


def send_appeal_answered(message: AppealMessage) -> None:
    """Tell a user of a new message in their appeal, which is only shown on the site."""
    link = site_link("account.appeal", id=message.appeal_id)
    values = dict(message=message, link=link)
    _send(message.appeal.user, "New reply to your appeal", "appeal_answered", **values)


def send_appeal_decided(appeal: Appeal) -> None:
    values = dict(appeal=appeal, link=site_link("account.appeal", id=appeal.id))
    _send(appeal.user, "Decision on your appeal", "appeal_decided", **values)


def _send(user: User, subject: str, template: str, **values: Any) -> None:
    """Send the mail only to a confirmed address, as it tells what the user did."""
    if user.is_confirmed:
        send_email(user.email, subject, template, user=user, by_staff=True, **values)

"""Mails to staff about overdue queues."""

from collections.abc import Sequence
from typing import Any

from humanize import naturaldelta

from ..models.fields import utcnow
from ..models.moderation.overdue import Overdue
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email

PLACES = {
    "report": "moderation.queue",
    "appeal": "moderation.appeals",
    "held post": "moderation.held",
    "held comment": "moderation.held",
    "newcomer": "admin.requests",
    "role request": "admin.requests",
}


def send_staff_notice(user: User, overdue: Sequence[Overdue]) -> None:
    """List the overdue queues, with the number and age of their items, and a link."""
    now = utcnow()
    waits = [
        (queue, naturaldelta(now - queue.since), site_link(PLACES[queue.noun])) for queue in overdue
    ]
    values: dict[str, Any] = dict(waits=waits, number=sum(queue.number for queue in overdue))
    send_email(user.email, "Pending items need your attention", "staff_notice", user=user, **values)

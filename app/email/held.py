"""The mail about a post or comment that was not approved."""

from typing import Any

from ..models.content.authored import Authored
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email


def send_text_declined(content: Authored, by: User, words: str) -> None:
    """Tell the author, if there still is one, that it stays hidden, and why."""
    if content.author is None or not content.author.is_reached_by_mail:
        return
    link = site_link(f"main.{content.noun}", id=content.id)
    values: dict[str, Any] = dict(by=by, words=words, noun=content.noun, link=link)
    subject = f"Your {content.noun} was not approved"
    send_email(content.author.email, subject, "text_declined", user=content.author, **values)

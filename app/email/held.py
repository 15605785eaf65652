"""The mail about a text that waited for approval."""

from typing import Any

from ..web.requests import site_link
from .mail import send_email


def send_text_declined(content: Any, by: Any, words: Any) -> Any:
    """Tell its author, unless they are gone, that nobody else will read it, and why."""
    if content.author is None or not content.author.is_reached_by_mail:
        return
    link = site_link(f"main.{content.noun}", id=content.id)
    values = dict(by=by, words=words, noun=content.noun, link=link)
    subject = f"Your {content.noun} was not approved"
    send_email(content.author.email, subject, "text_declined", user=content.author, **values)

"""The mail about a text that waited for approval."""

from ..web.requests import site_link
from .mail import send_email


def send_text_declined(written, by, words):
    """Tell its author, unless they are gone, that nobody else will read it, and why."""
    if written.author is None or not written.author.is_reached_by_mail:
        return
    link = site_link(f"main.{written.noun}", id=written.id)
    values = dict(by=by, words=words, noun=written.noun, link=link)
    subject = f"Your {written.noun} was not approved"
    send_email(written.author.email, subject, "text_declined", user=written.author, **values)

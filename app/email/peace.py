"""Mails about what moderators did to a text."""

from ..security import site_link
from .mail import send_email


def send_hidden(thing, reason):
    """Tell the author that a post or comment is hidden, and why; they still see it."""
    author = thing.author
    if author is None or not (author.is_confirmed and author.is_active):
        return
    link = site_link(f"main.{thing.noun}", id=thing.id)
    subject = f"Your {thing.noun} is hidden"
    values = dict(thing=thing, words=reason, link=link)
    send_email(author.email, subject, "text_hidden", user=author, by_staff=True, **values)

"""Mails to the author of a text about what moderators did with it, each with their reason."""

from ..models.fields import full
from ..web.requests import site_link
from .mail import send_email


def send_text_hidden(content, *, by, reason):
    """With the way to appeal."""
    link = site_link("account.standing")
    _send(content, "Your {} was hidden", "text_hidden", by, reason, link=link)


def send_text_restored(content, *, by, reason):
    _send(content, "Your {} was restored", "text_restored", by, reason)


def send_text_edited(content, *, by, reason):
    _send(content, "Your {} was edited", "text_edited", by, reason)


def send_text_removed(content, *, by, reason):
    _send(content, "Your {} was removed", "text_removed", by, reason, link=None)


def send_comments_closed(content, *, by, reason):
    _send(content, "Comments on your {} were closed", "comments_closed", by, reason)


def send_cleaned_up(clean_up, *, by):
    """Tell a member that what they wrote since a moment is hidden, all at once."""
    link = site_link("account.standing")
    values = dict(since=full(clean_up.since), words=clean_up.reason, by=by, link=link)
    _to(clean_up.user, "Your posts and comments were hidden", "cleaned_up", values)


def send_clean_up_undone(clean_up, *, by, reason):
    link = site_link("main.user", username=clean_up.user.username)
    values = dict(since=full(clean_up.since), words=reason, by=by, link=link)
    _to(clean_up.user, "Your posts and comments were restored", "clean_up_undone", values)


def _send(content, subject, template, by, reason, **values):
    noun, title = content.noun, subject.format(content.noun)
    about = dict(noun=noun, title=title, written_on=full(content.created_at), words=reason, by=by)
    about["link"] = site_link(f"main.{noun}", id=content.id)
    _to(content.author, title, template, about | values)


def _to(user, subject, template, values):
    send_email(user.email, subject, template, user=user, by_staff=True, **values)

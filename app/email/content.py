"""Emails to the author of a post or comment about what moderators did with it, and why."""

from typing import Any

from ..models.audit.actions import Action
from ..models.content.authored import Authored
from ..models.moderation.clean_up import CleanUp
from ..models.users.user import User
from ..text.dates import date_time
from ..web.requests import site_link
from .mail import send_email

MAILS = {  # the template, and the subject with the noun of the content
    Action.HIDE: ("text_hidden", "Your {} was hidden"),
    Action.RESTORE: ("text_restored", "Your {} was restored"),
    Action.EDIT_CONTENT: ("text_edited", "Your {} was edited"),
    Action.REMOVE_CONTENT: ("text_removed", "Your {} was removed"),
    Action.CLOSE_COMMENTS: ("comments_closed", "Comments on your {} were closed"),
}


def send_content_mail(action: Action, content: Authored, *, by: User | None, reason: str) -> None:
    """Tell the author, if they can be reached by mail, and there is a mail about the action."""
    if action not in MAILS or content.author is None or not content.author.is_reached_by_mail:
        return
    template, subject = MAILS[action]
    noun, title = content.noun, subject.format(content.noun)
    link: str | None = site_link(f"main.{noun}", id=content.id)
    if action == Action.HIDE:
        link = site_link("account.standing")  # where they can appeal
    elif action == Action.REMOVE_CONTENT:
        link = None
    about = dict(noun=noun, title=title, written_on=date_time(content.created_at), link=link)
    _to(content.author, title, template, dict(about, words=reason, by=by))


def send_cleaned_up(clean_up: CleanUp, *, by: User | None) -> None:
    """Tell a member that all they wrote since a moment is hidden."""
    link = site_link("account.standing")
    values = dict(since=date_time(clean_up.since), words=clean_up.reason, by=by, link=link)
    _to(clean_up.user, "Your posts and comments were hidden", "cleaned_up", values)


def send_clean_up_undone(clean_up: CleanUp, *, by: User | None, reason: str) -> None:
    link = site_link("main.user", username=clean_up.user.username)
    values = dict(since=date_time(clean_up.since), words=reason, by=by, link=link)
    _to(clean_up.user, "Your posts and comments were restored", "clean_up_undone", values)


def _to(user: User, subject: str, template: str, values: dict[str, Any]) -> None:
    send_email(user.email, subject, template, user=user, by_staff=True, **values)

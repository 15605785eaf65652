"""Mails about notifications."""

from collections.abc import Sequence
from typing import Any

from ..models.audit.actions import Action
from ..models.mail.outbox import OutboxMail
from ..models.moderation.notification_cards import NotificationCard
from ..models.notifications.preference import ANSWER, APPROVED, FOLLOWER, MENTION, RULING, THREAD
from ..models.users.user import User
from ..web.requests import site_link
from .mail import write_email

SAYS = {
    MENTION: "{actor} mentioned you",
    ANSWER: "{actor} commented on your post",
    THREAD: "{actor} commented in a thread you watch",
    FOLLOWER: "{actor} followed you",
    RULING: "{actor} reviewed your report",
    APPROVED: "{actor} approved your {thing}",
}


def says(card: NotificationCard) -> str:
    """Return a notification in one sentence."""
    sentence = SAYS.get(card.kind) or f"{{actor}} {Action(card.action).facts.told}"
    actor = card.actor.username if card.actor else "A moderator"
    return sentence.format(actor=actor, thing=card.about)


def send_news(
    mail: OutboxMail, user: User, cards: Sequence[NotificationCard], number: int, kinds: list[str]
) -> None:
    """Write a mail about `number` notifications, of which `cards` are the newest.

    Its unsubscribe link turns off mails of these kinds.
    """
    stop = site_link("account.unsubscribe", token=user.generate_unsubscribe_token(kinds))
    subject, template = f"{number:,} notifications", "digest"
    link, card = site_link("account.notifications"), cards[0]
    if len(cards) == 1:
        subject, template = says(card), "notification"
        link = link_to(card)
    values: dict[str, Any] = dict(
        card=card, cards=cards, number=number, says=says, link=link, link_to=link_to
    )
    values |= dict(stop=stop, choices=site_link("account.notification_settings"))
    columns = write_email(user.email, subject, template, user=user, **values)
    for name, value in columns.items():
        setattr(mail, name, value)
    mail.unsubscribe_url = stop
    mail.thread = thread_of(cards)


def thread_of(cards: Sequence[NotificationCard]) -> str | None:
    """Return the thread for the mail if all of them are about one post, else None."""
    posts = {card.post_id for card in cards}
    return f"post-{posts.pop()}" if len(posts) == 1 and None not in posts else None


def link_to(card: NotificationCard) -> str:
    """Return the URL of what a notification is about."""
    if card.kind == RULING:
        return site_link("main.reports")
    if card.comment_id:
        return site_link("main.comment", id=card.comment_id)
    if card.post_id:
        return site_link("main.post", id=card.post_id)
    if card.actor:
        return site_link("main.user", username=card.actor.username)
    return site_link("account.notifications")

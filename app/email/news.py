"""Mails about notifications."""

from ..models.notification_choice import ANSWER, FOLLOWER, MENTION, RULING, THREAD
from ..security import site_link
from .mail import write_email

SAYS = {
    MENTION: "{} mentioned you",
    ANSWER: "{} answered your post",
    THREAD: "{} answered in a thread that you watch",
    FOLLOWER: "{} follows you now",
    RULING: "{} looked at what you reported",
}


def send_news(mail, user, cards, number, kinds):
    """Let a mail tell what happened: so many things, of which these cards are the newest.

    One click then stops all mails of these kinds.
    """
    stop = site_link("main.unsubscribe", token=user.generate_unsubscribe_token(kinds))
    subject, template = f"{number:,} notifications", "digest"
    link, card = site_link("main.notifications"), cards[0]
    if len(cards) == 1:
        subject, template = SAYS[card.kind].format(card.actor.username), "notification"
        link = link_to(card)
    values = dict(card=card, cards=cards, number=number, says=SAYS, link=link, link_to=link_to)
    values |= dict(stop=stop, choices=site_link("main.notification_settings"))
    columns = write_email(user.email, subject, template, user=user, **values)
    for name, value in columns.items():
        setattr(mail, name, value)
    mail.unsubscribe_url = stop


def link_to(card):
    """Return a link to what a notification is about."""
    if card.kind == RULING:
        return site_link("main.reports")
    if card.post_id is None:
        return site_link("main.user", username=card.actor.username)
    if card.comment_id is None:
        return site_link("main.post", id=card.post_id)
    return site_link("main.comment", id=card.comment_id)

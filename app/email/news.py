"""Mails about notifications."""

from ..models.notifications.preference import ANSWER, APPROVED, FOLLOWER, MENTION, RULING, THREAD
from ..web.requests import site_link
from .mail import write_email

SAYS = {
    MENTION: "{} mentioned you",
    ANSWER: "{} commented on your post",
    THREAD: "{} commented in a thread you watch",
    FOLLOWER: "{} followed you",
    RULING: "{} reviewed your report",
    APPROVED: "{} approved your {}",
}
SAYS_OF_ACTS = {  # of staff, by their names in the log
    "hide": "{} hid your {}",
    "restore": "{} restored your {}",
    "edit text": "{} edited your {}",
    "remove text": "{} removed your {}",
    "decline text": "{} didn’t approve your {}",
    "close comments": "{} closed comments on your {}",
    "open comments": "{} reopened comments on your {}",
    "give notice": "{} sent you a notice",
    "warn": "{} warned you",
    "silence": "{} silenced you",
    "suspend": "{} suspended your account",
    "ban": "{} banned your account",
    "lift sanction": "{} lifted a sanction against you",
    "reinstate sanction": "{} reinstated a sanction against you",
    "edit": "{} edited your profile",
    "clean up": "{} hid your posts and comments",
    "undo clean up": "{} restored your posts and comments",
    "answer appeal": "{} replied to your appeal",
    "accept appeal": "{} accepted your appeal",
    "decline appeal": "{} declined your appeal",
}


def says(card):
    """What a notification is about, in one sentence."""
    words = SAYS.get(card.kind) or SAYS_OF_ACTS[card.act]
    return words.format(card.actor.username if card.actor else "A moderator", card.about)


def send_news(mail, user, cards, number, kinds):
    """Let a mail tell what happened: so many things, of which these cards are the newest.

    One click then stops all mails of these kinds.
    """
    stop = site_link("account.unsubscribe", token=user.generate_unsubscribe_token(kinds))
    subject, template = f"{number:,} notifications", "digest"
    link, card = site_link("account.notifications"), cards[0]
    if len(cards) == 1:
        subject, template = says(card), "notification"
        link = link_to(card)
    values = dict(card=card, cards=cards, number=number, says=says, link=link, link_to=link_to)
    values |= dict(stop=stop, choices=site_link("account.notification_settings"))
    columns = write_email(user.email, subject, template, user=user, **values)
    for name, value in columns.items():
        setattr(mail, name, value)
    mail.unsubscribe_url = stop
    mail.thread = thread_of(cards)


def thread_of(cards):
    """Return the post that all of them are about, as mails refer to it; None where they differ."""
    posts = {card.post_id for card in cards}
    return f"post-{posts.pop()}" if len(posts) == 1 and None not in posts else None


def link_to(card):
    """Return a link to what a notification is about."""
    if card.kind == RULING:
        return site_link("main.reports")
    if card.comment_id:
        return site_link("main.comment", id=card.comment_id)
    if card.post_id:
        return site_link("main.post", id=card.post_id)
    return site_link("main.user", username=card.actor.username)

"""Digests: the notifications that are due to a person become one mail, or none.

The mail is written in the transaction that marks them as mailed, so a worker that is killed loses
nothing, and no two workers write the same mail. Whether the person may and wants to be notified is
checked then, and again just before the mail is sent, as the mail server may have been away.
"""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from ..email import send_news
from ..extensions import db
from ..models import Notification, NotificationChoice, OutboxMail, User
from ..models.fields import utcnow
from ..models.mail.outbox import NEWS
from ..models.moderation.notification_cards import NotificationCard, cards_to_mail
from ..models.notifications.preference import DAILY, PROMPT, USUAL

BATCH_SIZE = 50  # people in one round; other mail is sent between rounds
MOST_LISTED = 50  # in one mail
PAUSE = timedelta(minutes=15)  # after an error
log = logging.getLogger("offbrand.digests")


def write_due() -> bool:
    """Write the mails that are due to up to BATCH_SIZE people; return whether more may be due."""
    people = Notification.people_due(BATCH_SIZE)
    for id in people:
        try:
            write_to(id)
        except Exception:  # one mail that fails must not block the others
            db.session.rollback()
            log.exception("The notifications of user %s could not be mailed", id)
            Notification.postpone(id, utcnow() + PAUSE)
        db.session.commit()
    return len(people) == BATCH_SIZE


def write_to(id: int) -> None:
    """Write the mail of one person, unless another worker is doing it."""
    person = db.session.get(User, id)
    if person is None or not Notification.hold(id):
        return
    if until := OutboxMail.no_news_until(id):
        Notification.postpone(id, until, but=PROMPT)
    mail = OutboxMail.about_news(person)
    Notification.claim(id, mail)
    if not bring_up_to_date(mail):
        db.session.delete(mail)


def bring_up_to_date(mail: OutboxMail) -> bool:
    """Write a mail about notifications again, as of now; return False if it has none any more.

    Other mails stay as they are.
    """
    if mail.kind not in NEWS:
        return True
    person = mail.user_id and db.session.get(User, mail.user_id, populate_existing=True)
    if not person or not person.is_reached_by_mail:
        return False
    if person.awaits_approval or person.is_suspended:
        return False
    news = cards_to_mail(person, mail)
    newest = news.order_by(Notification.id.desc()).limit(MOST_LISTED)
    cards = [NotificationCard.of(row) for row in db.session.execute(newest)]
    if cards:
        number = len(cards) if len(cards) < MOST_LISTED else count(news)
        send_news(mail, person, cards[::-1], number, kinds_to_stop(person, cards))
    return bool(cards)


def count(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def kinds_to_stop(person: User, cards: list[NotificationCard]) -> list[str]:
    """Return the kinds of notifications that the unsubscribe link of this mail turns off."""
    choices, kinds = NotificationChoice.of(person), {card.kind for card in cards}
    if any(choices[kind].mail == DAILY for kind in kinds):
        kinds |= {kind for kind in USUAL if choices[kind].mail == DAILY}
    return [kind for kind in USUAL if kind in kinds]

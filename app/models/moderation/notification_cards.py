"""Notification cards: notifications with their actor and content, for lists and emails."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import Row, Select, and_, exists, func, or_, select

from ...text.search_words import plain_start
from ..audit.entry import AuditEntry
from ..content.comment import Comment
from ..content.post import Post
from ..mail.outbox import OutboxMail
from ..notifications.notification import Notification
from ..notifications.preference import ACT, BY_STAFF, FOLLOWER, NEVER, RULING, NotificationChoice
from ..reading.cards import AUTHOR, WHO, Author
from ..roles.role import Role
from ..users.follow import Follow
from ..users.mute import Mute
from ..users.user import User
from .case import Case

LONGEST = 280  # characters of what was written
ENOUGH = 16_000  # characters of HTML to make them of: there may be a long quotation before them
QUOTE = re.compile(r"(</?blockquote>)")


@dataclass(slots=True)
class NotificationCard:
    actor: Author | None  # None: an operator, or a member of staff who is gone
    id: int
    kind: str
    created_at: datetime
    read_at: datetime | None
    post_id: int | None
    comment_id: int | None
    html: str | None  # how what was written begins
    outcome: str | None  # of what the person reported
    ruling: str | None
    action: str | None  # of staff, see Action
    about: str | None  # on what: post, comment, user or appeal
    about_id: int | None
    reason: str | None

    @classmethod
    def of(cls, row: Row) -> Self:
        actor = Author(*row[:AUTHOR]) if row[0] is not None else None
        return cls(actor, *row[AUTHOR:])

    @property
    def is_unread(self) -> bool:
        return self.read_at is None

    @property
    def excerpt(self) -> str | None:
        """What was written, in plain words on one line; without what it quotes, if it has more.

        Of a ruling, what came of the report and why; nothing of what was reported. Of another act
        of staff, its reason.
        """
        if self.action:
            return self.reason
        if self.kind == RULING:
            return f"{self.outcome.capitalize()}: {self.ruling}" if self.outcome else ""
        html = self.html or ""
        words = plain_start(_without_quotes(html)) or plain_start(html)
        if len(words) <= LONGEST and len(html) < ENOUGH:
            return words
        return f"{words[:LONGEST].rstrip()} …".lstrip()


def notification_cards(user: User) -> Select:
    """Select what a card takes, without an order: nothing hidden, nobody gone or muted.

    Of what staff did to one's own, all.
    """
    html = func.substr(func.coalesce(Comment.body_html, Post.body_html), 1, ENOUGH)
    row = Notification
    own = row.id, row.kind, row.created_at, row.read_at, row.post_id, row.comment_id
    ruled = Case.outcome, Case.ruling
    entry = AuditEntry
    done = entry.action, entry.target_type, entry.target_id, entry.reason
    cards = select(*WHO, *own, html.label("html"), *ruled, *done).select_from(row)
    cards = cards.where(row.user_id == user.id, row.withdrawn_at.is_(None))
    cards = cards.outerjoin(User, User.id == row.actor_id)
    cards = cards.where(or_(row.kind == ACT, and_(*User.seen_by_all())))
    cards = cards.outerjoin(Role, Role.id == User.role_id)
    cards = cards.outerjoin(Post, Post.id == row.post_id)
    cards = cards.outerjoin(Comment, Comment.id == row.comment_id)
    cards = cards.outerjoin(Case, Case.id == row.case_id)
    cards = cards.outerjoin(entry, entry.id == row.entry_id)
    cards = cards.where(or_(row.post_id.is_(None), row.kind == ACT, and_(*Post.shown())))
    cards = cards.where(or_(row.comment_id.is_(None), row.kind == ACT, and_(*Comment.shown())))
    muted = Mute.user_id == user.id, Mute.muted_id == row.actor_id
    return cards.where(or_(row.kind.in_(BY_STAFF), ~exists().where(*muted)))


def cards_to_mail(user: User, mail: OutboxMail) -> Select:
    """The same of what a mail tells of, as far as the person still wants one about it.

    What they have read in the site by now is no news, nor is who does not follow them any longer.
    """
    row, choice = Notification, NotificationChoice
    never = choice.user_id == user.id, choice.kind == row.kind, choice.mail == NEVER
    follows = Follow.follower_id == row.actor_id, Follow.followed_id == user.id
    cards = notification_cards(user).where(row.mail_id == mail.id, ~exists().where(*never))
    cards = cards.where(or_(row.read_at.is_(None), ~row.in_site))
    return cards.where(or_(row.kind != FOLLOWER, exists().where(*follows)))


def _without_quotes(html: str) -> str:
    """Leave out what is quoted, also what quotes contain, and one that does not end here."""
    depth, own = 0, []
    for part in QUOTE.split(html):
        depth += {"<blockquote>": 1, "</blockquote>": -1}.get(part, 0)
        own += [part] if depth == 0 else []
    return " ".join(own)

"""The outbox: mails are rows, written in the transaction of their cause and sent after it."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self, cast

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import CreatedAt, Id, Moment, partial_index, utcnow
from ..lease import lease_next
from ..users.user import User
from .administration import OutboxAdministration

TRIES = 10
FIRST_PAUSE, LONGEST_PAUSE = 5, 6 * 3600  # seconds; each pause is four times the one before
UNREACHABLE_PAUSE = 15  # seconds until a server that could not be reached is tried again
LEASE = timedelta(seconds=60)
JUST_NOW = timedelta(seconds=10)
RETENTION = timedelta(days=30)
NEWS = ("notification", "digest")  # the kinds of mails about notifications
MOST_NEWS, AN_HOUR = 5, timedelta(hours=1)  # to one person
REHEARSAL = "rehearsal"  # a row that was written only to take as long as a mail
WAITING = "sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL"
DEAD = "dead_at IS NOT NULL AND dropped_at IS NULL AND sent_at IS NULL"


class OutboxMail(OutboxAdministration, Model):
    """Waiting, sent, dead, rejected or dropped. A worker leases a row, for a while, to send it."""

    __tablename__ = "outbox"
    __table_args__ = (
        partial_index("ix_outbox_due", WAITING, "next_at"),
        partial_index("ix_outbox_waiting", WAITING),
        partial_index("ix_outbox_sent", "sent_at IS NOT NULL"),
        partial_index("ix_outbox_dead", DEAD),
        partial_index("ix_outbox_dropped", "dropped_at IS NOT NULL AND sent_at IS NULL"),
        Index("ix_outbox_recipient", "recipient", "id"),
        Index("ix_outbox_user", "user_id", "id"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    unsubscribe_url: Mapped[str | None] = mapped_column(String(500))  # by one click, RFC 8058
    message_id: Mapped[str] = mapped_column(
        String(100), default=lambda: uuid.uuid4().hex, unique=True
    )
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[Moment] = mapped_column(default=utcnow)
    leased_until: Mapped[Moment | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[Moment | None]
    dead_at: Mapped[Moment | None]  # when it was given up
    rejected_at: Mapped[Moment | None]  # when the server said that the address takes no mail
    dropped_at: Mapped[Moment | None]  # when an administrator decided that it never leaves

    # What it belongs to, such as post-7; known once it is about to leave
    thread = cast(str | None, None)

    @classmethod
    def _is_waiting(cls) -> tuple[ColumnElement[bool], ...]:
        return cls.sent_at.is_(None), cls.dead_at.is_(None), cls.dropped_at.is_(None)

    @classmethod
    def waiting(cls) -> Select:
        return select(cls).where(*cls._is_waiting())

    @classmethod
    def sent(cls) -> Select:
        return select(cls).where(cls.sent_at.is_not(None), cls.kind != REHEARSAL)

    @classmethod
    def dead(cls) -> Select:
        return select(cls).where(*cls._is_lost(), cls.rejected_at.is_(None))

    @classmethod
    def rejected(cls) -> Select:
        return select(cls).where(*cls._is_lost(), cls.rejected_at.is_not(None))

    @classmethod
    def _is_lost(cls) -> tuple[ColumnElement[bool], ...]:
        return cls.dead_at.is_not(None), cls.dropped_at.is_(None), cls.sent_at.is_(None)

    @classmethod
    def dropped(cls) -> Select:
        return select(cls).where(cls.dropped_at.is_not(None), cls.sent_at.is_(None))

    @classmethod
    def every(cls) -> Select:
        return select(cls).where(cls.kind != REHEARSAL)

    @classmethod
    def newest(cls) -> Select:
        newest = cls.created_at.desc(), cls.id.desc()
        return cls.every().order_by(*newest)

    @classmethod
    def just_written(cls, kind: Any, recipient: Any) -> Any:
        """Return a mail of that kind to the address from a moment ago; None if there is none."""
        here = cls.recipient == recipient, cls.kind == kind, cls.created_at > utcnow() - JUST_NOW
        return db.session.scalar(select(cls).where(*here).order_by(cls.id.desc()).limit(1))

    @classmethod
    def about_news(cls, user: User) -> Self:
        """Put an empty mail to a person into the outbox, for notifications to belong to."""
        blank = dict(subject="", text="", html="")
        mail = cls(user_id=user.id, kind=NEWS[0], recipient=user.email, **blank)
        db.session.add(mail)
        db.session.flush()
        return mail

    @classmethod
    def no_news_until(cls, user_id: int) -> datetime | None:
        """When a person may have another mail about notifications; None: at once."""
        recent = cls.user_id == user_id, cls.kind.in_(NEWS), cls.created_at > utcnow() - AN_HOUR
        newest = select(cls.created_at).where(*recent).order_by(cls.created_at.desc())
        first = db.session.scalar(newest.offset(MOST_NEWS - 1).limit(1))
        return first and first + AN_HOUR

    @classmethod
    def lease(cls) -> Self | None:
        """Lease the mail that is due longest, commit, and return it; None where nothing is due."""
        due = cls.waiting().where(cls.next_at <= utcnow()).order_by(cls.next_at, cls.id)
        return lease_next(cls, due, LEASE)

    @classmethod
    def purge(cls, keep: int | None = None) -> None:
        """Forget what was settled a month ago or, for the mailbox, all but the newest `keep`."""
        settled = [m.is_not(None) for m in (cls.sent_at, cls.dead_at, cls.dropped_at)]
        old = cls.created_at < utcnow() - RETENTION
        if keep:
            newest = cls.newest().with_only_columns(cls.id).limit(keep)
            old = cls.id.not_in(newest.subquery().select())
        db.session.execute(delete(cls).where(or_(*settled), or_(old, cls.kind == REHEARSAL)))

    @property
    def state(self) -> str:
        moments = {"sent": self.sent_at, "dropped": self.dropped_at}
        moments |= {"rejected": self.rejected_at, "dead": self.dead_at}
        return next((name for name, moment in moments.items() if moment), "waiting")

    def settle(self, *, keep_body: bool = False) -> None:
        """The server took it. Its body held live links, so it is blanked."""
        self.sent_at, self.leased_until, self.last_error = utcnow(), None, ""
        self.tries = (self.tries or 0) + 1
        if not keep_body:
            self.text, self.html, self.unsubscribe_url = "", "", None

    def refuse(self, error: str) -> None:
        """The server answered, but did not take it: try ten times in about 20 hours."""
        self.tries += 1
        pause = min(FIRST_PAUSE * 4 ** (self.tries - 1), LONGEST_PAUSE)
        self._postpone(pause, error)
        if self.tries >= TRIES:
            self.dead_at = utcnow()

    def reject(self, error: Any) -> None:
        """The server says that the address takes no mail: trying again would not help."""
        self.refuse(error)
        self.dead_at = self.rejected_at = utcnow()

    @classmethod
    def postpone_all(cls, error: Any) -> None:
        """The server could not be reached: all that is due waits. No mail is to blame for that."""
        later = utcnow() + timedelta(seconds=UNREACHABLE_PAUSE)
        due = update(cls).where(*cls._is_waiting(), cls.next_at < later)
        db.session.execute(due.values(next_at=later, leased_until=None, last_error=error[:500]))

    def _postpone(self, seconds: int, error: str) -> None:
        self.next_at, self.leased_until = utcnow() + timedelta(seconds=seconds), None
        self.last_error = str(error)[:500]

"""The outbox: a mail is a row in the transaction of its cause, and leaves after the commit."""

import uuid
from datetime import timedelta

from sqlalchemy import ForeignKey, Index, String, Text, delete, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from .fields import CreatedAt, Id, Moment, utcnow

TRIES = 10
FIRST_PAUSE, LONGEST_PAUSE = 5, 6 * 3600  # seconds; each pause is four times the one before
UNREACHABLE_PAUSE = 15  # seconds until a server that could not be reached is tried again
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
REHEARSAL = "rehearsal"  # a row that was written only to take as long as a mail


class OutboxMail(db.Model):
    """Waiting, sent or dead. A worker leases a row before it sends; leases run out."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "next_at",
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(
        String(100), default=lambda: uuid.uuid4().hex, unique=True
    )
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[Moment] = mapped_column(default=utcnow)
    leased_until: Mapped[Moment | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[Moment | None]
    dead_at: Mapped[Moment | None]

    @classmethod
    def waiting(cls):
        return select(cls).where(cls.sent_at.is_(None), cls.dead_at.is_(None))

    @classmethod
    def sent(cls):
        return select(cls).where(cls.sent_at.is_not(None), cls.kind != REHEARSAL)

    @classmethod
    def dead(cls):
        return select(cls).where(cls.dead_at.is_not(None))

    @classmethod
    def newest(cls):
        newest = cls.created_at.desc(), cls.id.desc()
        return select(cls).where(cls.kind != REHEARSAL).order_by(*newest)

    @classmethod
    def lease(cls):
        """Lease the mail that is due longest, commit, and return it; None where nothing is due.

        Workers do not wait for each other: one skips what another holds.
        """
        now = utcnow()
        free = or_(cls.leased_until.is_(None), cls.leased_until < now)
        due = (
            cls.waiting()
            .with_only_columns(cls.id)
            .where(cls.next_at <= now, free)
            .order_by(cls.next_at, cls.id)
            .limit(1)
        )
        if db.session.scalar(due) is None:
            return None  # without a write, which would take SQLite's lock
        due = due.with_for_update(skip_locked=True)
        leased = update(cls).where(cls.id == due.scalar_subquery(), free).returning(cls.id)
        id = db.session.scalar(leased.values(leased_until=now + LEASE))
        db.session.commit()
        return id and db.session.get(cls, id, populate_existing=True)

    @classmethod
    def purge(cls, keep=None):
        """Forget what was settled a month ago or, for the mailbox, all but the newest `keep`."""
        settled = or_(cls.sent_at.is_not(None), cls.dead_at.is_not(None))
        old = cls.created_at < utcnow() - KEPT
        if keep:
            newest = cls.newest().with_only_columns(cls.id).limit(keep)
            old = cls.id.not_in(newest.subquery().select())
        db.session.execute(delete(cls).where(settled, or_(old, cls.kind == REHEARSAL)))

    @property
    def state(self):
        return "sent" if self.sent_at else "dead" if self.dead_at else "waiting"

    def settle(self, *, keep_body=False):
        """The server took it. Its body held live links, so it is blanked."""
        self.sent_at, self.leased_until, self.last_error = utcnow(), None, ""
        self.tries = (self.tries or 0) + 1
        if not keep_body:
            self.text = self.html = ""

    def refuse(self, error):
        """The server answered, but did not take it: try ten times in about 20 hours."""
        self.tries += 1
        pause = min(FIRST_PAUSE * 4 ** (self.tries - 1), LONGEST_PAUSE)
        self._postpone(pause, error)
        if self.tries >= TRIES:
            self.dead_at = utcnow()

    @classmethod
    def postpone_all(cls, error):
        """The server could not be reached: all that is due waits. No mail is to blame for that."""
        later = utcnow() + timedelta(seconds=UNREACHABLE_PAUSE)
        due = update(cls).where(cls.sent_at.is_(None), cls.dead_at.is_(None), cls.next_at < later)
        db.session.execute(due.values(next_at=later, leased_until=None, last_error=error[:500]))

    def retry(self):
        self.tries, self.dead_at, self.leased_until, self.next_at = 0, None, None, utcnow()

    def _postpone(self, seconds, error):
        self.next_at, self.leased_until = utcnow() + timedelta(seconds=seconds), None
        self.last_error = str(error)[:500]

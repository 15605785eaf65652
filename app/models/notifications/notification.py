"""Notifications: what happened that concerns a member, on the site and by mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    String,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import HasId, Id, Moment, partial_index, utcnow

UNREAD = "read_at IS NULL AND withdrawn_at IS NULL"
DUE = "mail_at IS NOT NULL AND mailed_at IS NULL AND withdrawn_at IS NULL"
OF_ACT = "entry_id IS NOT NULL"
OF_COMMENT = "comment_id IS NOT NULL AND entry_id IS NULL"
OF_POST = "comment_id IS NULL AND post_id IS NOT NULL AND entry_id IS NULL"
OF_FOLLOW = "comment_id IS NULL AND post_id IS NULL AND case_id IS NULL AND entry_id IS NULL"
MAILING = 20_261_124  # the name of the lock of those who mail
SILENT = {"synchronize_session": False}
MAILED = "mail_id IS NOT NULL"
MOST_COUNTED = 100
RETENTION = timedelta(days=90)  # what was read
RETENTION_UNREAD = timedelta(days=180)


class Notification(Model):
    """Written in the transaction of its cause, see `news`; one for each person and thing.

    A mail about it is due at `mail_at`, if at all, and is settled at `mailed_at`; `mail_id` says by
    which, as long as that is kept. What a member wants by mail alone is no news in the site: it is
    read from the start. While what it tells of is hidden, it is withdrawn: nobody is told, and it
    comes back as it was. One about an act of staff has the `entry_id` of the log.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user", "user_id", "in_site", "id"),
        Index("ix_notifications_post_id", "post_id"),
        Index("ix_notifications_actor_id", "actor_id"),
        Index("ix_notifications_comment_id", "comment_id"),
        partial_index("uq_notifications_comment", OF_COMMENT, "comment_id", "user_id", unique=True),
        partial_index("uq_notifications_post", OF_POST, "post_id", "user_id", unique=True),
        partial_index("uq_notifications_follow", OF_FOLLOW, "actor_id", "user_id", unique=True),
        Index("uq_notifications_case", "case_id", "user_id", unique=True),
        partial_index("uq_notifications_entry", OF_ACT, "entry_id", "user_id", unique=True),
        partial_index("ix_notifications_unread", UNREAD, "user_id", "read_at"),
        partial_index("ix_notifications_due", DUE, "mail_at"),
        partial_index("ix_notifications_read", "read_at IS NOT NULL", "read_at"),
        partial_index("ix_notifications_old", "read_at IS NULL", "created_at"),
        partial_index("ix_notifications_mail", MAILED, "mail_id"),
    )

    id: Mapped[Id]
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    entry_id: Mapped[int | None]  # of the log
    in_site: Mapped[bool] = mapped_column(default=True)
    read_at: Mapped[Moment | None]
    mail_at: Mapped[Moment | None]
    mailed_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id", ondelete="SET NULL"))

    @classmethod
    def unread_of(cls, user_id: Any) -> ScalarSelect[int]:
        """Return the number of unread ones, up to MOST_COUNTED, as a subquery for another query."""
        unread = cls.read_at.is_(None), cls.withdrawn_at.is_(None)
        theirs = select(cls.id).where(cls.user_id == user_id, *unread)
        few = theirs.limit(MOST_COUNTED).correlate(user_id.table).subquery()
        return select(func.count()).select_from(few).scalar_subquery()

    @classmethod
    def newest_of(cls, user: HasId) -> int:
        """Return the id of the newest notification of a user, also a hidden one; 0 if none."""
        newest = select(func.max(cls.id)).where(cls.user_id == user.id)
        return db.session.scalar(newest) or 0

    @classmethod
    def read(cls, user: HasId, id: int) -> None:
        """Mark one notification of a user as read, if it still exists."""
        cls._read(user, cls.id == id)

    @classmethod
    def read_all(cls, user: HasId, up_to: int) -> None:
        """Mark all notifications of a user up to an id as read."""
        cls._read(user, cls.id <= up_to)

    @classmethod
    def _read(cls, user: HasId, *conditions: Any) -> None:
        unread = cls.in_order(cls.user_id == user.id, *conditions, cls.read_at.is_(None))
        read = update(cls).where(cls.id.in_(unread)).values(read_at=utcnow())
        db.session.execute(read, execution_options=SILENT)

    @classmethod
    def people_due(cls, most: int) -> Sequence[int]:
        """Return the ids of users to whom a mail is due, the longest overdue first."""
        oldest = func.min(cls.mail_at)
        due = select(cls.user_id).where(*cls._is_due()).group_by(cls.user_id)
        return db.session.scalars(due.order_by(oldest, cls.user_id).limit(most)).all()

    @classmethod
    def hold(cls, user_id: int) -> bool:
        """Lock the mailing to a user for the transaction; return False if another has the lock."""
        if db.engine.dialect.name != "postgresql":  # SQLite has one writer at a time
            return True
        return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(MAILING, user_id))))

    @classmethod
    def claim(cls, user_id: int, mail: HasId) -> None:
        """Assign the notifications that are due to a user to a mail.

        Rows that another transaction is deleting are skipped without waiting.
        """
        due = cls.in_order(cls.user_id == user_id, *cls._is_due(), skip_locked=True)
        mine = update(cls).where(cls.id.in_(due)).values(mailed_at=utcnow(), mail_id=mail.id)
        db.session.execute(mine, execution_options=SILENT)

    @classmethod
    def postpone(cls, user_id: int, until: datetime, *, but: Sequence[str] = ()) -> None:
        """Postpone the mails that are due to a user, except about the kinds in `but`."""
        mine = update(cls).where(cls.user_id == user_id, *cls._is_due(), cls.kind.not_in(but))
        db.session.execute(mine.values(mail_at=until), execution_options=SILENT)

    @classmethod
    def in_order(cls, *conditions: Any, skip_locked: bool = False) -> Select:
        """Select and lock ids in their order, which prevents deadlocks."""
        ids = select(cls.id).where(*conditions).order_by(cls.id)
        return ids.with_for_update(skip_locked=skip_locked)

    @classmethod
    def purge(cls) -> None:
        """Forget what was read long ago, and what nobody came to read for longer."""
        settled = or_(cls.mail_at.is_(None), cls.mailed_at.is_not(None))
        read = cls.read_at < utcnow() - RETENTION, settled
        unread = cls.read_at.is_(None), cls.created_at < utcnow() - RETENTION_UNREAD
        for old in (read, unread):
            gone = delete(cls).where(cls.id.in_(cls.in_order(*old, skip_locked=True)))
            db.session.execute(gone, execution_options=SILENT)

    @classmethod
    def _is_due(cls) -> tuple[ColumnElement[bool], ...]:
        waits = cls.mail_at.is_not(None), cls.mailed_at.is_(None), cls.withdrawn_at.is_(None)
        return *waits, cls.mail_at <= utcnow()

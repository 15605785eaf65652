"""Data exports: a user's own data as a file, built by the worker and kept for a week."""

from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import ForeignKey, LargeBinary, Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..errors import Refused
from ..fields import NEVER_TWICE, CreatedAt, Id, Moment, partial_index, utcnow
from ..lease import LeasedJob
from ..users.user import User

RETENTION = timedelta(days=7)
A_DAY, MOST_A_DAY = timedelta(days=1), 3
TRIES = 5
OPEN = "ready_at IS NULL AND failed_at IS NULL"


class DataExport(LeasedJob, Model):
    """Waiting, ready, failed or gone. A newer one takes the place of the one before."""

    __tablename__ = "data_exports"
    __table_args__ = (
        partial_index("ix_data_exports_open", OPEN, "user_id", unique=True),
        NEVER_TWICE,
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    size: Mapped[int] = mapped_column(default=0)  # bytes
    ready_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    gone_at: Mapped[Moment | None]  # when a newer one took its place

    @classmethod
    def open(cls) -> Select:
        return select(cls).where(cls.ready_at.is_(None), cls.failed_at.is_(None))

    due = open

    @classmethod
    def latest_of(cls, user: User) -> Self | None:
        newest = select(cls).where(cls.user_id == user.id).order_by(cls.id.desc()).limit(1)
        return db.session.scalar(newest)

    @classmethod
    def ready_of(cls, user: User) -> Any:
        """The one that the person can take along just now, or None."""
        there = cls.ready_at > utcnow() - RETENTION, cls.gone_at.is_(None), cls.user_id == user.id
        return db.session.scalar(select(cls).where(*there).order_by(cls.id.desc()).limit(1))

    @classmethod
    def ask(cls, user: User) -> Self:
        """Return the one that is being made, or a new one. Refused where there were too many."""
        db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
        open_one = cls.open().where(cls.user_id == user.id)
        if export := db.session.scalar(open_one):
            return export
        lately = cls.user_id == user.id, cls.created_at > utcnow() - A_DAY
        made = db.session.scalar(select(func.count()).select_from(cls).where(*lately)) or 0
        if made >= MOST_A_DAY:
            raise Refused(f"You’ve requested {MOST_A_DAY} exports today. Try again later.")
        try:
            with db.session.begin_nested():
                db.session.add(export := cls(user_id=user.id))
        except IntegrityError:  # another was faster
            return db.session.scalars(open_one).one()
        return export

    @classmethod
    def purge(cls) -> None:
        """Forget those whose week is over."""
        old = or_(cls.ready_at < utcnow() - RETENTION, cls.failed_at < utcnow() - RETENTION)
        db.session.execute(delete(cls).where(old))

    @property
    def state(self) -> str:
        if self.gone_at or (self.ready_at and utcnow() >= self.kept_until):
            return "gone"
        moments = {"ready": self.ready_at, "failed": self.failed_at}
        return next((name for name, moment in moments.items() if moment), "waiting")

    @property
    def kept_until(self) -> datetime:
        return (self.ready_at or utcnow()) + RETENTION

    def begin(self) -> None:
        """Start anew: what a worker before us had made of it is thrown away."""
        self.renew(section="", done=0, total=0, size=0)
        db.session.execute(delete(ExportPart).where(ExportPart.export_id == self.id))

    def add_part(self, number: int, data: bytes) -> None:
        self.renew()
        db.session.add(ExportPart(export_id=self.id, number=number, data=data))
        db.session.flush()

    def finish(self, size: int) -> None:
        """It can be taken along now; what was there before it is gone."""
        self.renew(ready_at=utcnow(), size=size)
        cls = type(self)
        mine = select(cls.id).where(cls.user_id == self.user_id, cls.id != self.id)
        db.session.execute(delete(ExportPart).where(ExportPart.export_id.in_(mine)))
        older = update(cls).where(cls.id.in_(mine), cls.ready_at.is_not(None))
        silent = {"synchronize_session": False}
        db.session.execute(older.values(gone_at=utcnow()), execution_options=silent)
        db.session.refresh(self)

    def give_up(self) -> None:
        self.renew(failed_at=utcnow())
        db.session.execute(delete(ExportPart).where(ExportPart.export_id == self.id))

    @classmethod
    def part(cls, id: Any, number: Any) -> Any:
        """The bytes of one part of the file, or None behind the last."""
        here = ExportPart.export_id == id, ExportPart.number == number
        return db.session.scalar(select(ExportPart.data).where(*here))


class ExportPart(Model):
    """A piece of the file: so it is neither made nor read as a whole."""

    __tablename__ = "data_export_parts"

    export_id: Mapped[int] = mapped_column(
        ForeignKey("data_exports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)

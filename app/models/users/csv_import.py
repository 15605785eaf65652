"""Pending imports of users: the uploaded CSV file, and a preview of what it would do."""

from datetime import timedelta
from typing import Any, Self

from sqlalchemy import ForeignKey, Select, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import CreatedAt, Id, utcnow
from ..statements import rows_changed
from .user import User

RETENTION = timedelta(days=1)


class PeopleImport(Model):
    """Gone once it was confirmed or cancelled, or a day later. Each person has one at most."""

    __tablename__ = "people_imports"

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, deferred=True)
    plan: Mapped[str] = mapped_column(Text, deferred=True)
    plan_hash: Mapped[str] = mapped_column(String(64), default="")  # what was shown to them

    @classmethod
    def of(cls, user: User) -> Select:
        """The imports of a person that still wait. Their files and plans are read where needed."""
        waiting = cls.user_id == user.id, cls.created_at > utcnow() - RETENTION
        return select(cls).where(*waiting).order_by(cls.id.desc())

    @classmethod
    def open(cls, *, by: User, filename: str, text: str, plan: Any) -> Self:
        """Keep a file; one that this person had waiting gives way."""
        db.session.execute(delete(cls).where(cls.user_id == by.id))
        shown = {"plan": plan.text, "plan_hash": plan.hash}
        row = cls(user_id=by.id, filename=filename[-200:], text=text, **shown)
        db.session.add(row)
        db.session.flush()
        return row

    @classmethod
    def purge(cls) -> None:
        db.session.execute(delete(cls).where(cls.created_at < utcnow() - RETENTION))

    def show(self, plan: Any) -> None:
        """Note which plan the person is shown now, if the file is still there."""
        here = update(PeopleImport).where(PeopleImport.id == self.id)
        db.session.execute(here.values(plan=plan.text, plan_hash=plan.hash))

    def close(self) -> bool:
        """Take the file away. Of several who try, one is told True."""
        here = PeopleImport.id == self.id
        return rows_changed(delete(PeopleImport).where(here)) == 1

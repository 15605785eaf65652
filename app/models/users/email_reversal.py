"""Email reversals: offers, mailed to a former address, to undo a change of address."""

from typing import Self

from flask import current_app
from sqlalchemy import ForeignKey, String, delete, or_, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import NEVER_TWICE, CreatedAt, HasId, Id, Moment, utcnow


class EmailReversal(Model):
    """Open until it is used, which closes later ones and all others to the same address.

    Earlier ones stay open: a thief who changes the address again and then uses the reversal of that
    change does not close the one of the owner.
    """

    __tablename__ = "ways_back"
    __table_args__ = NEVER_TWICE

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(254))
    taken_at: Mapped[Moment | None]

    @classmethod
    def open(cls, user: HasId, old_email: str) -> Self:
        way = cls(user_id=user.id, old_email=old_email)
        db.session.add(way)
        db.session.flush()
        return way

    @classmethod
    def purge(cls) -> None:
        """Delete the reversals whose links have expired."""
        cutoff = utcnow() - current_app.config["EMAIL_REVERT_LIFETIME"]
        db.session.execute(delete(cls).where(cls.created_at < cutoff))

    @property
    def is_open(self) -> bool:
        return self.taken_at is None

    def close(self) -> None:
        as_late = or_(EmailReversal.id >= self.id, EmailReversal.old_email == self.old_email)
        ways = update(EmailReversal).where(EmailReversal.user_id == self.user_id, as_late)
        db.session.execute(ways.where(EmailReversal.taken_at.is_(None)).values(taken_at=utcnow()))

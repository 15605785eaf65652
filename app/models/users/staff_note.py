"""Notes of staff about a member: private to staff, and never public."""

from datetime import timedelta
from typing import Self

from sqlalchemy import ForeignKey, Select, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..audit.actions import Action
from ..audit.entry import OPERATOR, AuditEntry
from ..errors import Refused
from ..fields import CreatedAt, Id, utcnow
from ..statements import rows_changed
from .user import AnonymousUser, User

LONGEST = 2000  # characters
JUST_NOW = timedelta(minutes=1)


class StaffNote(Model):
    """A note. The audit log records its creation and removal, but not its text."""

    __tablename__ = "staff_notes"

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    by_name: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(LONGEST))

    @classmethod
    def about(cls, user: User) -> Select:
        """The notes about a member, the newest first."""
        return select(cls).where(cls.user_id == user.id).order_by(cls.id.desc())

    @classmethod
    def add(cls, user: User, text: str, *, by: User | None = None) -> Self:
        """Note something; who sends the same again a moment later gets the note that is there."""
        user.require_rank(by)
        by_id, by_name = getattr(by, "id", None), getattr(by, "username", OPERATOR)
        same = cls.text == text, cls.by_name == by_name, cls.created_at > utcnow() - JUST_NOW
        if note := db.session.scalar(cls.about(user).where(*same).limit(1)):
            return note
        note = cls(user_id=user.id, by_id=by_id, by_name=by_name, text=text)
        db.session.add(note)
        AuditEntry.record(Action.ADD_NOTE, user, by=by)
        return note

    def removable_by(self, person: User | AnonymousUser) -> bool:
        return self.by_id == person.id

    def remove(self, *, by: User) -> bool:
        """Take one's own note back. Of many at once, one is True."""
        if not self.removable_by(by):
            raise Refused("Only the author of a note can remove it.")
        user = db.session.get(User, self.user_id)
        gone = rows_changed(delete(StaffNote).where(StaffNote.id == self.id))
        if gone:
            AuditEntry.record(Action.REMOVE_NOTE, user, by=by)
        return bool(gone)

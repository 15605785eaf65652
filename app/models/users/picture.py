"""Uploaded pictures of users, in a separate table that keeps the rows of users small."""

import secrets
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..pair import INSERTS
from .user import User


class Picture(Model):
    """WebP, under a key that nobody can guess and that changes with each picture."""

    __tablename__ = "user_pictures"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(32), unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def put(cls, user: User, data: bytes) -> None:
        """Give the person another picture. The row of the person is written, so locked, first.

        Silenced where a sanction has come meanwhile: others see it.
        """
        user.picture_key = secrets.token_hex(16)
        user.require_speech()
        values: dict[str, Any] = dict(key=user.picture_key, data=data)
        row: Any = INSERTS[db.engine.dialect.name](cls.__table__).values(user_id=user.id, **values)
        db.session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=values))

    @classmethod
    def remove(cls, user: User) -> bool:
        """Return to the identicon; False where it was there anyway."""
        had_one, user.picture_key = user.picture_key is not None, None
        db.session.flush()
        db.session.execute(delete(cls).where(cls.user_id == user.id))
        return had_one

    @classmethod
    def data_at(cls, key: str) -> bytes | None:
        return db.session.scalar(select(cls.data).where(cls.key == key))

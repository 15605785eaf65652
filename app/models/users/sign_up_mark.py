"""Used keys of sign-up forms: each form makes only one account."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ...databases import InsertOnce
from ...extensions import Model, db
from ..fields import Moment, utcnow


class SignUpMark(Model):
    """A used mark, and a hash of it with the address it was used for; nobody can tell either."""

    __tablename__ = "sign_up_marks"

    LIFETIME = timedelta(days=1)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    address_key: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[Moment] = mapped_column(index=True)

    @classmethod
    def use(cls, mark: str, address: str) -> bool:
        """Return whether the mark is good for the address: new, or sent twice for this one."""
        key, address_key = _hash(mark), _hash(f"{mark} {address}")
        row: dict[str, Any] = dict(key=key, address_key=address_key, used_at=utcnow())
        db.session.execute(InsertOnce(cls.__table__).values(**row))
        return db.session.scalar(select(cls.address_key).where(cls.key == key)) == address_key

    @classmethod
    def purge(cls) -> None:
        """Forget those that are too old to be sent again."""
        db.session.execute(delete(cls).where(cls.used_at < utcnow() - 2 * cls.LIFETIME))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

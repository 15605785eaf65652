"""Rows that say no more than that two things belong together: a follow, a like, a bookmark."""

from typing import Any, ClassVar

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ..databases import InsertOnce
from ..extensions import db
from .statements import rows_changed

INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Pair:
    """Put and taken away by one statement each: of many at once, one is told that it was them."""

    __table__: ClassVar[Any]

    @classmethod
    def put(cls, **pair: Any) -> bool:
        """Return whether it was not there before."""
        db.session.flush()
        row = InsertOnce(cls.__table__).values(**pair)
        counted = {"preserve_rowcount": True}  # else PostgreSQL's is not kept for an INSERT
        return rows_changed(row, **counted) == 1

    @classmethod
    def take(cls, **pair: Any) -> bool:
        """Return whether it was there."""
        db.session.flush()
        return rows_changed(delete(cls).filter_by(**pair)) == 1

    @classmethod
    def there(cls, **pair: Any) -> bool:
        return bool(db.session.scalar(select(exists(select(cls).filter_by(**pair)))))

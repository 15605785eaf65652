"""Pairs: rows that relate two others and store nothing else, such as follows and likes."""

from typing import Any, ClassVar

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ..databases import InsertOnce
from ..extensions import db
from .statements import rows_changed

INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Pair:
    """A model of pairs. Of several concurrent calls, only one returns True."""

    __table__: ClassVar[Any]

    @classmethod
    def put(cls, **pair: Any) -> bool:
        """Insert the pair; return whether it is new."""
        db.session.flush()
        row = InsertOnce(cls.__table__).values(**pair)
        counted = {"preserve_rowcount": True}  # else PostgreSQL's is not kept for an INSERT
        return rows_changed(row, **counted) == 1

    @classmethod
    def take(cls, **pair: Any) -> bool:
        """Delete the pair; return whether it existed."""
        db.session.flush()
        return rows_changed(delete(cls).filter_by(**pair)) == 1

    @classmethod
    def there(cls, **pair: Any) -> bool:
        return bool(db.session.scalar(select(exists(select(cls).filter_by(**pair)))))

"""Rows that say no more than that two things belong together: a follow, a like, a bookmark."""

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ..databases import InsertOnce
from ..extensions import db

INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Pair:
    """Put and taken away by one statement each: of many at once, one is told that it was them."""

    @classmethod
    def put(cls, **pair):
        """Return whether it was not there before."""
        db.session.flush()
        row = InsertOnce(cls.__table__).values(**pair)
        counted = {"preserve_rowcount": True}  # else PostgreSQL's is not kept for an INSERT
        return db.session.execute(row, execution_options=counted).rowcount == 1

    @classmethod
    def take(cls, **pair):
        """Return whether it was there."""
        db.session.flush()
        return db.session.execute(delete(cls).filter_by(**pair)).rowcount == 1

    @classmethod
    def there(cls, **pair):
        return db.session.scalar(select(exists(select(cls).filter_by(**pair))))

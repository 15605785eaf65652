"""Column types that several models share, and helpers for moments."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Protocol

from sqlalchemy import DateTime, Dialect, Index, String, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


def utcnow() -> datetime:
    return datetime.now(UTC)


def at_midnight(day: date) -> datetime:
    """Return the end of a day in UTC: midnight of the next day."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with microseconds, the same on both databases."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class HasId(Protocol):
    """A row of a class that is defined above the caller, such as a user."""

    @property
    def id(self) -> int: ...


class Person(HasId, Protocol):
    """A user who acts; the class is defined above the caller."""

    @property
    def username(self) -> str: ...


class UTCDateTime(TypeDecorator):
    """A moment in UTC; SQLite, which has no time zones, stores it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def partial_index(name: Any, where: Any, *columns: Any, **options: Any) -> Any:
    """Return an index of the rows that meet a condition, by `columns` or else by id."""
    where = text(where)
    options |= dict(sqlite_where=where, postgresql_where=where)
    return Index(name, *(columns or ["id"]), **options)


MOST_PLACES, MOST_OF_A_WORD = 16383, 255  # limits of PostgreSQL's tsvector
NEVER_TWICE = {"sqlite_autoincrement": True}  # else SQLite reuses the id of a deleted row

Id = Annotated[int, mapped_column(primary_key=True)]
Moment = Annotated[datetime, mapped_column(UTCDateTime)]
CreatedAt = Annotated[datetime, mapped_column(UTCDateTime, default=utcnow, index=True)]
Reason = Annotated[str, mapped_column(String(500), default="")]


class WordsInOrder(TypeDecorator):
    """Words separated by spaces; on PostgreSQL, a tsvector with the position of each."""

    impl, cache_ok = Text, True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if dialect.name != "postgresql" or not value:
            return value
        places: dict[str, list[str]] = {}
        for place, word in enumerate(value.split(" ")[:MOST_PLACES], start=1):
            places.setdefault(word, []).append(str(place))
        return " ".join(f"{word}:{','.join(at[:MOST_OF_A_WORD])}" for word, at in places.items())


Words = Annotated[  # for the search, see text/search_words.py; never shown
    str, mapped_column(WordsInOrder, default="", server_default="", deferred=True)
]

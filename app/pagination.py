"""Keyset pagination: a page costs the same however deep it is in the list (R-90).

A cursor names the row where a page begins or ends, so new rows do not shift the pages.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from .databases import LARGEST_ID
from .extensions import db

Columns = Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]
Values = Sequence[Any]  # of those columns, in their order

NAMES = "at", "id"  # of the bound parameters for the columns of a timeline
ID, MANY = (bindparam(name, type_=Integer) for name in ("id", "many"))
ENDS = {  # by whether it is descending: the values before the first row of a timeline
    True: (datetime(9999, 1, 1, tzinfo=UTC), LARGEST_ID),
    False: (datetime(1, 1, 1, tzinfo=UTC), 0),
}


@dataclass
class KeysetPage:
    """One page of a list, with the cursors of the pages before and after it, if there are any."""

    items: list[Any]
    before: str | None = None
    after: str | None = None
    is_beyond: bool = False  # the requested page is past the end of the list

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass
class Place:
    """Where a page begins: after the row with these values, or at the start of the list for None.

    With `backwards`, the page ends before that row instead.
    """

    values: Values | None = None
    backwards: bool = False


def asked_place(columns: Columns) -> Place:
    """Return the place named by `after` or `before` in the query string."""
    after, before = (_read(request.args.get(name), columns) for name in ("after", "before"))
    backwards = before is not None and after is None
    return Place(before if backwards else after, backwards)


def page_of(
    statement: Select[Any],
    columns: Columns,
    *,
    size: int,
    descending: bool = True,
    make: Callable[[Any], Any] | None = None,
) -> KeysetPage:
    """Return the page named by `after` or `before` in the query string, else the first page.

    `statement` has no order, and selects one entity, or rows that `make` turns into items.
    `columns` are the sort order; the last one must be unique, and none may contain NULL.
    """
    place = asked_place(columns)
    is_descending = descending != place.backwards
    if place.values is not None:
        here = [literal(v, c.type) for v, c in zip(place.values, columns, strict=True)]
        statement = statement.where(_beyond(columns, here, is_descending))
    statement = statement.order_by(*_order(columns, is_descending)).limit(size + 1)
    if make is None:
        rows = list(db.session.scalars(statement).unique())
    else:
        rows = [make(row) for row in db.session.execute(statement)]
    return _page(rows, place, columns, size)


class Timeline:
    """A list sorted by moment and id, or by id, whose statements are built once per process.

    SQLAlchemy caches the compiled statement, but building it costs more than running it. Values
    that differ between requests are a `bindparam`, and are given to `page`.

    `select(is_descending)` returns a statement without an order, which may use the parameters `at`,
    ID and MANY; `make` turns its rows into items.
    """

    def __init__(
        self,
        select: Callable[[bool], Select[Any]],
        columns: Columns,
        make: Callable[[Any], Any],
        *,
        descending: bool = True,
    ) -> None:
        self.columns, self.make, self.descending = columns, make, descending
        self.names = NAMES[-len(columns) :]
        here = [bindparam(n, type_=c.type) for n, c in zip(self.names, columns, strict=True)]
        self._statements = {
            is_descending: select(is_descending)
            .where(_beyond(columns, here, is_descending))
            .order_by(*_order(columns, is_descending))
            .limit(MANY)
            for is_descending in (True, False)
        }

    def page(self, *, size: int, **values: Any) -> KeysetPage:
        """Return the page named in the query string; `values` are those of the parameters."""
        place = asked_place(self.columns)
        is_descending = self.descending != place.backwards
        here = place.values or ENDS[is_descending][-len(self.names) :]
        statement = self._statements[is_descending]
        values |= dict(zip(self.names, here, strict=True), many=size + 1)
        rows = db.session.connection().execute(statement, values).all()
        return _page([self.make(row) for row in rows], place, self.columns, size)


def _beyond(
    columns: Columns, here: Sequence[ColumnElement[Any]], is_descending: bool
) -> ColumnElement[bool]:
    keys, place = tuple_(*columns), tuple_(*here)
    return keys < place if is_descending else keys > place


def _order(columns: Columns, is_descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_descending else column.asc() for column in columns]


def _page(rows: list[Any], place: Place, columns: Columns, size: int) -> KeysetPage:
    """Return the page for up to `size + 1` rows that were read from a place on."""
    more, rows = len(rows) > size, rows[:size]
    if place.backwards:
        rows.reverse()
    first, last = (cursor_at(rows[i], columns) for i in (0, -1)) if rows else (None, None)
    has_before = more if place.backwards else place.values is not None
    has_after = place.values is not None if place.backwards else more
    before, after = first if has_before else None, last if has_after else None
    return KeysetPage(rows, before, after, is_beyond=not rows and place.values is not None)


def cursor_at(row: Any, columns: Columns) -> str:
    """Return the cursor of a row: the values of its columns, as JSON in base64."""
    values = [getattr(row, str(column.key)) for column in columns]
    values = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(text: str | None, columns: Columns) -> Values | None:
    """Return the values of a cursor; None if it is missing or invalid."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        values = json.loads(urlsafe_b64decode(padded))
        return [_value(v, c) for v, c in zip(values, columns, strict=True)]
    except (OverflowError, RecursionError, TypeError, ValueError):
        return None


def _value(value: object, column: Any) -> datetime | int | str:
    if isinstance(column.type, Integer):
        if type(value) is not int or abs(value) > LARGEST_ID:
            raise ValueError(value)
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    value.encode()  # a lone surrogate is a ValueError
    if isinstance(column.type, String):
        return value
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

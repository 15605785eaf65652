"""The list of users for staff, with any filters and order, fast for a million users too.

Where few people meet the conditions, an index finds them and they are sorted. Where many do, the
index of the order is walked from where the page begins, and meets them soon. Which of the two it
is, questions tell that stop early. Planners, which only guess, are left no choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select, true
from sqlalchemy.orm import aliased, joinedload

from ...extensions import db
from ...pagination import KeysetPage, page_of
from ..fields import UTCDateTime, utcnow
from ..roles.role import Role
from .name_search import holding, is_sqlite, matching, parts_of
from .user import User

FEW = 1000  # people who are sorted at once
SOME = 20_000  # people of one condition who are looked through for the others
ORDERS = {  # name: (columns, whether the largest comes first)
    "newest": (["member_since", "id"], True),
    "oldest": (["member_since", "id"], False),
    "username": (["username_key"], False),
    "seen": (["last_seen", "id"], True),  # of those who were seen at all
}


@dataclass(frozen=True)
class Condition:
    """`test` is asked of each person; `ids` selects by an index who meets it, in no order.

    There is no such index where most people meet it: a walk finds those sooner.
    """

    test: Any
    ids: Any = None  # select(User.id), where an index has them


@dataclass(frozen=True)
class SortKey:
    value: Any  # never NULL
    descending: bool

    def order(self, backwards: bool) -> ColumnElement[Any]:
        return self.value.desc() if self.descending != backwards else self.value.asc()

    def follows(self, here: datetime | int | str, backwards: bool) -> ColumnElement[bool]:
        return self.value < here if self.descending != backwards else self.value > here


@dataclass(frozen=True)
class Found:
    """What to select, and the columns that it is sorted by.

    `total` is None where nobody has counted so far; there are `more_than` so many then.
    """

    people: Any
    columns: list
    descending: bool
    conditions: tuple
    total: int | None = None
    more_than: int = 0
    keys: tuple = ()  # names of SORTS, where several decide or there is no index of the order

    @property
    def statement(self) -> Select:
        former = joinedload(self.people.former_role)  # which counts where a role is over
        return select(self.people).where(*self.conditions).options(former)

    @property
    def in_order(self) -> Select:
        if self.keys:
            return self.statement.order_by(*(key.order(False) for key in self.sort_keys))
        columns = [c.desc() if self.descending else c.asc() for c in self.columns]
        return self.statement.order_by(*columns)

    @property
    def sort_keys(self) -> list[SortKey]:
        """The keys in their order; the id decides where they leave two people alike."""
        keys = [SortKey(SORTS[name][0](self.people), SORTS[name][1]) for name in self.keys]
        return [*keys, SortKey(self.people.id, keys[0].descending)]

    def page(self, size: int) -> KeysetPage:
        """Return the page that the query string asks for, after the user whose id it has."""
        if not self.keys:
            return page_of(self.statement, self.columns, size=size, descending=self.descending)
        after, before = (_id_in(request.args.get(name)) for name in ("after", "before"))
        backwards, id = before is not None and after is None, after or before
        keys, people = self.sort_keys, self.statement
        if id and (here := db.session.execute(_values_at(id, self.keys)).first()):
            people = people.where(_beyond(keys, [*here, id], backwards))
        else:
            id, backwards = None, False
        people = people.order_by(*(key.order(backwards) for key in keys)).limit(size + 1)
        rows = list(db.session.scalars(people).unique())
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        has_before, has_after = (more, True) if backwards else (id is not None, more)
        before = str(rows[0].id) if rows and has_before else None
        after = str(rows[-1].id) if rows and has_after else None
        return KeysetPage(rows, before, after, is_beyond=not rows and id is not None)


@dataclass(frozen=True)
class PeopleList:
    """What was asked for; what is None or empty does not matter."""

    words: str = ""
    role: Role | None = None
    confirmed: bool | None = None
    active: bool | None = None
    awaiting: bool = False
    never_seen: bool = False
    seen_since: datetime | None = None
    order: str = "newest"
    then_by: tuple[str, ...] = ()

    def find(self) -> Found:
        """Return a `Found`. Asks the database three times at most, whatever is in it."""
        conditions = [*self._about_them(), *self._about_visits()]
        indexed = [condition for condition in conditions if condition.ids is not None]
        if not indexed:
            return self._walk()
        ids = _all_ids(conditions[0]) if len(conditions) == 1 else _common_ids(conditions, indexed)
        return self._walk(more_than=FEW) if len(ids) > FEW else self._sort(ids)

    @property
    def sorted_by(self) -> str:
        """Who was never seen is not sorted by that, but comes last where other keys follow."""
        if self.order == "seen" and (self.never_seen or self.then_by):
            return "newest"
        return self.order

    def _about_them(self) -> Iterator[Condition]:
        if parts_of(self.words):
            yield Condition(holding(self.words), matching(self.words))
        if self.role:
            yield _few_meet(_holds(self.role))
        if self.confirmed is not None:
            yield _usually(self.confirmed, User.confirmed_at.is_not(None))
        if self.active is not None:
            yield _usually(self.active, User.deactivated_at.is_(None))
        if self.awaiting:
            yield _few_meet(User.approval_asked_at.is_not(None))

    def _about_visits(self) -> Iterator[Condition]:
        if self.never_seen:
            yield _few_meet(User.last_seen.is_(None))
        if self.seen_since:
            yield _few_meet(User.last_seen >= self.seen_since)
        elif self.sorted_by == "seen":
            yield Condition(User.last_seen.is_not(None))

    def _sort(self, ids: Sequence[int]) -> Found:
        """The limit keeps PostgreSQL from walking along the order after all."""
        people = select(User).where(User.id.in_(ids)).limit(FEW)
        return self._found(aliased(User, people.subquery()), total=len(ids))

    def _walk(self, more_than: int = 0) -> Found:
        """Only what bounds the walk is shown to planners: another index may not tempt them."""
        hidden, bounds = [*self._about_them()], [*self._about_visits()]
        if self.sorted_by != "seen":
            hidden, bounds = hidden + bounds, []
        conditions = [condition.test for condition in bounds]
        conditions += [_opaque(hidden)] if hidden else []
        return self._found(User, conditions=tuple(conditions), more_than=more_than)

    def _found(self, people: Any, *, conditions: Any = (), **values: Any) -> Found:
        keys = tuple(dict.fromkeys([self.order, *self.then_by]))
        if len(keys) > 1 or self.order not in ORDERS:
            return Found(people, [], False, conditions, keys=keys, **values)
        names, descending = ORDERS[self.sorted_by]
        columns = [getattr(people, name) for name in names]
        return Found(people, columns, descending, conditions, **values)


def _id_in(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _values_at(id: int, names: tuple[Any, ...]) -> Select:
    """Select what a person is sorted by."""
    return select(*(SORTS[name][0](User) for name in names)).where(User.id == id)


def _beyond(keys: Sequence[SortKey], here: list, backwards: bool) -> ColumnElement[bool]:
    """Return the condition that a row comes after these values, whichever way each key runs."""
    ways = []
    for number, key in enumerate(keys):
        alike = [same.value == value for same, value in zip(keys[:number], here, strict=False)]
        ways.append(and_(*alike, key.follows(here[number], backwards)))
    return or_(*ways)


def _role_name(people: type[User]) -> ColumnElement[Any]:
    named = select(Role.name).where(Role.id == people.role_id).scalar_subquery()
    return func.coalesce(named, "")


NEVER = datetime(1, 1, 1, tzinfo=UTC)
SORTS = {  # name: (the value of a person, whether the largest comes first)
    "newest": (lambda people: people.member_since, True),
    "oldest": (lambda people: people.member_since, False),
    "username": (lambda people: people.username_key, False),
    "seen": (lambda people: func.coalesce(people.last_seen, literal(NEVER, UTCDateTime())), True),
    "role": (_role_name, False),
    "last_name": (lambda people: func.lower(people.last_name), False),
    "first_name": (lambda people: func.lower(people.first_name), False),
    "email": (lambda people: people.email, False),
}


def _few_meet(test: ColumnElement[bool]) -> Condition:
    return Condition(test, select(User.id).where(test))


def _usually(answer: bool, usual: ColumnElement[bool]) -> Condition:
    """Most people are as is usual; the others have an index of their own."""
    return Condition(usual) if answer else _few_meet(not_(usual))


def _holds(role: Role) -> ColumnElement[bool]:
    """Whether the role counts by now: one that was given until a past moment does not."""
    now = utcnow()
    lasts = or_(User.role_until.is_(None), User.role_until > now)
    held = and_(User.role_id == role.id, lasts)
    return or_(held, and_(User.former_role_id == role.id, User.role_until <= now))


def _opaque(conditions: Sequence[Condition]) -> ColumnElement[bool]:
    """Return a test of them all, in a shape that no planner takes for a way to use an index."""
    tests = and_(true(), *(condition.test for condition in conditions))
    return case((tests, 1), else_=0) == 1


def _all_ids(condition: Condition) -> Sequence[int]:
    """Return the ids of users who meet the condition, or of more than a few of them."""
    return db.session.scalars(condition.ids.limit(FEW + 1)).all()


def _common_ids(conditions: Sequence[Condition], indexed: Sequence[Condition]) -> Sequence[Any]:
    """The ids of whoever meets all conditions, or of more than a few of them.

    PostgreSQL knows how rare each is, and joins indexes. SQLite does not: there, they are looked
    for among those who meet the rarest, if need be among all.
    """
    if not is_sqlite():
        return _tested(*(condition.test for condition in conditions))
    size, rarest = _rarest(indexed)
    first = rarest.ids.limit(SOME).subquery()
    ids = _tested(_opaque(conditions), User.id == first.c[0])
    return ids if size <= SOME or len(ids) > FEW else _tested(_opaque(conditions))


def _tested(*tests: Any) -> Sequence[int]:
    return db.session.scalars(select(User.id).where(*tests).limit(FEW + 1)).all()


def _rarest(conditions: Sequence[Condition]) -> tuple[int, Condition]:
    """Return how many people meet the rarest condition, counted up to SOME, and it.

    Of several that many meet, the last one, as words are the slowest to look for.
    """
    found = [condition.ids.limit(SOME + 1).subquery() for condition in conditions]
    counts = [select(func.count()).select_from(ids).scalar_subquery() for ids in found]
    sizes = db.session.execute(select(*counts)).one()
    return min(reversed([*zip(sizes, conditions, strict=True)]), key=itemgetter(0))

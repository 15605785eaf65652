"""Searching posts, comments and people, the newest first.

Ids grow with time, so they are the order: both databases walk along it and stop when a page is
full. However many rows have a word, no statement sorts them all. Statements are built once for
all who ask in the same way, see `Timeline`; what is asked for is bound.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Integer, and_, bindparam, case, exists, func, select, union_all
from sqlalchemy.orm import aliased

from ..extensions import db
from ..paging import ID, MANY, KeysetPage, Timeline
from ..words import Term
from .card import (
    WHO,
    Anybody,
    Author,
    CommentCard,
    PostCard,
    anybody_like,
    comment_cards,
    not_muted,
    post_cards,
)
from .comment import Comment
from .fields import UTCDateTime
from .mute import Mute
from .post import Post
from .role import Role
from .user import User
from .word_index import SqliteIndex, postgresql_match, question_of

NEAR = 2_000  # ids that PostgreSQL looks through before it asks its index


@dataclass(slots=True)
class PersonFound(Author):
    first_name: str
    last_name: str

    full_name = User.full_name


@dataclass
class Search:
    """What is looked for, and by whom. `author`, `since` and `until` narrow texts, not people."""

    terms: list[Term]
    viewer: User
    author: User | None = None
    since: datetime | None = None
    until: datetime | None = None

    def posts(self, size):
        """The page of posts that the query string asks for."""
        return self._page(Post, size, self.author, self.since, self.until)

    def comments(self, size):
        return self._page(Comment, size, self.author, self.since, self.until)

    def people(self, size):
        return self._page(User, size)

    def _page(self, cls, size, author=None, since=None, until=None):
        if not self.terms:
            return KeysetPage([])
        dialect = db.engine.dialect.name
        narrowed = Narrowed(*(value is not None for value in (author, since, until)))
        timeline = _timeline(cls, anybody_like(self.viewer), narrowed, dialect)
        values = dict(viewer=self.viewer.id, since=since, until=until)
        values["author"] = author and author.id
        values["question"] = question_of(self.terms, dialect, author)
        return timeline.page(size=size, **values)


@dataclass(frozen=True)
class Narrowed:
    """By what a search is narrowed."""

    author: bool
    since: bool
    until: bool


@cache
def _timeline(cls, viewer, narrowed, dialect):
    """Return the pages of what is found, for all who search in this way."""
    found = Found(cls, viewer, narrowed)
    along = {"sqlite": _along_sqlite, "postgresql": _along_postgresql}[dialect]
    cards, make = {
        Post: (post_cards, PostCard.of),
        Comment: (comment_cards, CommentCard.of),
        User: (_people_found, lambda row: PersonFound(*row)),
    }[cls]
    all_cards = cards(viewer)
    return Timeline(
        lambda falling: all_cards.where(cls.id.in_(along(found, falling))), [cls.id], make
    )


def _people_found(viewer):
    people = select(*WHO, User.first_name, User.last_name)
    return people.outerjoin(Role, Role.id == User.role_id)


@dataclass
class Found:
    """The rows of one kind that searches of one kind find."""

    cls: type
    viewer: Anybody
    narrowed: Narrowed

    since = bindparam("since", type_=UTCDateTime)
    until = bindparam("until", type_=UTCDateTime)
    author = bindparam("author", type_=Integer)

    def may_see(self, row):
        """The conditions beside the words for a row, or a row of an alias."""
        if self.cls is User:
            return self._may_see_person(row)
        conditions = [*row.shown(), *not_muted(row, self.viewer)]
        if self.narrowed.since:
            conditions.append(row.created_at >= self.since)
        if self.narrowed.until:
            conditions.append(row.created_at < self.until)
        if self.cls is Comment:
            conditions.append(exists().where(Post.id == row.post_id, *Post.shown()))
        return conditions

    def _may_see_person(self, row):
        muted = Mute.user_id == self.viewer.id, Mute.muted_id == row.id
        is_muted = [~exists().where(*muted)] if self.viewer.is_authenticated else []
        return [*row.seen_by_all(), *is_muted]

    @property
    def first(self):
        """Select the first id there can be, or None for any.

        Ids follow the moments of writing, but for texts that waited: those have that of approval.
        """
        row = aliased(self.cls)
        if not self.narrowed.since:
            return None
        here = *row.shown(), row.created_at >= self.since
        oldest = select(row.id).where(*here, row.approved_at.is_(None))
        oldest = oldest.order_by(row.created_at, row.id).limit(1).scalar_subquery()
        waited = select(func.min(row.id)).where(*here, row.approved_at.is_not(None))
        return _lower(oldest, waited.scalar_subquery())

    @property
    def last(self):
        row = aliased(self.cls)
        if not self.narrowed.until:
            return None
        here = *row.shown(), row.created_at < self.until
        newest = select(row.id).where(*here, row.approved_at.is_(None))
        newest = newest.order_by(row.created_at.desc(), row.id.desc()).limit(1).scalar_subquery()
        waited = select(func.max(row.id)).where(*here, row.approved_at.is_not(None))
        return -_lower(-newest, -waited.scalar_subquery())


def _lower(one, other):
    """The lower of two numbers of which either may be missing."""
    return case((one < other, one), else_=func.coalesce(other, one))


def _along_sqlite(found, falling):
    """The index of words is ordered by id: walk it from the place of the page on."""
    index, first, last = SqliteIndex(found.cls), found.first, found.last
    ids = select(index.rowid.label("id")).join(found.cls, index.joined)
    ids = ids.where(index.matches, *found.may_see(found.cls))
    ids = ids.where(index.rowid < ID if falling else index.rowid > ID)
    if first is not None:
        ids = ids.where(index.rowid >= first)
    if last is not None:
        ids = ids.where(index.rowid <= last)
    order = index.rowid.desc() if falling else index.rowid.asc()
    return select(ids.order_by(order).limit(MANY).subquery().c.id)


def _along_postgresql(found, falling):
    """The index has no order. So look through what is near the place first: for a common word that
    is enough. If it is not, the word is rare here, and the index names few rows.
    """
    row, start = found.cls, _start_of(found, falling)
    near = row.id.between(start - NEAR, start) if falling else row.id.between(start, start + NEAR)
    far = row.id < start - NEAR if falling else row.id > start + NEAR
    nearby = select(row.__table__).where(near).offset(0)  # which keeps the index of words out
    near = _matching(found, aliased(row, nearby.subquery()))
    near = _first_of(near, falling).cte("near").prefix_with("MATERIALIZED")
    enough = select(func.count() >= MANY).select_from(near).scalar_subquery()
    end = found.first if falling else found.last
    if end is not None:  # nothing is far, if what is asked for ends nearby
        far = and_(far, end < start - NEAR if falling else end > start + NEAR)
    far = _matching(found, row).where(far, ~enough).cte("far").prefix_with("MATERIALIZED")
    rest = _first_of(select(far.c.id), falling).subquery()
    return union_all(select(near.c.id), select(rest.c.id))


def _start_of(found, falling):
    if not falling:
        return ID + 1
    row, last = aliased(found.cls), found.last
    newest = select(func.max(row.id)).scalar_subquery() if last is None else last
    return func.least(newest, ID - 1)


def _matching(found, row):
    by = [row.author_id == found.author] if found.narrowed.author else []
    return select(row.id.label("id")).where(postgresql_match(row), *by, *found.may_see(row))


def _first_of(ids, falling):
    id = ids.selected_columns.id
    return ids.order_by(id.desc() if falling else id.asc()).limit(MANY)

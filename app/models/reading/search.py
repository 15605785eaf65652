"""Searching posts, comments and people, the newest or the best first.

Ids grow with time, so they are the order: both databases walk along it and stop when a page is
full. However many rows have a word, no statement sorts them all. Statements are built once for
all who ask in the same way, see `Timeline`; what is asked for is bound.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from flask import request
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased

from ...databases import LARGEST_ID
from ...extensions import db
from ...pagination import ID, MANY, KeysetPage, Timeline
from ...text.search_words import Question, Term, relevance
from ..content.comment import Comment
from ..content.post import Post
from ..fields import UTCDateTime
from ..roles.role import Role
from ..users.mute import Mute
from ..users.user import User
from .cards import (
    WHO,
    Author,
    CommentCard,
    PostCard,
    ViewerClass,
    comment_cards,
    not_muted,
    post_cards,
    viewer_class_of,
)
from .search_index import SqliteIndex, as_query, postgresql_match

CANDIDATES = 500  # of which the best are shown
NEAR = 2_000  # ids that PostgreSQL looks through before it asks its index


@dataclass(slots=True)
class PersonFound(Author):
    first_name: str
    last_name: str

    full_name = User.full_name


@dataclass
class Search:
    """What is looked for, and by whom. `author`, `since` and `until` narrow texts, not people."""

    question: Question
    viewer: User
    author: User | None = None
    since: datetime | None = None
    until: datetime | None = None

    def posts(self, size: int) -> KeysetPage:
        """The page of posts that the query string asks for, the newest first."""
        return self._newest(Post, size)

    def comments(self, size: int) -> KeysetPage:
        return self._newest(Comment, size)

    def people(self, size: int) -> KeysetPage:
        """Names are short and have no order to speak of, so a phrase is its words."""
        words: list[tuple[Term, ...]] = [
            (term,) for phrase in self.question.phrases for term in phrase
        ]
        without: list[tuple[Term, ...]] = [
            phrase for phrase in self.question.excluded if len(phrase) == 1
        ]
        question = Question(words, without)
        return Search(question, self.viewer)._newest(User, size)

    def best(self, cls: type[Post], size: int) -> KeysetPage:
        """The page of the best matches among the newest `CANDIDATES`."""
        if not self.question.phrases:
            return KeysetPage([])
        best = _best(cls, viewer_class_of(self.viewer), self._narrowed, db.engine.dialect.name)
        return best.page(size, self.question, self._values)

    def _newest(self, cls: type[Post] | type[Comment] | type[User], size: int) -> KeysetPage:
        if not self.question.phrases:
            return KeysetPage([])
        dialect = db.engine.dialect.name
        timeline = _timeline(cls, viewer_class_of(self.viewer), self._narrowed, dialect)
        return timeline.page(size=size, **self._values)

    @property
    def _narrowed(self) -> "Narrowed":
        return Narrowed(*(value is not None for value in (self.author, self.since, self.until)))

    @property
    def _values(self) -> dict:
        values: dict[str, Any] = dict(viewer=self.viewer.id, since=self.since, until=self.until)
        values["author"] = self.author and self.author.id
        values["question"] = as_query(self.question, db.engine.dialect.name, self.author)
        return values


@dataclass(frozen=True)
class Narrowed:
    """By what a search is narrowed."""

    author: bool
    since: bool
    until: bool


@cache
def _timeline(
    cls: type[Comment], viewer: ViewerClass, narrowed: Narrowed, dialect: str
) -> Timeline:
    """Return the pages of what is found, for all who search in this way."""
    found, along = Found(cls, viewer, narrowed), ALONG[dialect]
    cards, make = CARDS[cls]
    all_cards = cards(viewer)
    return Timeline(
        lambda descending: all_cards.where(cls.id.in_(along(found, descending))),
        [cls.id],
        make,
    )


@cache
def _best(cls: Any, viewer: Any, narrowed: Any, dialect: Any) -> Any:
    return BestMatches(Found(cls, viewer, narrowed), ALONG[dialect], dialect)


class BestMatches:
    """What is found, by how much a text has of what is asked for; statements are built once.

    No statement ranks all that has a common word: only the newest are looked at.
    """

    def __init__(self, found: Any, along: Any, dialect: Any) -> None:
        cls, (cards, self.make) = found.cls, CARDS[found.cls]
        score = cls.words
        if dialect == "postgresql":  # 1: divided by the logarithm of the length
            score = func.ts_rank(score, cast(bindparam("question", type_=String), TSQUERY), 1)
        ids = along(found, True).subquery()
        self.candidates = select(cls.id, score).where(cls.id.in_(select(ids)))
        self.cards = cards(found.viewer).where(cls.id.in_(bindparam("ids", expanding=True)))

    def page(
        self, size: int, question: Question, values: dict[str, int | str | None]
    ) -> KeysetPage:
        """Return the page that the query string's `after` or `before` asks for, by its number."""
        start = place_in_list()
        newest = dict(id=LARGEST_ID, many=CANDIDATES)
        rows = db.session.execute(self.candidates, values | newest).all()
        scored = [
            (relevance(score.split(" "), question) if isinstance(score, str) else score, id)
            for id, score in rows
        ]
        ids = [id for _, id in sorted(scored, reverse=True)[start : start + size]]
        made = map(self.make, db.session.execute(self.cards, values | {"ids": ids})) if ids else ()
        cards: dict[int, Any] = {card.id: card for card in made}
        items = [cards[id] for id in ids if id in cards]
        before = str(max(start - size, 0)) if start else None
        after = str(start + size) if start + size < len(rows) else None
        return KeysetPage(items, before, after, is_beyond=not items and start > 0)


def place_in_list() -> int:
    """Return how many rows stand before the page that is asked for."""
    asked = request.args.get("after") or request.args.get("before") or ""
    return min(int(asked), CANDIDATES) if asked.isdecimal() and len(asked) < 6 else 0


def _people_found(viewer: ViewerClass) -> Select:
    people = select(*WHO, User.first_name, User.last_name)
    return people.outerjoin(Role, Role.id == User.role_id)


@dataclass
class Found:
    """The rows of one kind that searches of one kind find."""

    cls: Any
    viewer: ViewerClass
    narrowed: Narrowed

    since = bindparam("since", type_=UTCDateTime)
    until = bindparam("until", type_=UTCDateTime)
    author = bindparam("author", type_=Integer)

    def may_see(self, row: Any) -> list[ColumnElement[bool]]:
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

    def _may_see_person(self, row: Any) -> list[ColumnElement[bool]]:
        muted = Mute.user_id == self.viewer.id, Mute.muted_id == row.id
        is_muted = [~exists().where(*muted)] if self.viewer.is_authenticated else []
        return [*row.seen_by_all(), *is_muted]

    @property
    def first(self) -> Any:
        """Select the first id there can be, or None for any.

        Ids follow the moments of writing, but for texts that waited: those have that of approval.
        """
        row: Any = aliased(self.cls)
        if not self.narrowed.since:
            return None
        here = *row.shown(), row.created_at >= self.since
        oldest = select(row.id).where(*here, row.approved_at.is_(None))
        oldest = oldest.order_by(row.created_at, row.id).limit(1).scalar_subquery()
        waited = select(func.min(row.id)).where(*here, row.approved_at.is_not(None))
        return _lower(oldest, waited.scalar_subquery())

    @property
    def last(self) -> Any:
        row: Any = aliased(self.cls)
        if not self.narrowed.until:
            return None
        here = *row.shown(), row.created_at < self.until
        newest = select(row.id).where(*here, row.approved_at.is_(None))
        newest = newest.order_by(row.created_at.desc(), row.id.desc()).limit(1).scalar_subquery()
        waited = select(func.max(row.id)).where(*here, row.approved_at.is_not(None))
        return -_lower(-newest, -waited.scalar_subquery())


def _lower(one: Any, other: Any) -> ColumnElement[Any]:
    """The lower of two numbers of which either may be missing."""
    return case((one < other, one), else_=func.coalesce(other, one))


def _along_sqlite(found: Found, descending: bool) -> Select:
    """The index of words is ordered by id: walk it from the place of the page on."""
    index, first, last = SqliteIndex(found.cls), found.first, found.last
    ids = select(index.rowid.label("id")).join(found.cls, index.joined)
    ids = ids.where(index.matches, *found.may_see(found.cls))
    ids = ids.where(index.rowid < ID if descending else index.rowid > ID)
    if first is not None:
        ids = ids.where(index.rowid >= first)
    if last is not None:
        ids = ids.where(index.rowid <= last)
    order = index.rowid.desc() if descending else index.rowid.asc()
    return select(ids.order_by(order).limit(MANY).subquery().c.id)


def _along_postgresql(found: Any, descending: Any) -> Any:
    """The index has no order. So look through what is near the place first: for a common word that
    is enough. If it is not, the word is rare here, and the index names few rows.
    """
    row, start = found.cls, _start_of(found, descending)
    near = (
        row.id.between(start - NEAR, start) if descending else row.id.between(start, start + NEAR)
    )
    far = row.id < start - NEAR if descending else row.id > start + NEAR
    nearby = select(row.__table__).where(near).offset(0)  # which keeps the index of words out
    near = _matching(found, aliased(row, nearby.subquery()))
    near = _first_of(near, descending).cte("near").prefix_with("MATERIALIZED")
    enough = select(func.count() >= MANY).select_from(near).scalar_subquery()
    end = found.first if descending else found.last
    if end is not None:  # nothing is far, if what is asked for ends nearby
        far = and_(far, end < start - NEAR if descending else end > start + NEAR)
    far = _matching(found, row).where(far, ~enough).cte("far").prefix_with("MATERIALIZED")
    rest = _first_of(select(far.c.id), descending).subquery()
    return union_all(select(near.c.id), select(rest.c.id))


def _start_of(found: Any, descending: Any) -> Any:
    if not descending:
        return ID + 1
    row, last = aliased(found.cls), found.last
    newest = select(func.max(row.id)).scalar_subquery() if last is None else last
    return func.least(newest, ID - 1)


def _matching(found: Any, row: Any) -> Any:
    by = [row.author_id == found.author] if found.narrowed.author else []
    return select(row.id.label("id")).where(postgresql_match(row), *by, *found.may_see(row))


def _first_of(ids: Any, descending: Any) -> Any:
    id = ids.selected_columns.id
    return ids.order_by(id.desc() if descending else id.asc()).limit(MANY)


ALONG = {"sqlite": _along_sqlite, "postgresql": _along_postgresql}
CARDS = {
    Post: (post_cards, PostCard.of),
    Comment: (comment_cards, CommentCard.of),
    User: (_people_found, lambda row: PersonFound(*row)),
}

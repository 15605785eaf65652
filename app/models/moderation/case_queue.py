"""The queue of cases with its filters, and the facts shown with each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import joinedload, lazyload

from ...extensions import db
from ..content.comment import Comment
from ..content.post import Post
from ..fields import utcnow
from ..users.user import User
from .case import DISMISSED, Case
from .report import Report
from .ruling import CLAIM
from .sanction import STRIKES, Sanction

MINE, NOBODY = "mine", "nobody"


@dataclass(frozen=True)
class CaseList:
    """What a moderator asked for. What is about themselves is never in it.

    `claimed`: MINE, NOBODY, or nothing for all.
    """

    viewer: User
    settled: bool = False
    category: str = ""
    noun: str = ""
    claimed: str = ""
    person: User | None = None

    @property
    def statement(self) -> Select:
        """Without an order, which is that of `columns`."""
        cases = Case.settled() if self.settled else Case.waiting()
        return cases.where(*self._conditions()).options(*with_things())

    @property
    def columns(self) -> list[Any]:
        return [Case.settled_at if self.settled else Case.created_at, Case.id]

    @classmethod
    def next_for(cls, viewer: User) -> None:
        """The oldest open case that nobody else has in hand, or None."""
        free = or_(Case.unclaimed(), Case.claimed_by_id == viewer.id)
        oldest = cls(viewer).statement.where(free).order_by(Case.created_at, Case.id).limit(1)
        return db.session.scalar(oldest)

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        yield or_(Case.person_id.is_(None), Case.person_id != self.viewer.id)
        if self.category:
            yield Case.category == self.category
        if self.noun:
            yield Case.noun == self.noun
        if self.person:
            yield Case.person_id == self.person.id
        if self.claimed == MINE:
            yield Case.claimed_by_id == self.viewer.id
            yield Case.claimed_at > utcnow() - CLAIM
        if self.claimed == NOBODY:
            yield Case.unclaimed()


def with_things(path: Any = None) -> tuple[Any, ...]:
    """Options that read with cases what they are about; authors are the persons concerned."""

    def loaded(relation: Any) -> Any:
        return joinedload(relation) if path is None else joinedload(path).joinedload(relation)

    below = joinedload(Comment.post).options(lazyload(Post.author))
    return (
        loaded(Case.post).options(lazyload(Post.author)),
        loaded(Case.comment).options(lazyload(Comment.author), below),
        loaded(Case.person),
        loaded(Case.claimed_by),
    )


@dataclass
class Record:
    """What happened with a person before, in numbers."""

    strikes: int = 0
    upheld: int = 0
    dismissed: int = 0


def records_of(ids: set[int]) -> dict[int, Record]:
    """Return id → Record, for people; as many statements however many they are."""
    records = {id: Record() for id in ids if id is not None}
    if not records:
        return records
    strikes = select(Sanction.user_id, func.count()).group_by(Sanction.user_id)
    strikes = strikes.where(Sanction.user_id.in_(records), Sanction.kind.in_(STRIKES))
    for id, number in db.session.execute(strikes.where(Sanction.lifted_at.is_(None))):
        records[id].strikes = number
    dismissed = func.sum(case((Case.outcome == DISMISSED, 1), else_=0))
    before = select(Case.person_id, func.count(), dismissed).group_by(Case.person_id)
    before = before.where(Case.person_id.in_(records), Case.settled_at.is_not(None))
    for id, number, without in db.session.execute(before):
        records[id].upheld, records[id].dismissed = number - without, without
    return records


def first_reports_of(cases: Sequence[Case]) -> dict[int, Report]:
    """Return the id of each case → its first report, which has the words as they were then."""
    first = select(func.min(Report.id)).where(Report.case_id.in_([case.id for case in cases]))
    rows = select(Report).where(Report.id.in_(first.group_by(Report.case_id)))
    return {report.case_id: report for report in db.session.scalars(rows)} if cases else {}


def neighbours_of(comment: Comment, number: int = 3) -> Any:
    """The comments just before and after one in its thread, as far as they are not deleted."""
    here = Comment.post_id == comment.post_id, Comment.deleted_at.is_(None)
    before = select(Comment).where(*here, Comment.id < comment.id).order_by(Comment.id.desc())
    after = select(Comment).where(*here, Comment.id > comment.id).order_by(Comment.id)
    earlier, later = (db.session.scalars(some.limit(number)).all() for some in (before, after))
    return earlier[::-1], later


def categories_of(cases: Sequence[Case]) -> dict:
    """Return the id of each case → its categories, the most frequent first, with how often."""
    found: dict[int, list[Any]] = {case.id: [] for case in cases}
    if found:
        number = func.count()
        rows = select(Report.case_id, Report.category, number).where(Report.case_id.in_(found))
        rows = rows.group_by(Report.case_id, Report.category)
        for id, *pair in db.session.execute(rows.order_by(number.desc(), Report.category)):
            found[id].append(pair)
    return found

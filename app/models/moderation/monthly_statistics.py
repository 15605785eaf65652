"""Monthly statistics of moderation, counted from the log, the cases and the appeals.

The figures of a month that is over are counted once and stay, whoever leaves the site later.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, bindparam, extract, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ...databases import InsertOnce
from ...extensions import Model, db
from ..audit.actions import EVERYBODY, PUBLIC_GROUPS, Action
from ..audit.entry import AuditEntry
from ..fields import utcnow
from .appeal import Appeal
from .case import Case
from .report import Report

SURE = timedelta(days=1)  # after the end of a month: whatever had begun before it is written


ACTIONS = [action for group in PUBLIC_GROUPS for action in Action.of(group)]


def _number_of(act: Any) -> Any:
    """A subquery that reads a range of an index, and nothing else."""
    during = AuditEntry.created_at >= bindparam("first"), AuditEntry.created_at < bindparam("next")
    here = AuditEntry.audience == EVERYBODY, AuditEntry.action == act, *during
    return select(func.count()).select_from(AuditEntry).where(*here).scalar_subquery()


NUMBERS = select(*map(_number_of, ACTIONS))  # built once, as it is long


class MonthFigures(Model):
    __tablename__ = "month_figures"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)  # yyyy-mm
    figures: Mapped[dict] = mapped_column(JSON)

    @classmethod
    def of(cls, month: Any) -> Any:
        """The figures of a month, which its first day names; stored once it is over. Commits."""
        name = f"{month:%Y-%m}"
        if kept := db.session.get(cls, name):
            return kept.figures
        figures = count(month)
        if beginning(after(month)) + SURE <= utcnow():
            db.session.execute(InsertOnce(cls.__table__).values(month=name, figures=figures))
            db.session.commit()
        return figures


def months() -> Iterator[date]:
    """The first days of the months since the first report or act, the newest first."""
    public = AuditEntry.audience == EVERYBODY
    acted = select(func.min(AuditEntry.created_at)).where(public)
    reported = select(func.min(Report.created_at))
    moments = [db.session.scalar(first) for first in (acted, reported)]
    month = utcnow().date().replace(day=1)
    first = min((moment.date() for moment in moments if moment), default=month)
    while month > first.replace(day=1):
        yield month
        month = (month - timedelta(days=1)).replace(day=1)
    yield month


def named(text: str) -> Any:
    """Return the first day of the month that yyyy-mm names, where there are figures of it."""
    return next((month for month in months() if f"{month:%Y-%m}" == text), None)


def after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def beginning(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def count(month: date) -> dict[str, dict[Any, Any] | int | None]:
    """Count anew; only rows of the month are read."""

    def within(moment: Any) -> Any:
        return moment >= beginning(month), moment < beginning(after(month))

    cases = _by_outcome(Case, within(Case.settled_at))
    decisions = _by_outcome(Appeal, within(Appeal.decided_at))
    decided = Appeal.decided_at, within(Appeal.decided_at)
    return {
        "acts": _acts(month),
        "reports": _number(Report, within(Report.created_at)),
        "cases": cases,
        "appeals": _number(Appeal, within(Appeal.created_at)),
        "decisions": decisions,
        "ruled_after": _median(Case, Case.settled_at, within(Case.settled_at), cases),
        "decided_after": _median(Appeal, *decided, decisions),
    }


def _acts(month: date) -> dict[Any, Any]:
    """Act → how often."""
    days = {"first": beginning(month), "next": beginning(after(month))}
    numbers = db.session.execute(NUMBERS, days).one()
    return {act: number for act, number in zip(ACTIONS, numbers, strict=True) if number}


def _number(model: type[Any], within: tuple[ColumnElement[bool], ColumnElement[bool]]) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*within)) or 0


def _by_outcome(
    model: type[Case | Appeal] | type[Appeal],
    within: tuple[ColumnElement[bool], ColumnElement[bool]],
) -> dict[str, int]:
    counted = select(model.outcome, func.count()).where(*within).group_by(model.outcome)
    return dict(db.session.execute(counted).tuples().all())


def _median(
    model: type[Case | Appeal],
    end: Any,
    within: tuple[ColumnElement[bool], ColumnElement[bool]],
    outcomes: dict[Any, Any],
) -> Any:
    """The seconds that half of them took at most, in whole ones; None where there were none."""
    number = sum(outcomes.values())
    if not number:
        return None
    if db.engine.dialect.name == "sqlite":
        took = (func.julianday(end) - func.julianday(model.created_at)) * 86400
    else:
        took = extract("epoch", end - model.created_at)
    took = took.label("took")
    middle = select(took).where(*within).order_by(took)  # by its name: it is made but once
    middle = middle.offset((number - 1) // 2).limit(2 - number % 2)
    values = [float(seconds) for seconds in db.session.scalars(middle)]
    return round(sum(values) / len(values))

"""Daily counts: how often something happened on a day (in UTC), for charts."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, String, cast, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ...databases import InsertOnce
from ...extensions import Model, db
from ..fields import utcnow
from ..statements import rows_changed


class DayCount(Model):
    __tablename__ = "day_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)

    @classmethod
    def add(cls, name: str, times: int = 1) -> None:
        """Count it today, in the running transaction. Of many at once, each is counted.

        They wait for each other until they commit, so this is the last thing before that.
        """
        db.session.flush()
        key = dict(day=utcnow().date(), name=name)
        counted = update(cls).filter_by(**key).values(count=cls.count + times)
        options = {"synchronize_session": False}
        if not rows_changed(counted, **options):
            db.session.execute(InsertOnce(cls.__table__).values(**key, count=0))
            db.session.execute(counted, execution_options=options)

    @classmethod
    def by_day(cls, name: str, days: int) -> list[tuple[date, int]]:
        """Pairs of a day and how often it happened, for so many days up to today."""
        here = cls.name == name, cls.day >= first_of(days)
        return _every_day(select(cls.day, cls.count).where(*here), days)


def moments_by_day(moment: Any, days: int, *conditions: Any) -> list[tuple[date, int]]:
    """The same for rows with a moment in them, such as `User.member_since`; it has an index."""
    if db.engine.dialect.name == "sqlite":
        day = func.date(moment)  # kept in UTC
    else:
        day = cast(func.timezone("UTC", moment), Date)
    since = utcnow().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days - 1)
    return _every_day(
        select(day, func.count()).where(moment >= since, *conditions).group_by(day), days
    )


def first_of(days: int) -> date:
    """The first of so many days up to today."""
    return utcnow().date() - timedelta(days - 1)


def _every_day(statement: Select, days: int) -> list[tuple[date, int]]:
    """Run it, and put in the days on which nothing happened."""
    counted = {str(day): count for day, count in db.session.execute(statement)}
    every = [first_of(days) + timedelta(number) for number in range(days)]
    return [(day, counted.get(str(day), 0)) for day in every]

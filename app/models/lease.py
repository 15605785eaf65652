"""Long work that a worker takes in hand for a while, step by step, and another takes up again.

Each step is a short transaction that renews the lease first: who has lost it changes nothing more.
"""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, String, or_, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from .fields import Moment, utcnow
from .statements import rows_changed

LEASE = timedelta(minutes=2)


def lease_next(cls: type[Any], due: Select, time: timedelta, **values: Any) -> Any:
    """Lease the first of the `due` rows that nobody holds, commit, and return it.

    None where nothing is due, or others hold it all. Workers do not wait for each other: one skips
    what another is about to lease. `values` are set along with the lease.
    """
    now = utcnow()
    free = or_(cls.leased_until.is_(None), cls.leased_until < now)
    due = due.with_only_columns(cls.id).where(free).limit(1)
    if db.session.scalar(due) is None:
        db.session.commit()
        return None  # without a write, which would take SQLite's lock
    due = due.with_for_update(skip_locked=True)
    leased = update(cls).where(cls.id == due.scalar_subquery(), free)
    leased = leased.values(leased_until=now + time, **values).returning(cls.id)
    id = db.session.scalar(leased, execution_options={"synchronize_session": False})
    db.session.commit()
    return id and db.session.get(cls, id, populate_existing=True)


class LeaseLost(Exception):
    """Another worker has it in hand by now, or the row is gone."""


class LeasedJob:
    """`due` says which rows wait for a worker. `done` of `total` things of a `section` are done."""

    lease_key: Mapped[str] = mapped_column(String(32), default="")
    leased_until: Mapped[Moment | None]
    tries: Mapped[int] = mapped_column(default=0)
    section: Mapped[str] = mapped_column(String(32), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)

    id: Any
    held: Any = None  # (the id, the key) that we have leased it with

    @classmethod
    def due(cls) -> Select:
        raise NotImplementedError

    @classmethod
    def lease(cls, id: Any = None) -> Any:
        """Lease the job that has waited longest, or this one; return it. See `lease_next`."""
        key, due = secrets.token_hex(16), cls.due().order_by(cls.id)
        due = due.where(cls.id == id) if id else due
        row = lease_next(cls, due, LEASE, lease_key=key, tries=cls.tries + 1)
        if row:
            row.held = row.id, key
        return row

    def renew(self, **values: Any) -> None:
        """Say how far it is, in the transaction of the step; LeaseLost where it is not ours."""
        self._update(leased_until=utcnow() + LEASE, **values)

    def release(self) -> None:
        """Leave it to whoever comes next."""
        self._update(leased_until=None, tries=self.tries - 1)

    def _update(self, **values: Any) -> None:
        cls, (id, key) = type(self), self.held
        mine = update(cls).where(cls.id == id, cls.lease_key == key)
        silent = {"synchronize_session": False}
        if not rows_changed(mine.values(**values), **silent):
            raise LeaseLost

"""The hash chain of the audit log: each entry contains the hash of the one before.

So a row that was changed or taken out is found. Entries join the chain when their transaction
commits, one transaction after the other: the lock on the end of the chain is the last that a
transaction takes, so nobody waits for it in a circle.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import String, event, func, inspect, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ...databases import LARGEST_ID
from ...extensions import Model, db
from ..fields import Id, iso

IN_ONE_GO = 1000  # entries that are read at once


@dataclass(frozen=True)
class Fault:
    """The first place at which the chain does not hold."""

    number: int
    words: str


class Chained:
    """What an entry of the log is as a link of the chain."""

    id: Any
    created_at: datetime
    action: str
    actor_id: int | None
    actor_name: str
    target_type: str
    target_id: int | None
    target_name: str
    before: str
    after: str
    reason: str
    place: str
    subject_id: int | None
    undoes_id: int | None

    number: Mapped[int | None] = mapped_column(unique=True)  # in the chain, without gaps from 1
    previous_hash: Mapped[str] = mapped_column(String(64), default="")
    hash: Mapped[str] = mapped_column(String(64), default="")

    @classmethod
    def verify(cls, newest: Any = None) -> Fault | None:
        """Read the chain, or so many of its newest entries; return the first `Fault`, or None."""
        last, last_hash = AuditHead.now()
        expected = max(1, last - newest + 1) if newest else 1
        before = select(cls.hash).where(cls.number == expected - 1)
        hash = (expected > 1 and db.session.scalar(before)) or ""
        while expected <= last:
            for entry in cls._from(expected) or [None]:
                if entry is None or entry.number != expected:
                    return Fault(expected, "is missing")
                if entry.previous_hash != hash or entry.hash != entry.seal(hash):
                    return Fault(expected, "is not what was written")
                if entry.is_misfiled:
                    return Fault(expected, "is not shown to those whom it is for")
                hash, expected = entry.hash, expected + 1
                db.session.expunge(entry)
        if expected == last + 1 and hash != last_hash:
            return Fault(last, "is not what was written")
        beyond = cls.number > func.coalesce(select(AuditHead.number).scalar_subquery(), 0)
        if db.session.scalar(select(cls.id).where(or_(cls.number.is_(None), beyond)).limit(1)):
            return Fault(last + 1, "was slipped in past the chain")
        return None

    @classmethod
    def holds(cls, noted: Any) -> Any:
        """Whether an end of the chain that was noted before, `number:hash`, is still in it."""
        number, _, hash = noted.partition(":")
        if not number.isdecimal() or int(number) > LARGEST_ID:
            return False
        if int(number) == 0:  # noted before there was any entry
            return hash == ""
        return db.session.scalar(select(cls.hash).where(cls.number == int(number))) == hash

    @classmethod
    def _from(cls, number: int) -> Sequence[Any]:
        there = select(cls).where(cls.number >= number).order_by(cls.number).limit(IN_ONE_GO)
        return db.session.scalars(there.execution_options(populate_existing=True)).all()

    def seal(self, previous_hash: str) -> str:
        """Return the hash of this entry behind the one with `previous_hash`."""
        facts = [self.number, iso(self.created_at), self.action, self.actor_id, self.actor_name]
        facts += [self.target_type, self.target_id, self.target_name, self.before, self.after]
        facts += [self.reason, self.place]
        if (more := [self.subject_id, self.undoes_id]) != [None, None]:  # most have neither
            facts += more
        canonical = json.dumps([previous_hash, *facts], ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class AuditHead(Model):
    """The end of the chain: one row, locked by whoever adds to it."""

    __tablename__ = "audit_head"
    ONLY = 1

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default="")

    @classmethod
    def now(cls) -> tuple[int, str]:
        """The number and the hash of the last entry."""
        head = db.session.get(cls, cls.ONLY, populate_existing=True)
        return (head.number, head.hash) if head else (0, "")

    @classmethod
    def lock(cls) -> Self:
        row = select(cls).where(cls.id == cls.ONLY).with_for_update()
        return db.session.scalars(row.execution_options(populate_existing=True)).one()


@event.listens_for(AuditHead.__table__, "after_create")
def _begin_the_chain(table: Any, connection: Any, **options: Any) -> None:
    connection.execute(table.insert().values(id=AuditHead.ONLY, number=0, hash=""))


@event.listens_for(db.session, "before_commit")
def _join_the_chain(session: Session) -> None:
    """Number and seal what this session wrote: the last thing it does before it commits.

    A row that somebody slipped in past `record` is left without a number, so `verify` finds it.
    """
    if not session.info.get("unsealed") or session.in_nested_transaction():
        return
    session.flush()
    entries = [entry for entry in session.info.pop("unsealed") if inspect(entry).persistent]
    if not entries:
        return
    head = AuditHead.lock()
    for entry in sorted(entries, key=lambda entry: entry.id):
        entry.number, entry.previous_hash = head.number + 1, head.hash
        entry.hash = entry.seal(head.hash)
        head.number, head.hash = entry.number, entry.hash
    session.flush()

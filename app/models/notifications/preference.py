"""Notification settings: what a member is told on the site, and by mail and how soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import HasId
from ..pair import INSERTS

MENTION, ANSWER, THREAD, FOLLOWER = "mention", "answer", "thread", "follower"
RULING, APPROVED = "ruling", "approved"
ACT = "act"  # of staff on the member's own content: always on the site, with a separate mail
BY_STAFF = (RULING, APPROVED, ACT)
PROMPT = (RULING, APPROVED)  # mails about these are never delayed
IMMEDIATELY, DAILY, NEVER = "at once", "daily", "never"


@dataclass(frozen=True)
class Choice:
    in_site: bool
    mail: str


# The defaults. If one thing concerns a person in several ways, the first kind counts.
USUAL = {
    MENTION: Choice(True, IMMEDIATELY),
    ANSWER: Choice(True, IMMEDIATELY),
    THREAD: Choice(True, DAILY),
    FOLLOWER: Choice(True, DAILY),
    RULING: Choice(True, IMMEDIATELY),
    APPROVED: Choice(True, IMMEDIATELY),
}


class NotificationChoice(Model):
    __tablename__ = "notification_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    in_site: Mapped[bool]
    mail: Mapped[str] = mapped_column(String(16))

    @classmethod
    def of(cls, user: HasId) -> dict[str, Choice]:
        """Return the choice of the user for each kind."""
        rows = db.session.scalars(select(cls).where(cls.user_id == user.id))
        return USUAL | {row.kind: Choice(row.in_site, row.mail) for row in rows}

    @classmethod
    def choose(cls, user: HasId, kind: str, choice: Choice) -> None:
        values: dict[str, Any] = dict(in_site=choice.in_site, mail=choice.mail)
        cls._put(dict(user_id=user.id, kind=kind, **values), values)

    @classmethod
    def stop_mails(cls, user: HasId, kinds: Sequence[str]) -> None:
        """Turn off mails about these kinds; what the site shows stays."""
        for kind in kinds:
            values: dict[str, Any] = dict(
                user_id=user.id, kind=kind, in_site=USUAL[kind].in_site, mail=NEVER
            )
            cls._put(values, dict(mail=NEVER))

    @classmethod
    def _put(cls, row: dict, changes: dict) -> None:
        insert: Any = INSERTS[db.engine.dialect.name](cls.__table__).values(**row)
        key = [cls.user_id, cls.kind]
        db.session.execute(insert.on_conflict_do_update(index_elements=key, set_=changes))

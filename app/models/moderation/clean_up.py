"""Clean-ups: hiding everything a member wrote since a moment, and restoring it, as one action.

Long ones go on in the background, some texts in each transaction. Locks are taken in the order of
all others: texts, then the posts that they answer, then people.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ForeignKey, Row, Select, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...text.dates import date_time
from ..audit.actions import Action
from ..audit.entry import OPERATOR, AuditEntry
from ..content.comment import Comment
from ..content.post import Post
from ..errors import Refused
from ..fields import NEVER_TWICE, CreatedAt, Id, Moment, Reason, partial_index, utcnow
from ..lease import LeasedJob
from ..notifications import dispatch
from ..users.user import Actor, User
from .clean_up_scope import KINDS, count_written, written_since

BATCH_SIZE = 50  # texts in one step
DUE = "undone_at IS NULL AND (finished_at IS NULL OR undo_asked_at IS NOT NULL)"
SILENT = {"synchronize_session": False}


class UnderWay(Refused):
    """Another one of the same member is being carried out; `clean_up` is that."""

    def __init__(self, clean_up: "CleanUp") -> None:
        said = f" Their reason: {clean_up.reason}" if clean_up.reason else ""
        what = "undoing a clean-up" if clean_up.undo_asked_at else "cleaning up"
        super().__init__(
            f"{clean_up.by_name} is {what} after {clean_up.user.username} since"
            f" {date_time(clean_up.since)} just now; nothing more was started.{said}"
        )
        self.clean_up = clean_up


class CleanUp(LeasedJob, Model):
    """Hiding, hidden, being undone or undone.

    A text that it hides bears its number, so what was hidden before, or is restored meanwhile, is
    left alone when it is undone. `section` and `reached_at` say how far it is.
    """

    __tablename__ = "clean_ups"
    __table_args__ = (partial_index("ix_clean_ups_due", DUE), NEVER_TWICE)

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    by_name: Mapped[str] = mapped_column(String(64))
    since: Mapped[Moment]
    reason: Mapped[Reason]
    reached_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    undo_asked_at: Mapped[Moment | None]
    undone_at: Mapped[Moment | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])

    @classmethod
    def due(cls) -> Select:
        waits = cls.finished_at.is_(None) | cls.undo_asked_at.is_not(None)
        return select(cls).where(cls.undone_at.is_(None), waits)

    @classmethod
    def of(cls, user: User) -> Select:
        """Those of a member, the newest first."""
        return select(cls).where(cls.user_id == user.id).order_by(cls.id.desc())

    @classmethod
    def ask(
        cls, user: User, since: datetime, *, by: Actor = None, reason: str = ""
    ) -> tuple[Self, bool]:
        """Hide what a member wrote since a moment; return (row, is new).

        The same once more, as by a double click, is the one under way. Refused while another is,
        and where there is nothing to hide.
        """
        user.require_rank(by)
        if there := cls.under_way(user):
            if there._is_the_same(since, by, reason):
                return there, False
            raise UnderWay(there)
        numbers = count_written(user, since)
        if not any(numbers.values()):
            raise Refused(f"{user.username} hasn’t posted anything since then.")
        who: dict[str, Any] = dict(
            by_id=getattr(by, "id", None), by_name=getattr(by, "username", OPERATOR)
        )
        total = sum(numbers.values())
        row = cls(user_id=user.id, since=since, reason=reason, total=total, **who)
        db.session.add(row)
        db.session.flush()
        after = {"clean_up": row.id, "since": date_time(since), **numbers}
        said: dict[str, Any] = dict(reason=reason, after=after, subject_id=row.id)
        dispatch.notify_action(AuditEntry.record(Action.CLEAN_UP, user, by=by, **said), user.id)
        return row, True

    @classmethod
    def under_way(cls, user: User) -> Self | None:
        """The one that is just being carried out or undone, or None."""
        return db.session.scalar(cls.due().where(cls.user_id == user.id).limit(1))

    def _is_the_same(self, since: datetime, by: Actor, reason: str) -> bool:
        asked = self.since, self.by_id, self.reason
        return self.undo_asked_at is None and asked == (since, getattr(by, "id", None), reason)

    def undo(self, *, by: Actor = None, reason: str = "") -> bool:
        """Let all come back that it has hidden, also where it is not through yet.

        Of many at once, one is True.
        """
        self._lock()
        self.user.require_rank(by)
        if self.undo_asked_at is not None:
            return False
        hidden = sum(map(self._count_hidden, KINDS))
        self.undo_asked_at, self.leased_until = utcnow(), None
        self.done, self.total = 0, hidden
        after = {"clean_up": self.id, "texts": hidden}
        about: dict[str, Any] = dict(reason=reason, after=after, subject_id=self.id)
        dispatch.notify_action(
            AuditEntry.record(Action.UNDO_CLEAN_UP, self.user, by=by, **about), self.user_id
        )
        return True

    @property
    def state(self) -> str:
        if self.undone_at:
            return "undone"
        if self.undo_asked_at:
            return "being undone"
        return "hidden" if self.finished_at else "hiding"

    @property
    def is_under_way(self) -> bool:
        return self.state in ("hiding", "being undone")

    def step(self) -> int:
        """Hide or restore some more in the running transaction; return how many. 0: it is done."""
        self.renew()
        db.session.refresh(self)  # somebody may have asked to undo it
        act = self._restore_some if self.undo_asked_at else self._hide_some
        if number := act():
            self.renew(done=self.done + number)
        else:
            moment = "undone_at" if self.undo_asked_at else "finished_at"
            self._update(leased_until=None, **{moment: utcnow()})
        return number

    def _hide_some(self) -> int:
        for kind in KINDS:
            section, reached = kind.__tablename__, self.reached_at
            if self.section == Post.__tablename__ != section:
                continue
            since = reached if reached and self.section == section else self.since
            here = written_since(kind, self.user_id, since, until=self.created_at)
            rows = _some(kind, *here, order=[kind.created_at, kind.id])
            if rows:
                hidden = dict(hidden_at=utcnow(), hidden_by=self.by_name, clean_up_id=self.id)
                _set(kind, rows, hidden_reason=self.reason, **hidden)
                dispatch.sync_all_notifications(kind.noun, [row.id for row in rows])
                self._count(kind, rows, -1)
                self.renew(section=section, reached_at=rows[-1].created_at)
                return len(rows)
        return 0

    def _restore_some(self) -> int:
        for kind in KINDS:
            here = kind.clean_up_id == self.id, kind.held_at.is_(None)
            if rows := _some(kind, *here, order=[kind.id]):
                shown = dict(hidden_at=None, hidden_by="", hidden_reason="", clean_up_id=None)
                _set(kind, rows, **shown)
                self._count(kind, [row for row in rows if row.deleted_at is None], 1)
                dispatch.sync_all_notifications(kind.noun, [row.id for row in rows])
                return len(rows)
        return 0

    def _count(self, kind: type[Comment] | type[Post], rows: Sequence[Row], sign: int) -> None:
        """Let the stored counts follow, of posts by the lowest id first."""
        if kind is Comment:
            for id, number in sorted(Counter(row.post_id for row in rows).items()):
                Post.count_up(id, comment_count=sign * number)
        User.count_up(self.user_id, **{f"{kind.noun}_count": sign * len(rows)})

    def _count_hidden(self, kind: type[Any]) -> int:
        here = select(func.count()).select_from(kind).where(kind.clean_up_id == self.id)
        return db.session.scalar(here) or 0

    def _lock(self) -> None:
        row: dict[str, Any] = dict(populate_existing=True, with_for_update={"of": CleanUp})
        if db.session.get(CleanUp, self.id, **row) is None:
            raise Refused("The account and its hidden posts were deleted.")


def _some(kind: type[Comment] | type[Post], *conditions: Any, order: Any) -> Sequence[Row]:
    columns = [kind.id, kind.created_at, kind.deleted_at]
    columns += [kind.post_id] if kind is Comment else []
    some = select(*columns).where(*conditions).order_by(*order).limit(BATCH_SIZE)
    return db.session.execute(some.with_for_update(key_share=True)).all()


def _set(kind: type[Post] | type[Comment], rows: Sequence[Row], **values: Any) -> None:
    here = update(kind).where(kind.id.in_([row.id for row in rows])).values(**values)
    db.session.execute(here, execution_options=SILENT)

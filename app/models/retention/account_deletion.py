"""Account deletions: requested by the owner, with time to reconsider, or by staff at once."""

from datetime import timedelta
from typing import Any, Self

from sqlalchemy import ForeignKey, Select, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..audit.entry import SITE
from ..errors import Refused
from ..fields import NEVER_TWICE, CreatedAt, Id, Moment, utcnow
from ..lease import LeasedJob
from ..statements import rows_changed
from ..users.user import Actor, User
from .erasure import count_left, delete_account, delete_row

TO_THINK = timedelta(days=14)
OWN_WISH = "At their own request."
BEGUN = "Your account is already being deleted. This can’t be stopped."
LAST = "This would leave the site without an administrator. Add another one first."


class AccountDeletion(LeasedJob, Model):
    """There as long as it waits or is under way; it goes with the account, or when that is kept.

    `User.leaving_at` says the same moment as `due_at`, for every page that its owner opens.
    """

    __tablename__ = "account_deletions"
    __table_args__ = NEVER_TWICE

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    removes_writing: Mapped[bool]
    by_staff: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[Moment] = mapped_column(index=True)
    begun_at: Mapped[Moment | None]

    @classmethod
    def of(cls, user: User) -> Self | None:
        return db.session.scalar(select(cls).where(cls.user_id == user.id))

    @classmethod
    def due(cls) -> Select:
        return select(cls).where(cls.due_at <= utcnow())

    @classmethod
    def ask(cls, user: User, *, removes_writing: bool) -> tuple[Self, bool]:
        """Delete the account in two weeks; what was asked before stands. Return (row, is new)."""
        User.one_at_a_time()
        db.session.refresh(user, with_for_update={"of": User})
        if there := cls.of(user):
            return there, False
        if user.is_last_administrator:
            raise Refused(LAST)
        user.leaving_at = utcnow() + TO_THINK
        row = cls(user_id=user.id, removes_writing=removes_writing, due_at=user.leaving_at)
        db.session.add(row)
        db.session.flush()
        return row, True

    @classmethod
    def keep(cls, user: User) -> bool:
        """Take the wish back; return whether there was one. Refused once it is carried out."""
        User.one_at_a_time()
        waits = cls.user_id == user.id, cls.begun_at.is_(None)
        kept = rows_changed(delete(cls).where(*waits)) == 1
        if not kept and cls.of(user):
            raise Refused(BEGUN)
        if kept:
            cls._stay(user.id)
        return kept

    @classmethod
    def order(
        cls, user: User, *, by: Actor = None, reason: str = "", removes_writing: bool = False
    ) -> Self:
        """Delete an account as staff: it is closed at once, then erased step by step.

        The caller commits, and then has it carried out, or leaves that to a worker.
        """
        user.close_for_good(by=by, reason=reason)
        now = utcnow()
        db.session.execute(delete(cls).where(cls.user_id == user.id))
        values: dict[str, Any] = dict(
            removes_writing=removes_writing, by_staff=True, due_at=now, begun_at=now
        )
        db.session.add(row := cls(user_id=user.id, total=count_left(user.id), **values))
        db.session.flush()
        return row

    def begin(self) -> bool:
        """From now on nobody can stop it; False where the account has to stay.

        The last administrator stays: nobody else was there when the day came.
        """
        User.one_at_a_time()
        user = db.session.get(User, self.user_id, populate_existing=True)
        if self.begun_at is None and user is not None and user.is_last_administrator:
            self.renew()
            db.session.execute(delete(AccountDeletion).where(AccountDeletion.id == self.id))
            self._stay(self.user_id)
            return False
        if self.begun_at is None:
            self.renew(begun_at=utcnow(), total=count_left(self.user_id))
        return True

    def finish(self) -> User | None:
        """The account goes, and this row with it; return who it was."""
        User.one_at_a_time()
        self.renew()
        user = db.session.get_one(User, self.user_id)
        if self.by_staff:  # the log has it since then
            delete_row(user, removes_writing=self.removes_writing)
        else:
            delete_account(user, by=SITE, reason=OWN_WISH, removes_writing=self.removes_writing)
        db.session.flush()
        return user

    @staticmethod
    def _stay(id: int) -> None:
        silent = {"synchronize_session": False}
        here = update(User).where(User.id == id).values(leaving_at=None)
        db.session.execute(here, execution_options=silent)

"""Approval: in that mode of registration, newcomers wait until an administrator lets them in."""

from typing import Self

from sqlalchemy import Select, select, update

from ...extensions import db
from ..audit.actions import Action
from ..fields import utcnow
from ..statements import rows_changed
from .administration import UserAdministration
from .rank import Refused


class Approval(UserAdministration):
    """Asking to be let in, and the two answers; of two who decide at once, one does."""

    @classmethod
    def awaiting(cls) -> Select:
        """Newcomers who proved their address and wait; those who have not yet are not counted."""
        return select(cls).where(cls.approval_asked_at.is_not(None), cls.confirmed_at.is_not(None))

    def ask_for_approval(self, reason: str) -> None:
        self.approval_asked_at, self.sign_up_reason = utcnow(), reason

    def approve(self, *, by: Self | None = None, reason: str = "") -> None:
        """Let the newcomer in."""
        self._decide(by)
        self.record(Action.APPROVE_ACCOUNT, by, reason)

    def decline(self, *, by: Self | None = None, reason: str = "") -> None:
        """Delete the account of the newcomer, who may sign up again."""
        self._decide(by)
        self.record(Action.DECLINE_ACCOUNT, by, reason)
        db.session.delete(self)
        db.session.flush()

    def why_not_decided_by(self, person: Self) -> str | None:
        """Return a sentence that says why the person may not decide on this newcomer; else None."""
        role = self.current_role
        if role is not None and not person.may_grant(role):
            return f"New members get the role {role.name}, which allows more than yours."
        return None

    def _decide(self, by: Self | None) -> None:
        with db.session.begin_nested():
            if not self._take_from_queue():
                raise Refused(f"Someone already decided on {self.username}.")
            self.require_rank(by)
            if by is not None and (words := self.why_not_decided_by(by)):
                raise Refused(words)
        db.session.refresh(self)

    def _take_from_queue(self) -> bool:
        """Whether the newcomer waited until now; others who decide at the same time are told no."""
        model = type(self)
        here = model.id == self.id, model.approval_asked_at.is_not(None)
        taken = update(model).where(*here).values(approval_asked_at=None)
        return rows_changed(taken, synchronize_session=False) > 0

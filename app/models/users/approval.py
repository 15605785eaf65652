"""Approval of new accounts by administrators, in the registration mode that requires it."""

from typing import Self

from sqlalchemy import Select, select, update

from ...extensions import db
from ..audit.actions import Action
from ..fields import utcnow
from ..statements import rows_changed
from .administration import UserAdministration
from .rank import Refused


class Approval(UserAdministration):
    """The request and the two decisions; of two concurrent decisions, one is refused."""

    @classmethod
    def awaiting(cls) -> Select:
        """Select the users who have confirmed their address and await approval."""
        return select(cls).where(cls.approval_asked_at.is_not(None), cls.confirmed_at.is_not(None))

    def ask_for_approval(self, reason: str) -> None:
        self.approval_asked_at, self.sign_up_reason = utcnow(), reason

    def approve(self, *, by: Self | None = None, reason: str = "") -> None:
        """Approve the account."""
        self._decide(by)
        self.record(Action.APPROVE_ACCOUNT, by, reason)

    def decline(self, *, by: Self | None = None, reason: str = "") -> None:
        """Delete the account; its owner may sign up again."""
        self._decide(by)
        self.record(Action.DECLINE_ACCOUNT, by, reason)
        db.session.delete(self)
        db.session.flush()

    def why_not_decided_by(self, person: Self) -> str | None:
        """Return why the person may not decide on this account, in a sentence; None if they may."""
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
        """Clear the request; return False if a concurrent decision has done so."""
        model = type(self)
        here = model.id == self.id, model.approval_asked_at.is_not(None)
        taken = update(model).where(*here).values(approval_asked_at=None)
        return rows_changed(taken, synchronize_session=False) > 0

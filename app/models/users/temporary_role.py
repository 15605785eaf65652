"""Temporary roles: they end by themselves, and the former role returns.

From the moment on at which a term ends, the former role counts (`User.current_role`). What is
written here only settles that in the rows, in the log and by mail, whoever comes first.
"""

from datetime import timedelta
from typing import Any, Self

from sqlalchemy import Select, select, update

from ...extensions import db
from ...permissions import Permission
from ..audit.actions import Action
from ..audit.entry import SITE, AuditEntry
from ..errors import Refused
from ..fields import utcnow
from ..roles.role import Role
from ..statements import rows_changed
from .rank import Ranked

SHORT = timedelta(days=1)  # so long before its end a term is called to mind, unless it was shorter


class TemporaryRoleHolder(Ranked):
    @classmethod
    def with_role_due(cls) -> Select:
        """The ids of those whose term is over, but who still have the role in their row."""
        return select(cls.id).where(cls.role_until <= utcnow()).order_by(cls.role_until, cls.id)

    @classmethod
    def with_role_ending(cls) -> Select:
        """The ids of those whose term ends within a day, and who have not been told."""
        near = cls.role_until > utcnow(), cls.role_until <= utcnow() + SHORT
        untold = cls.role_notice_at.is_(None)
        return select(cls.id).where(*near, untold).order_by(cls.role_until, cls.id)

    def end_role(self) -> Action | None:
        """Return to the former role. Of several who try, one gets the Action, others None.

        Where nobody else could administer, the role stays for good (R-82).
        """
        self.one_at_a_time()
        model = type(self)
        if db.session.get(model, self.id, populate_existing=True) is None or not self.role_is_over:
            return None
        before, outcome = self.role_in_words, Action.END_ROLE
        if self._was_the_last_administrator():
            outcome = Action.KEEP_ROLE
        else:
            self.role = self.returns_to
        self.role_until = self.former_role = self.role_notice_at = None
        after = self.role_in_words
        AuditEntry.record(outcome, self, by=SITE, before=before, after=after)
        return outcome

    def claim_notice(self) -> bool:
        """Take it on to tell the person that the end is near; of several who try, one may."""
        model = type(self)
        untold = model.id == self.id, model.role_notice_at.is_(None)
        same = model.role_until == self.role_until
        noted = update(model).where(*untold, same).values(role_notice_at=utcnow())
        return rows_changed(noted) == 1

    def trade_role(self, old: Role, new: Role, *, by: Self | None = None) -> Any:
        """Hold `new` wherever `old` was: now, or to return to. For a role that goes away."""
        if by is not None and not by.may_act_on(self):
            raise Refused(by.why_not_act_on(self))
        before = self.role_in_words
        self.role = new if self.role is old else self.role
        self.former_role = new if self.former_role is old else self.former_role
        if self.former_role is self.role:  # nothing is left that could end
            self.role_until = self.former_role = self.role_notice_at = None
        reason = f"The role {old.name} was removed."
        after = f"{self.role_in_words}{self._and_then}"
        AuditEntry.record(
            Action.CHANGE_ROLE, self, by=by, reason=reason, before=before, after=after
        )

    @property
    def _and_then(self) -> str:
        return f", then {self.former_role.name}" if self.former_role else ""

    def _was_the_last_administrator(self) -> bool:
        """Whether this term was all that let anybody administer."""
        return (
            self.is_account_open
            and self.role is not None
            and self.role.has_permission(Permission.ADMIN)
            and db.session.scalar(self.administrators().limit(1)) is None
        )

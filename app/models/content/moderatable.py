"""Moderation of a post or comment: hiding, editing, removing. Each action is in the audit log.

The author and staff still see hidden content, with the reason.
"""

from functools import reduce
from operator import or_
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ..audit.actions import Action
from ..audit.entry import OPERATOR, AuditEntry
from ..errors import Refused
from ..fields import Moment, Reason, utcnow
from ..notifications import dispatch
from ..users.user import Actor, User
from .content import Content
from .rules import RETENTION

TAKEN_OUT = "taken out of the public history"
BY_CLEAN_UP = "clean_up_id IS NOT NULL"


class Moderatable(Content):
    """Actions of staff, which return whether they changed anything.

    `by` is who acts. None, an operator at the shell, and SITE may act on all content.
    """

    hidden_at: Mapped[Moment | None]
    hidden_reason: Mapped[Reason]
    hidden_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    clean_up_id: Mapped[int | None]  # the CleanUp that hid it, which goes with its member

    @property
    def author_mask(self) -> int:
        roles = (self.author.role, self.author.former_role) if self.author else ()
        return reduce(or_, (role.permissions for role in roles if role), 0)

    @property
    def is_removed(self) -> bool:
        """Whether it is due to be purged."""
        return self.is_deleted and self.gone_at <= utcnow()

    def remove(self, *, by: Actor, reason: str = "") -> bool:
        """Remove it for good: it becomes due for purging, see retention/purge.py."""
        self._lock_for_action(by)
        if isinstance(by, User) and not self.removable_by(by):
            raise Refused("Only administrators can remove something for good.")
        if self.is_removed:
            return False
        was_shown, self.deleted_at = self.is_shown, utcnow() - RETENTION
        entry = AuditEntry.record(Action.REMOVE_CONTENT, self, by=by, reason=reason)
        dispatch.notify_action(entry, self.author_id)
        dispatch.withdraw(self)
        if was_shown:
            self.count(-1)
        return True

    def _set_hidden(self, by: Actor, reason: str) -> None:
        self.hidden_at, self.hidden_reason = utcnow(), reason
        self.hidden_by = str(getattr(by, "username", by or OPERATOR))

    def _record(self, action: Action, by: Actor, reason: str, **said: Any) -> AuditEntry:
        """Write it into the log, and tell the author."""
        entry = AuditEntry.record(action, self, by=by, reason=reason, **said)
        dispatch.notify_action(entry, self.author_id, self)
        return entry

    def _lock_for_action(self, by: Actor) -> None:
        """Lock it, and refuse an act that `by` may not do by now.

        Both people are read anew and neither is locked, as texts come before people.
        """
        self.lock()
        if by is None or isinstance(by, str):
            return
        if by.viewed_role is not None:
            raise Refused("You’re viewing the site as another role. Exit the preview first.")
        both = select(User).where(User.id.in_([self.author_id, by.id]))
        there = db.session.scalars(both.execution_options(populate_existing=True)).all()
        if by not in there or not by.is_active:
            raise Refused("Your account is deactivated.")
        if words := self.why_not_moderated_by(by):
            raise Refused(words)

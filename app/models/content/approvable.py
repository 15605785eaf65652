"""Approval: posts and comments that are hidden, when new or edited, until staff decide.

Its author and staff see it, as all that is hidden; it is not counted, and nobody is told of it.
"""

from sqlalchemy import ColumnElement, String
from sqlalchemy.orm import Mapped, mapped_column

from ...text.markdown import Text as Draft
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import Moment, utcnow
from ..notifications import dispatch
from ..users.user import Actor
from .moderatable import Moderatable
from .screening import Hold

WAITED = "waited for approval"  # as the log has it
CHANGED = "The author changed it in the meantime. Please read it again."


class Approvable(Moderatable):
    """Verbs are safe to repeat: of many at once, one is True, and the log has one entry."""

    held_at: Mapped[Moment | None]
    held_for: Mapped[str] = mapped_column(String(8), default="")  # see holding.py
    held_word: Mapped[str] = mapped_column(String(64), default="")  # the one that is watched
    approved_at: Mapped[Moment | None]

    @property
    def is_new(self) -> bool:
        """Whether it was held when it was written, and not after an edit."""
        return self.edited_at is None

    @classmethod
    def waiting(cls) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return the conditions that it awaits approval."""
        return cls.held_at.is_not(None), cls.deleted_at.is_(None)

    def hold(self, why: Hold) -> None:
        """Hold it for approval, and withdraw the notifications about it."""
        if self.id is not None and self.is_shown:
            self.count(-1)
        self.held_at = self.hidden_at = self.held_at or utcnow()
        self.held_for, self.held_word = why.reason, why.word
        if self.id is not None:
            dispatch.sync_notifications(self)

    def approve(self, *, by: Actor, version: int, reason: str = "") -> bool:
        """Show it to everyone, a new one as of now, and notify the people concerned.

        Return False if it does not await approval. Raise Refused if the
        present version is not `version`.
        """
        called = Draft(self.body).called
        if not self._settle(version, by):
            return False
        now = utcnow()
        self.hidden_at, self.approved_at = None, now
        self.created_at = now if self.is_new else self.created_at
        entry = AuditEntry.record(Action.APPROVE, self, by=by, reason=reason)
        self.count(1)
        dispatch.sync_notifications(self)
        dispatch.notify_approval(self, entry)
        if self.is_new:
            self.tell(called)
        return True

    def decline(self, *, by: Actor, version: int, reason: str) -> bool:
        """Leave it hidden; the author sees the reason. Return and raise as `approve` does."""
        if not self._settle(version, by):
            return False
        self._set_hidden(by, reason)
        self._record(Action.DECLINE, by, reason)
        return True

    def hold_again(self, *, by: Actor, reason: str = "") -> bool:
        """Hold it for approval again, which undoes a decision. Return whether anything changed."""
        self._lock_for_action(by)
        if self.is_held or self.is_deleted:
            return False
        if self.is_shown:
            self.count(-1)
        self.held_at = self.hidden_at = utcnow()
        self.approved_at, self.hidden_reason, self.hidden_by = None, "", ""
        dispatch.sync_notifications(self)
        AuditEntry.record(Action.HOLD, self, by=by, reason=reason)
        return True

    def hide(self, *, by: Actor, reason: str) -> bool:
        """Hide it; if it awaits approval, that ends. Return whether anything changed."""
        self._lock_for_action(by)
        waited, was_shown = self.is_held, self.is_shown
        if self.is_hidden and not waited:
            return False
        self._end_wait()
        self._set_hidden(by, reason)
        self._record(Action.HIDE, by, reason, before=WAITED if waited else "")
        if was_shown:
            self.count(-1)
        dispatch.sync_notifications(self)
        return True

    def restore(self, *, by: Actor, reason: str = "") -> bool:
        """Show it again, unless it awaits approval. Return whether anything changed."""
        self._lock_for_action(by)
        if not self.is_hidden or self.is_held:
            return False
        self._record(Action.RESTORE, by, reason, subject_id=self.clean_up_id)
        self.hidden_at = self.clean_up_id = None
        self.hidden_reason = self.hidden_by = ""
        if self.is_shown:
            self.count(1)
        dispatch.sync_notifications(self)
        return True

    def _settle(self, version: int, by: Actor) -> bool:
        """End the wait for approval; return False if there is none, or it is deleted."""
        self._lock_for_action(by)
        if not self.is_held or self.is_deleted:
            return False
        if self.version != version:
            raise Refused(CHANGED)
        self._end_wait()
        return True

    def _end_wait(self) -> None:
        self.held_at, self.held_for, self.held_word = None, "", ""

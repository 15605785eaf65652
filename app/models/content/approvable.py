"""What waits for approval: hidden from the start, or since an edit, until staff has decided.

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
        """Whether it was held from the start: one that others had read says when it was edited."""
        return self.edited_at is None

    @classmethod
    def waiting(cls) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The conditions that it waits for approval."""
        return cls.held_at.is_not(None), cls.deleted_at.is_(None)

    def hold(self, why: Hold) -> None:
        """Let it wait, a text that others have read too; what told of it is withdrawn."""
        if self.id is not None and self.is_shown:
            self.count(-1)
        self.held_at = self.hidden_at = self.held_at or utcnow()
        self.held_for, self.held_word = why.reason, why.word
        if self.id is not None:
            dispatch.sync_notifications(self)

    def approve(self, *, by: Actor, version: int, reason: str = "") -> bool:
        """Let everybody read it, a new one as if it were written now, and tell whom it concerns.

        Refused where it is no longer the `version` that was read.
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
        """Leave it hidden, for a reason that its author reads."""
        if not self._settle(version, by):
            return False
        self._set_hidden(by, reason)
        self._record(Action.DECLINE, by, reason)
        return True

    def hold_again(self, *, by: Actor, reason: str = "") -> bool:
        """Let it wait once more, as if nobody had decided on it."""
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
        """What waits, waits no longer: it stays hidden, as others are."""
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
        """What waits is approved, not restored."""
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
        """It waits no longer; False where it did not, or is deleted."""
        self._lock_for_action(by)
        if not self.is_held or self.is_deleted:
            return False
        if self.version != version:
            raise Refused(CHANGED)
        self._end_wait()
        return True

    def _end_wait(self) -> None:
        self.held_at, self.held_for, self.held_word = None, "", ""

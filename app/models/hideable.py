"""What moderators can hide: its author and staff still see it, with the reason."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .audit import AuditEntry
from .fields import Moment, Reason, utcnow


class Hideable:
    """Verbs are safe to repeat: of many at once, one is True. Stored counts follow.

    A class brings `lock`, which waits for whoever changes it, and `count`, which counts it again
    or no longer.
    """

    hidden_at: Mapped[Moment | None]
    hidden_reason: Mapped[Reason]
    hidden_by: Mapped[str] = mapped_column(String(64), default="")  # the username

    def hide(self, *, by, reason):
        self.lock()
        if self.is_hidden:
            return False
        self.hidden_at, self.hidden_reason, self.hidden_by = utcnow(), reason, by.username
        AuditEntry.record("hide", self, by=by, reason=reason)
        if not self.is_deleted:
            self.count(-1)
        return True

    def restore(self, *, by, reason=""):
        self.lock()
        if not self.is_hidden:
            return False
        self.hidden_at, self.hidden_reason, self.hidden_by = None, "", ""
        AuditEntry.record("restore", self, by=by, reason=reason)
        if not self.is_deleted:
            self.count(1)
        return True

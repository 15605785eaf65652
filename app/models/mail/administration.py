"""Outbox administration: retrying and canceling mails, recorded in the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, update

from ...extensions import db
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..fields import utcnow
from ..statements import rows_changed
from ..users.rank import Refused
from ..users.user import User

BATCH_SIZE = 10_000  # mails that one act takes up; the rest is left for the next


class OutboxAdministration:
    """Verbs with `by=` and `reason=`; safe to repeat: what is so already leaves no entry."""

    noun = "mail"  # in the log
    id: Any
    leased_until: datetime | None
    tries: int
    dead_at: datetime | None
    rejected_at: datetime | None
    dropped_at: datetime | None
    next_at: datetime
    text: str
    html: str
    unsubscribe_url: str | None

    @property
    def state(self) -> str:
        raise NotImplementedError

    @classmethod
    def dead(cls) -> Select:
        raise NotImplementedError

    @property
    def is_leaving(self) -> bool:
        """Whether a mail worker is sending it."""
        leased = self.leased_until is not None and self.leased_until >= utcnow()
        return leased and self.state == "waiting"

    @property
    def is_due(self) -> bool:
        """Whether it waits for nothing but a mail worker."""
        return self.state == "waiting" and self.next_at <= utcnow()

    def why_not_handle(self) -> str | None:
        """Return a sentence that says why it can be neither retried nor dropped; None: it can."""
        if self.state == "sent":
            return "This email was sent."
        if self.state == "dropped":
            return "This email was canceled and its content deleted."
        if self.is_leaving:
            return "This email is being sent right now. Check again in a minute."
        return None

    def retry(self, *, by: User | None = None, reason: str = "") -> bool:
        """Try a mail that was given up, or that waits, again now."""
        self._lock_for_action(by)
        if problem := self.why_not_handle():
            raise Refused(problem)
        if self.is_due and self.tries == 0:
            return False
        before = f"{self.state}, tries {self.tries}"
        self.tries, self.dead_at, self.rejected_at, self.next_at = 0, None, None, utcnow()
        AuditEntry.record(
            Action.RETRY_MAIL, self, by=by, reason=reason, before=before, after="waiting"
        )
        return True

    def drop(self, *, by: User | None = None, reason: str = "") -> bool:
        """Never send it. Its body held live links, so it is blanked."""
        self._lock_for_action(by)
        if self.state == "dropped":
            return False
        if problem := self.why_not_handle():
            raise Refused(problem)
        before = f"{self.state}, tries {self.tries}"
        self.dropped_at, self.text, self.html, self.unsubscribe_url = utcnow(), "", "", None
        AuditEntry.record(
            Action.DROP_MAIL, self, by=by, reason=reason, before=before, after="dropped"
        )
        return True

    @classmethod
    def retry_all(cls, *, by: User | None = None, reason: str = "") -> int:
        """Try all that were given up again now, the oldest first; return how many."""
        _require_administrator(by)
        given_up = cls.dead().with_only_columns(cls.id).order_by(cls.id).limit(BATCH_SIZE)
        again = update(cls).where(cls.id.in_(given_up.with_for_update()))
        again = again.values(tries=0, dead_at=None, next_at=utcnow())
        again = again.execution_options(synchronize_session=False)
        if count := rows_changed(again):
            AuditEntry.record(Action.RETRY_MAILS, by=by, reason=reason, after=f"{count} mails")
        return count

    def _lock_for_action(self, by: User | None) -> None:
        """Lock the row: no mail worker leases it until we are done, and we see what one did."""
        _require_administrator(by)
        row: dict[str, Any] = dict(populate_existing=True, with_for_update=True)
        if db.session.get(type(self), self.id, **row) is None:
            raise Refused("This email is no longer stored.")


def _require_administrator(by: User | None) -> None:
    if by is not None and not (by.is_active and by.is_administrator()):
        raise Refused("Only administrators can do this.")

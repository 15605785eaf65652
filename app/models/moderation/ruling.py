"""Rulings: claiming a case, deciding on it, and reopening it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ...text.dates import date_time
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import Moment, Reason, utcnow
from ..locking import lock_row
from ..notifications import dispatch
from ..users.user import User
from .sanction import Sanction

CLAIM = timedelta(minutes=30)  # then a claim lapses
DISMISSED, HIDDEN, SANCTIONED, BOTH = OUTCOMES = (
    "dismissed",
    "hidden",
    "sanctioned",
    "hidden and sanctioned",
)
OWN_MATTER = "This is about you, so another moderator decides."
GONE = "What was reported no longer exists. Dismiss the reports or sanction the author."


@dataclass(frozen=True)
class Penalty:
    """The sanction that comes with a ruling; `form_key` is of the form that it was ruled with."""

    kind: str
    until: datetime | None = None
    form_key: str | None = None


@dataclass(frozen=True)
class Effects:
    """What a ruling came to. `hidden`: it was not hidden before."""

    hidden: bool
    sanction: Sanction | None


class Ruled:
    """Verbs lock the case and see whether it is open still: of several who rule, one does.

    The roles are locked before the case, where somebody is sanctioned, and texts after it.
    """

    id: Any
    noun: Any
    person_id: Any
    person: Any
    claimed_by_id: Any
    claimed_by: Any
    reports: Any
    thing: Any
    in_words: Any

    claimed_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    outcome: Mapped[str] = mapped_column(String(32), default="")
    ruling: Mapped[Reason]

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def is_claimed(self) -> bool:
        """Whether a moderator has it in hand: a claim lapses by itself."""
        return self.claimed_by_id is not None and self.lapses_at > utcnow()

    @property
    def lapses_at(self) -> datetime:
        return (self.claimed_at or utcnow()) + CLAIM

    def is_claimed_by(self, user: User) -> bool:
        return self.is_claimed and self.claimed_by_id == user.id

    @classmethod
    def unclaimed(cls) -> Any:
        """The condition that nobody has it in hand; compare `is_claimed`."""
        lapsed = cls.claimed_at <= utcnow() - CLAIM
        return or_(cls.claimed_by_id.is_(None), lapsed)

    def why_not_ruled_by(self, user: User) -> str | None:
        """Return a sentence that says why a moderator may not rule on it now; None: they may."""
        if self.person_id == user.id:
            return OWN_MATTER
        if not self.is_open:
            who = "You have" if self.settled_by == user.username else f"{self.settled_by} has"
            return f"{who} ruled on this already: {self.outcome}."
        if self.is_claimed and not self.is_claimed_by(user):
            return f"{self.claimed_by.username} claimed this until {date_time(self.lapses_at)}."
        return None

    def hideable_by(self, user: User) -> bool:
        """Whether there is a text to hide, and the rank of who wrote it allows that."""
        is_text = self.noun != "user" and self.thing is not None
        return is_text and self.thing.moderatable_by(user)

    def claim(self, *, by: User) -> None:
        """Take it in hand, so that no other moderator does; again, it lasts from now on."""
        self._take(by)
        self.claimed_by, self.claimed_at = by, utcnow()

    def release(self, *, by: User) -> bool:
        """Let it go; False where the moderator did not have it in hand."""
        self.lock()
        if not self.is_claimed_by(by):
            return False
        self.claimed_by = self.claimed_at = None
        return True

    def dismiss(self, *, by: User, reason: str, again: bool = False) -> None:
        """Nothing is wrong with it, or nothing is left of it.

        `again`: that it was reopened is taken back, and who reported it was told before.
        """
        self._take(by)
        self._record(Action.DISMISS_REPORTS, by, reason)
        self._settle(DISMISSED, by, reason, again)

    def uphold(
        self, *, by: User, reason: str, hides: bool = False, penalty: Penalty | None = None
    ) -> Effects:
        """The reports are right: hide the text, sanction the person, or both; return Effects."""
        if not (hides or penalty):
            raise ValueError("A ruling that upholds reports has an effect.")
        if penalty:
            User.one_at_a_time()
        self._take(by)
        hidden = hides and self._hide(by, reason)
        sanction = self._punish(by, reason, penalty, hidden) if penalty else None
        effects = Effects(hidden, sanction)
        if not (effects.hidden or effects.sanction):
            self._record(Action.UPHOLD_REPORTS, by, reason)
        outcome = BOTH if hides and penalty else HIDDEN if hides else SANCTIONED
        self._settle(outcome, by, reason)
        return effects

    def reopen(self, *, by: User, reason: str) -> bool:
        """Let it wait again, as if nobody had ruled; what was hidden or imposed is undone apart."""
        self.lock()
        self._require_moderator(by)
        if self.is_open:
            return False
        before = f"{self.outcome} by {self.settled_by}"
        try:
            with db.session.begin_nested():
                self.settled_at, self.settled_by, self.outcome, self.ruling = None, "", "", ""
        except IntegrityError:
            db.session.refresh(self)
            raise Refused("It was reported again and is pending a decision.") from None
        dispatch.sync_ruling_notifications(self)
        self._record(Action.REOPEN_REPORTS, by, reason, before=before)
        return True

    def lock(self) -> None:
        lock_row(self, "These reports are gone.")

    def _take(self, by: User) -> None:
        self.lock()
        self._require_moderator(by)
        if words := self.why_not_ruled_by(by):
            raise Refused(words)

    def _require_moderator(self, by: User) -> None:
        there = db.session.get(User, by.id, populate_existing=True)
        if there is None or not (there.is_active and there.is_moderator()):
            raise Refused("Only moderators can decide on reports.")
        if self.person_id == by.id:
            raise Refused(OWN_MATTER)

    def _hide(self, by: User, reason: str) -> bool:
        if self.noun == "user":
            raise Refused("A member can’t be hidden. Sanction them instead.")
        if self.thing is None:
            raise Refused(GONE)
        return self.thing.hide(by=by, reason=reason)

    def _punish(self, by: User, reason: str, penalty: Penalty, hidden: bool) -> Sanction:
        if self.person is None:
            raise Refused("This member was deleted and can’t be sanctioned.")
        values: dict[str, Any] = dict(until=penalty.until, case=self, form_key=penalty.form_key)
        values["text_hidden_at"] = self.thing.hidden_at if hidden else None
        return Sanction.impose(self.person, penalty.kind, by=by, reason=reason, **values)

    def _settle(self, outcome: str, by: User, reason: str, again: bool = False) -> None:
        self.settled_at, self.settled_by = utcnow(), by.username
        self.outcome, self.ruling = outcome, reason
        self.claimed_by = self.claimed_at = None
        if self.thing is None:
            for report in self.reports:
                report.clear_snapshot()
        if again:
            dispatch.sync_ruling_notifications(self)
        else:
            dispatch.notify_ruling(self, by)

    def _record(self, action: Action, by: User, reason: str, before: str = "") -> None:
        said: dict[str, Any] = dict(reason=reason, before=before, after=self.in_words)
        AuditEntry.record(action, self, by=by, **said)

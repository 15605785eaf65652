"""Decisions on appeals: who can decide, and the consequences."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from ...extensions import db
from ...permissions import STAFF
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import utcnow
from ..notifications import dispatch
from ..statements import rows_changed
from ..users.user import User

LIFTED, CONFIRMED = OUTCOMES = ("lifted", "confirmed")
DECIDED = {LIFTED: Action.ACCEPT_APPEAL, CONFIRMED: Action.DECLINE_APPEAL}
MOST = 200  # of the staff are looked at, for somebody else who could decide


class AppealDecision:
    """What is locked comes in this order: the roles, the text, the appeal, the person."""

    id: Any
    user_id: int
    user: Any
    sanction: Any
    hidden_at: datetime | None
    decided_at: Any
    decided_by: str
    outcome: str
    answer: str
    matter: Any  # the post or comment, where it is about one
    text_too: Any  # the content that the same ruling hid, where it is about a sanction
    is_open: Any

    def why_not_decided_by(self, person: User) -> str | None:
        """Return a sentence that says why the person may not decide on this; else None."""
        why_not = person.why_not_sanction if self.sanction else person.why_not_act_on
        if words := why_not(self.user):
            return words
        if self._was_done_by(person) and self._another_than(person):
            return "It’s about what you did, so another moderator decides."
        return None

    def why_not(self, outcome: str) -> str | None:
        """Return a sentence that says why it cannot end so, whoever decides; else None."""
        if self.matter is None:
            return (
                "The content no longer exists, so nothing can be restored."
                if outcome == LIFTED
                else None
            )
        if outcome == CONFIRMED and not self.is_in_force:
            return "It was lifted in the meantime, so there’s nothing left to uphold."
        return None

    @property
    def is_in_force(self) -> bool:
        """Whether what it is about has not been taken back yet."""
        if self.sanction:
            return not self.sanction.is_lifted or self.text_too is not None
        return self.matter is None or self.matter.hidden_at == self.hidden_at

    def decide(self, outcome: str, *, by: User, answer: str = "") -> None:
        """Lift what was done, or confirm it. Refused where another was faster."""
        User.one_at_a_time()
        self._require_decider(by)
        self._look_again()
        if not self.is_open:
            raise Refused("This was already decided.")
        if words := self.why_not(outcome):
            raise Refused(words)
        if not self._settle(outcome, by, answer):
            raise Refused("This was already decided.")
        said: dict[str, Any] = dict(reason=answer, before=self._in_words())
        dispatch.notify_action(
            AuditEntry.record(DECIDED[outcome], self, by=by, **said), self.user_id
        )
        if outcome == LIFTED and self.is_in_force:
            self._lift(by, answer)

    def _lift(self, by: User, answer: str) -> None:
        """Take back all that was decided, the text before the person."""
        if text := self.text_too if self.sanction else self.matter:
            text.restore(by=by, reason=answer)
        if self.sanction:
            self.sanction.lift(by=by, reason=answer)

    def reopen(self, *, by: User, reason: str = "") -> bool:
        """Let it wait again, as if nobody had decided; what was lifted is undone apart."""
        User.one_at_a_time()
        self._require_decider(by)
        self._look_again()
        if self.is_open:
            return False
        before = f"{self.outcome} by {self.decided_by}"
        self.decided_at, self.decided_by, self.outcome, self.answer = None, "", "", ""
        AuditEntry.record(Action.REOPEN_APPEAL, self, by=by, reason=reason, before=before)
        return True

    def _require_decider(self, by: User) -> None:
        there = [db.session.get(User, id, populate_existing=True) for id in (by.id, self.user_id)]
        if not (all(there) and by.is_active):
            raise Refused("One of the accounts is closed.")
        if by.viewed_role is not None:
            raise Refused("You’re viewing the site as another role. Stop viewing first.")
        if words := self.why_not_decided_by(by):
            raise Refused(words)

    def _look_again(self) -> None:
        db.session.refresh(self)
        if self.sanction:
            db.session.refresh(self.sanction)
            if text := self.text_too:
                text.lock()
        elif self.matter:
            self.matter.lock()

    def _settle(self, outcome: str, by: User, answer: str) -> bool:
        """Close it; of several who try, one is told True."""
        model = type(self)
        settled = update(model).where(model.id == self.id, model.decided_at.is_(None))
        values: dict[str, Any] = dict(
            decided_at=utcnow(), outcome=outcome, answer=answer, decided_by=by.username
        )
        return bool(rows_changed(settled.values(**values)))

    def _was_done_by(self, person: User) -> bool:
        """Whether they imposed the sanction or hid the text, under whatever name."""
        if self.sanction or self.matter is None:
            return bool(self.sanction) and self.sanction.by_id == person.id
        if self.matter.hidden_by == person.username:
            return True
        hid = AuditEntry.action.in_([Action.DECLINE, Action.HIDE])
        entry = AuditEntry.about(self.matter).where(hid).limit(1)
        return db.session.scalar(entry.with_only_columns(AuditEntry.actor_id)) == person.id

    def _another_than(self, person: User) -> bool:
        """Whether somebody else of the staff could decide just now."""
        staff = User.granted_any(STAFF), *User.account_open()
        others = select(User).where(*staff, User.id.not_in([person.id, self.user_id])).limit(MOST)
        may = "may_sanction" if self.sanction else "may_act_on"
        return any(getattr(other, may)(self.user) for other in db.session.scalars(others))

    def _in_words(self) -> str:
        if self.sanction:
            text = self.text_too
            also = f", and hidden {text.noun} {text.id}" if text else ""
            return f"{self.sanction.in_words}{also}"
        return f"hidden {self.matter.noun} {self.matter.id}" if self.matter else "a text now gone"

"""Sanctions: what moderators impose on a member, and how it ends."""

from datetime import datetime, timedelta
from typing import Any, Self, cast

from sqlalchemy import ForeignKey, Index, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...text.dates import end_date
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import CreatedAt, HasId, Id, Moment, Reason, partial_index, utcnow
from ..notifications import dispatch
from ..site.setting import current_settings
from ..users.restrictions import NO_END
from ..users.user import Actor, User

NOTICE, WARNING, SILENCE, SUSPENSION, BAN = KINDS = (
    "notice",
    "warning",
    "silence",
    "suspension",
    "ban",
)
ENDING = (SILENCE, SUSPENSION)  # those whose end a moderator may choose
LONGEST = 5  # years that one may last which is to have an end
SUSPENDING = (SUSPENSION, BAN)
STRIKES = (WARNING, SILENCE, SUSPENSION, BAN)  # a notice is none
IMPOSED = {
    NOTICE: Action.GIVE_NOTICE,
    WARNING: Action.WARN,
    SILENCE: Action.SILENCE,
    SUSPENSION: Action.SUSPEND,
    BAN: Action.BAN,
}
TOO_FAR = f"That’s more than {LONGEST} years away. Choose a sanction without an end instead."


class Sanction(Model):
    """One step of the ladder. What is past or lifted stays, as the history of the person."""

    __tablename__ = "sanctions"
    __table_args__ = (
        Index("ix_sanctions_user", "user_id", "id"),
        partial_index("ix_sanctions_strikes", "lifted_at IS NULL", "user_id", "kind", "lifted_at"),
    )
    noun = "sanction"

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[Reason]
    until: Mapped[Moment | None]  # None: without an end
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    by_name: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int | None] = mapped_column(
        ForeignKey("cases.id", ondelete="SET NULL"), index=True
    )
    text_hidden_at: Mapped[Moment | None]  # when the same ruling hid the text of its case
    form_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    entry_id: Mapped[int] = mapped_column(index=True)  # of the log
    lifted_at: Mapped[Moment | None]
    lifted_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    lift_reason: Mapped[Reason]

    lifted_on_appeal_by = cast("str | None", None)  # set by the undo of its lifting
    is_new = False  # made just now, not found as what the same form had made

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True, foreign_keys=[user_id])

    @classmethod
    def of(cls, person: User) -> Select:
        """All of a person's, the newest first."""
        return select(cls).where(cls.user_id == person.id).order_by(cls.id.desc())

    @classmethod
    def impose(
        cls,
        person: User,
        kind: str,
        *,
        by: User | None,
        reason: str,
        until: datetime | None = None,
        case: HasId | None = None,
        form_key: str | None = None,
        **more: Any,
    ) -> Self:
        """Sanction a person; what was sent with the same form before is returned instead.

        A warning ends after as many days as the settings say. Refused where the rank forbids it, or
        where the end is past or makes no sense. `more` are other columns.
        """
        _require_end(kind, until)
        if kind == WARNING and (days := current_settings().warning_days):
            until = utcnow() + timedelta(days=days)
        with person.an_administrator_remains():
            if sent := form_key and db.session.scalar(select(cls).filter_by(form_key=form_key)):
                return sent._made_for(person)
            person.require_higher_rank(by)
            after = f"until {end_date(until)}" if until else ""
            entry = AuditEntry.record(IMPOSED[kind], person, by=by, reason=reason, after=after)
            db.session.flush()
            who: dict[str, Any] = dict(by_id=getattr(by, "id", None), by_name=entry.actor_name)
            values: dict[str, Any] = dict(
                kind=kind, reason=reason, until=until, entry_id=entry.id, **who, **more
            )
            made = cls(user=person, case_id=case and case.id, form_key=form_key or None, **values)
            made.is_new = True
            db.session.add(made)
            _sync_restrictions(person)
            dispatch.notify_action(entry, person.id)
        return made

    def _made_for(self, person: User) -> Self:
        if self.user_id != person.id:
            raise Refused("This form was already used to sanction someone else.")
        self.is_new = False
        return self

    def lift(self, *, by: Actor, reason: str = "") -> bool:
        """End it before its time; the person stands as if it were not. Of many, one is True."""
        return self._settle(Action.LIFT_SANCTION, by, reason)

    def reinstate(self, *, by: Actor, reason: str = "") -> bool:
        """Let one that was lifted be in force again, to its old end."""
        return self._settle(Action.REINSTATE_SANCTION, by, reason)

    def _settle(self, action: Action, by: Actor, reason: str) -> bool:
        lifting, person = action == Action.LIFT_SANCTION, self.user
        with person.an_administrator_remains():
            person.require_higher_rank(by)
            db.session.refresh(self, with_for_update={"of": Sanction})
            if self.is_lifted == lifting:
                return False
            named: dict[str, Any] = dict(reason=reason, before=self.in_words, subject_id=self.id)
            entry = AuditEntry.record(action, person, by=by, **named)
            self.lifted_at = utcnow() if lifting else None
            self.lifted_by = entry.actor_name if lifting else ""
            self.lift_reason = reason if lifting else ""
            _sync_restrictions(person)
            dispatch.notify_action(entry, person.id)
        return True

    @property
    def is_lifted(self) -> bool:
        return self.lifted_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end by itself."""
        return self.until is not None and self.until <= utcnow()

    @property
    def is_in_force(self) -> bool:
        """A notice keeps nobody from anything: it stands until it is lifted."""
        return not (self.is_lifted or self.is_over)

    @property
    def is_strike(self) -> bool:
        return self.kind in STRIKES and not self.is_lifted

    @property
    def in_words(self) -> str:
        """The kind, and its end where it has one; the number tells it from others in the log."""
        end = f" until {end_date(self.until)}" if self.until else ""
        return f"{self.kind}{end} (no. {self.id})"


def _require_end(kind: str, until: datetime | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not among the KINDS of {__name__}.")
    if until is None:
        return
    if kind not in ENDING:
        raise Refused(f"A {kind} can’t have an end. Only silences and suspensions can.")
    if until <= utcnow():
        raise Refused("Choose an end in the future.")
    if until > latest_end():
        raise Refused(TOO_FAR)


def latest_end() -> datetime:
    """The latest moment at which a sanction may end that is to have an end."""
    return utcnow() + timedelta(days=LONGEST * 366)


def _sync_restrictions(person: User) -> None:
    """Note in the row of a person, which is locked, until when they are kept from what."""
    db.session.flush()
    person.silenced_until = _last_end(person, (SILENCE,))
    person.suspended_until = _last_end(person, SUSPENDING)
    db.session.flush()


def _last_end(person: User, kinds: tuple[str, ...]) -> datetime | None:
    here = Sanction.user_id == person.id, Sanction.kind.in_(kinds), Sanction.lifted_at.is_(None)
    ends = db.session.scalars(select(Sanction.until).where(*here)).all()
    latest = max((end or NO_END for end in ends), default=None)
    return latest if latest and latest > utcnow() else None

"""Requests for a role: a member asks, staff accepts or declines."""

from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, String, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...permissions import Permission
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..fields import CreatedAt, Id, Moment, Reason, utcnow
from ..roles.role import Role
from ..statements import rows_changed
from .rank import Refused
from .user import AnonymousUser, User

OPEN = text("decided_at IS NULL")


class RoleRequest(Model):
    """One may be open for each person; an index in the database sees to it."""

    __tablename__ = "role_requests"
    __table_args__ = (
        Index(
            "ix_role_requests_open",
            "user_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    reason: Mapped[Reason]
    decided_at: Mapped[Moment | None]
    outcome: Mapped[str] = mapped_column(String(16), default="")  # accepted, declined, withdrawn
    answer: Mapped[str] = mapped_column(String(500), default="")

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    role: Mapped[Role] = relationship(lazy="joined", innerjoin=True)

    @classmethod
    def waiting(cls) -> Select:
        return select(cls).where(cls.decided_at.is_(None))

    @classmethod
    def open_of(cls, person: User | AnonymousUser) -> Self | None:
        return db.session.scalar(cls.waiting().where(cls.user_id == person.id))

    @classmethod
    def latest_of(cls, person: User, role: Role) -> Self | None:
        here = cls.user_id == person.id, cls.role_id == role.id
        return db.session.scalar(select(cls).where(*here).order_by(cls.id.desc()).limit(1))

    @classmethod
    def why_not_for(cls, person: User, role: Role) -> str | None:
        """Return a sentence that says why the person cannot ask for the role; None: they can."""
        if not role.requestable:
            return f"The role {role.name} isn’t open to requests."
        if person.current_role is not None and person.current_role.covers(role):
            return f"You already have everything {role.name} allows."
        return None

    @classmethod
    def ask(cls, person: User, role: Role, reason: str) -> Self:
        """Ask for a role; return the one open request, which a double click finds made."""
        if words := cls.why_not_for(person, role):
            raise Refused(words)
        request = cls(user=person, role=role, reason=reason)
        try:
            with db.session.begin_nested():
                db.session.add(request)
        except IntegrityError:
            request = cls.open_of(person)
        if request is None:
            raise Refused("This role no longer exists.")
        return request

    @property
    def is_open(self) -> bool:
        return self.decided_at is None

    @property
    def is_moot(self) -> bool:
        """Whether the role would add nothing to what the person may do by now."""
        return self.user.current_role is not None and self.user.current_role.covers(self.role)

    @staticmethod
    def losses_of(person: User, role: Role) -> list[Any]:
        """The names of the permissions that the person would give up for the role."""
        held = person.current_role.permissions if person.current_role else 0
        return Permission.names(held & ~role.permissions)

    def why_not_decided_by(self, person: User) -> str | None:
        """Return a sentence that says why the person may not decide on this; else None."""
        if words := person.why_not_act_on(self.user):
            return words
        if not person.may_grant(self.role):
            return f"You can’t give the role {self.role.name}: it allows more than yours."
        return None

    def withdraw(self) -> bool:
        """The one who asked does not want it any more; return whether it was open still."""
        return self._settle("withdrawn")

    def accept(self, *, by: User, answer: str = "") -> None:
        """Give the role, by the rules about rank."""
        self._decide("accepted", by, answer)
        self.user.change_role(self.role, by=by, reason="Requested by the member.")

    def decline(self, *, by: User, answer: str = "") -> None:
        self._decide("declined", by, answer)

    def _decide(self, outcome: str, by: User, answer: str) -> None:
        self._require_rank(outcome, by)
        if not self._settle(outcome, answer):
            raise Refused("This request was just decided or withdrawn.")
        values: dict[str, Any] = dict(
            reason=answer, before=self.user.role_in_words, after=self.role.name
        )
        action = {"accepted": Action.ACCEPT_REQUEST, "declined": Action.DECLINE_REQUEST}[outcome]
        AuditEntry.record(action, self.user, by=by, **values)

    def _require_rank(self, outcome: str, by: User) -> None:
        """Lock the roles before the row of this request: that is the order in which all lock."""
        User.one_at_a_time()
        there = [db.session.get(User, id, populate_existing=True) for id in (by.id, self.user_id)]
        if not (all(there) and by.is_active):
            raise Refused("One of the two accounts is deactivated.")
        if words := self.why_not_decided_by(by):
            raise Refused(words)
        if outcome == "accepted" and self.is_moot:
            raise Refused(f"{self.user.username} already has everything {self.role.name} allows.")

    def _settle(self, outcome: str, answer: str = "") -> bool:
        """Close it; of several who try, one is told True."""
        model = type(self)
        settled = update(model).where(model.id == self.id, model.decided_at.is_(None))
        values: dict[str, Any] = dict(decided_at=utcnow(), outcome=outcome, answer=answer)
        return bool(rows_changed(settled.values(**values)))

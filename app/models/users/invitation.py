"""Invitations: mails to an address that offer an account with a role."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from flask import current_app
from sqlalchemy import ForeignKey, Index, Select, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...security.tokens import Lifetime, Verdict, read, sign
from ...text.names import canonical_address
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..fields import NEVER_TWICE, CreatedAt, Id, Moment, utcnow
from ..roles.role import Role
from .invitation_acceptance import Joining
from .rank import Refused
from .user import User

PENDING = text("joined_at IS NULL AND revoked_at IS NULL")


@dataclass
class Way:
    """The content of a token: whether it is valid, and its invitation."""

    verdict: Verdict
    invitation: "Invitation | None" = None


class Invitation(Joining, Model):
    """Pending until it is accepted or revoked; at most one per address is pending."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "ix_invitations_pending",
            "email",
            unique=True,
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        NEVER_TWICE,
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    email: Mapped[str] = mapped_column(String(254), index=True)
    greeting: Mapped[str] = mapped_column(String(500), default="")
    role_id: Mapped[int | None] = mapped_column(  # None: the role was deleted
        ForeignKey("roles.id", ondelete="SET NULL"), index=True
    )
    invited_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    sent_at: Mapped[Moment] = mapped_column(default=utcnow)
    times_sent: Mapped[int] = mapped_column(default=1)
    revoked_at: Mapped[Moment | None]
    joined_at: Mapped[Moment | None]
    joined_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )

    role: Mapped[Role | None] = relationship(lazy="joined")
    invited_by: Mapped[User | None] = relationship(foreign_keys=[invited_by_id])
    joined: Mapped[User | None] = relationship(foreign_keys=[joined_id])

    @classmethod
    def pending(cls) -> Select:
        return select(cls).where(cls.joined_at.is_(None), cls.revoked_at.is_(None))

    @classmethod
    def send(cls, email: str, role: Role, *, by: User, greeting: str = "") -> Self | None:
        """Invite an address; the caller mails the link. Return None if it is invited already."""
        if not (_is_there(by) and by.may_grant(role)):
            raise Refused(f"You can’t give the role {role.name}: it allows more than yours.")
        invitation = cls(email=canonical_address(email), role=role, invited_by=by)
        invitation.greeting = greeting
        try:
            with db.session.begin_nested():
                db.session.add(invitation)
        except IntegrityError:
            return None
        AuditEntry.record(Action.INVITE, invitation, by=by, after=role.name)
        return invitation

    @property
    def is_pending(self) -> bool:
        return self.joined_at is None and self.revoked_at is None

    @property
    def expires_at(self) -> datetime:
        return self.sent_at + current_app.config["INVITATION_LIFETIME"]

    @property
    def state(self) -> str:
        if not self.is_pending:
            return "joined" if self.joined_at else "revoked"
        return "open" if utcnow() < self.expires_at else "expired"

    def why_not_managed_by(self, person: User) -> str | None:
        """Return why the person may not resend or revoke it, in a sentence; None if they may."""
        if self.role is not None and not person.may_grant(self.role):
            return f"The role {self.role.name} allows more than yours, so you can’t do this."
        return None

    def resend(self, *, by: User | str, times_sent: int) -> bool:
        """Make a new link, which voids older ones; return False if it was just sent.

        `times_sent` is the number that the user has seen, so a double click sends only one. `by` is
        SITE if an invitee asks with an expired link; otherwise `by` becomes the inviter.
        """
        self._require_pending()
        if self.times_sent != times_sent:
            return False
        if not isinstance(by, str):
            self._require_rank(by)
            self.invited_by = by
        self.times_sent += 1
        self.sent_at = utcnow()
        AuditEntry.record(Action.RESEND_INVITATION, self, by=by)
        return True

    def revoke(self, *, by: User) -> bool:
        """Revoke the invitation, which voids its links; return False if it was revoked already."""
        self.lock()
        if self.revoked_at is not None:
            return False
        self._require_pending()
        self._require_rank(by)
        self.revoked_at = utcnow()
        AuditEntry.record(Action.REVOKE_INVITATION, self, by=by)
        return True

    def generate_token(self, expiration: Lifetime = None) -> str:
        payload = {"invitation": self.id, "print": self.fingerprint}
        return sign("invite", payload, expiration or current_app.config["INVITATION_LIFETIME"])

    @classmethod
    def read_link(cls, token: str) -> Way:
        """Read a token without using it. The `Way` has an invitation if we issued the token.

        The token is bad once the invitation is accepted, revoked or sent again.
        """
        verdict, payload = read("invite", token)
        invitation = db.session.get(cls, payload["invitation"]) if payload else None
        if invitation is None or payload["print"] != invitation.fingerprint:
            return Way(Verdict.BAD, invitation)
        return Way(verdict, invitation)

    def lock(self) -> None:
        """Lock the row and read it again."""
        row = select(Invitation).where(Invitation.id == self.id).with_for_update(of=Invitation)
        db.session.scalars(row.execution_options(populate_existing=True)).unique().one_or_none()

    @property
    def fingerprint(self) -> str:
        changed = self.id, self.email, self.times_sent, self.is_pending
        return hashlib.sha256(repr(changed).encode()).hexdigest()[:32]

    def _require_pending(self) -> None:
        self.lock()
        if not self.is_pending:
            done = "They have already joined" if self.joined_at else "It was already revoked"
            raise Refused(f"{done}.")

    def _require_rank(self, by: User) -> None:
        if not _is_there(by):
            raise Refused("Your account is deactivated.")
        if words := self.why_not_managed_by(by):
            raise Refused(words)


def _is_there(person: User) -> bool:
    """Return whether the account still exists and is active, from a fresh row."""
    there = db.session.get(User, person.id, populate_existing=True)
    return there is not None and there.is_active

"""Accepting an invitation: the role that it gives, and the account that it creates."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped

from ...extensions import db
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..fields import utcnow
from ..roles.role import Role
from .rank import Refused
from .user import User

IN_USE = "This email already has an account."


class NameTaken(Refused):
    """The username was taken a moment ago."""


class Joining:
    """The part of `Invitation` that creates the account."""

    if TYPE_CHECKING:  # what it needs of `Invitation`
        id: Mapped[int]
        created_at: Mapped[datetime]
        email: Mapped[str]
        role: Mapped[Role | None]
        invited_by: Mapped[User | None]
        joined_at: Mapped[datetime | None]
        joined: Mapped[User | None]

        @property
        def fingerprint(self) -> str: ...

        def lock(self) -> None: ...

    @property
    def role_by_now(self) -> Role | None:
        """The role for a new member; the present rank of the inviter counts (R-81)."""
        by = self.invited_by
        if by is not None and by.is_active and by.is_confirmed and self.role is not None:
            return self.role if by.may_grant(self.role) else Role.get_default()
        return Role.get_default()

    def join(self, **fields: Any) -> User | None:
        """Create the account, whose address is confirmed by the link. Only one call succeeds.

        Raise Refused if the address has an account, NameTaken if the username is taken. Return None
        if the invitation was accepted, revoked or sent again meanwhile.
        """
        before = self.fingerprint
        person = User(
            email=self.email, role=None, sign_up_mode="invitation", **fields
        )  # hashing takes time: lock later
        User.one_at_a_time()
        self.lock()
        if self.fingerprint != before:
            return None
        if self.invited_by is not None:
            db.session.refresh(self.invited_by)
        role, claimant = self.role_by_now, self._claimant()
        person.role = role
        try:
            with db.session.begin_nested():
                self._store(person, claimant)
        except IntegrityError:
            taken = User.with_username(person.username)
            raise NameTaken if taken else Refused(IN_USE) from None
        self._record_join(person, role, claimant)
        return person

    def account_in_the_way(self) -> bool:
        """Return whether the address has an account that an invitee cannot replace."""
        try:
            self._claimant()
        except Refused:
            return True
        return False

    def _claimant(self) -> User | None:
        """Return the unconfirmed account that signed up with the address after the invitation.

        The owner of the mailbox replaces it. Raise Refused if any other account has the address.
        """
        claimant = User.with_email(self.email)
        if claimant is None:
            return None
        if not claimant.gives_way or claimant.member_since <= self.created_at:
            raise Refused(IN_USE)
        return claimant

    def _store(self, person: User, claimant: User | None) -> None:
        if claimant is not None:
            claimant.give_way()
        db.session.add(person)
        person.prove_address()
        self.joined_at, self.joined = utcnow(), person
        db.session.flush()

    def _record_join(self, person: User, role: Role | None, claimant: User | None) -> None:
        words = []
        if role is not self.role:
            promised = self.role.name if self.role else "a role that is gone"
            words.append(f"Invited as {promised}, a role that the inviter can no longer give.")
        if claimant is not None:
            words.append(f"Replaced the unconfirmed account {claimant.username}.")
        AuditEntry.record(
            Action.JOIN, self, by=person, after=role.name if role else "", reason=" ".join(words)
        )

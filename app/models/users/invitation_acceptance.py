"""Joining by an invitation: the role that it gives by now, and the account that it makes."""

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
    """Another took the username in this moment."""


class Joining:
    """What an `Invitation` does for the invited."""

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
        """The role that whoever joins now gets: the inviter's rank counts now, not then (R-81)."""
        by = self.invited_by
        if by is not None and by.is_active and by.is_confirmed and self.role is not None:
            return self.role if by.may_grant(self.role) else Role.get_default()
        return Role.get_default()

    def join(self, **fields: Any) -> User | None:
        """Make the confirmed account of whoever holds the link; of several who race one gets it.

        Refused where the address has an account by now, NameTaken where the username was taken.
        None: the invitation was used, revoked or sent again meanwhile.
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
        """Whether somebody has the address for good, so that nobody can join with it."""
        try:
            self._claimant()
        except Refused:
            return True
        return False

    def _claimant(self) -> User | None:
        """Who signed up with the address since, and never proved it: the mailbox's owner wins.

        Refused for any other account: staff may have moved a member there, whom nobody replaces.
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

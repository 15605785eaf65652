"""Administration of users: each action checks the rank, and is recorded in the log."""

from datetime import datetime
from typing import Any, Self

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from ...extensions import db
from ...text.names import canonical_address
from ..audit.actions import Action
from ..audit.entry import SITE, AuditEntry
from ..fields import utcnow
from ..notifications import dispatch
from ..roles.role import Role
from .credentials import Credentials
from .email_proof import EmailProof
from .rank import Refused
from .session import UserSession
from .temporary_role import SHORT


class UserAdministration(EmailProof, Credentials):
    """Actions on a user. Repeating one changes nothing and records nothing.

    `by` is who acts, or None for an operator at the shell. Most return whether anything changed.
    """

    @classmethod
    def make(cls, *, role: Role, by: Self | None = None, **values: Any) -> Self:
        """Create an account without a password and with an unconfirmed address."""
        cls.one_at_a_time()
        if by is not None:
            by = db.session.get(cls, by.id, populate_existing=True)
            known = db.session.get(type(role), role.id, populate_existing=True)
            if not (by and known and by.is_active and by.may_grant(role)):
                raise Refused(f"You can’t give the role {role.name}: it allows more than yours.")
        values |= dict(address_given_at=utcnow(), sign_up_mode="staff" if by else "shell")
        person = cls(**{"role": role, **values})
        db.session.add(person)
        db.session.flush()
        person.record(Action.CREATE, by, "", after=person.role_in_words)
        return person

    def change_role(
        self, role: Role, *, by: Self | None = None, until: datetime | None = None, reason: str = ""
    ) -> bool:
        """Give a role; with `until`, the user then returns to the role held before."""
        if until is not None and until <= utcnow():
            raise Refused("Choose a time in the future.")
        with self.an_administrator_remains():
            self.require_rank(by)
            if db.session.get(type(role), role.id, populate_existing=True) is None:
                raise Refused("This role no longer exists.")
            if by is not None and not by.may_grant(role):
                raise Refused(f"You can’t give the role {role.name}: it allows more than yours.")
            if (role, until) == (self.role, self.role_until):
                return False
            before = self.role_in_words
            former = self.returns_to if self.role_until else self.role
            former = former if until else None
            if until and former is role:
                raise Refused(
                    f"{self.username} is already {role.name}. Choose another temporary role."
                )
            self.role, self.role_until, self.former_role = role, until, former
            told = until is not None and until - utcnow() <= SHORT  # by the mail about the change
            self.role_notice_at = utcnow() if told else None
            self.record(Action.CHANGE_ROLE, by, reason, before, self.role_in_words)
        return True

    def deactivate(self, *, by: Self | None = None, reason: str = "") -> bool:
        """Deactivate the account and end its sessions (R-60)."""
        with self.an_administrator_remains():
            self.require_rank(by)
            if was_active := self.is_active:
                self.deactivated_at = utcnow()
                self.auth_epoch += 1
                dispatch.sync_notifications_from(self.id)
                self.record(Action.DEACTIVATE, by, reason)
        UserSession.end_all(self)
        return was_active

    def reactivate(self, *, by: Self | None = None, reason: str = "") -> bool:
        self.require_rank(by)
        if self.is_active:
            return False
        self.deactivated_at = None
        dispatch.sync_notifications_from(self.id)
        self.record(Action.REACTIVATE, by, reason)
        return True

    def close_for_good(self, *, by: Self | str | None = None, reason: str = "") -> None:
        """Deactivate the account and mark it for deletion, which is done step by step."""
        with self.an_administrator_remains():
            self.require_rank(by)
            now = utcnow()
            self.leaving_at, self.deactivated_at = now, self.deactivated_at or now
            self.auth_epoch += 1
            dispatch.withdraw_from(self.id)
            self.record(Action.DELETE, by, reason, before=self.role_in_words)
        UserSession.end_all(self)

    def vouch_for_address(self, *, by: Self | None = None, reason: str = "") -> bool:
        """Confirm the address without a mail.

        Only if an operator does it, the owner of OFFBRAND_ADMIN becomes Administrator: otherwise
        staff could promote somebody above themselves.
        """
        self.require_rank(by)
        if self.is_confirmed:
            return False
        if by is None:
            self.prove_address()
        self.confirmed_at = self.confirmed_at or utcnow()
        self.record(Action.CONFIRM_EMAIL, by, reason, after=self.email)
        return True

    def assign_address(self, address: str, *, by: Self | None = None, reason: str = "") -> bool:
        """Change the address to one that the user must confirm by a mailed link.

        Raise ValueError if it is invalid, Refused if it is taken. Open links and sessions end.
        """
        address, before = canonical_address(address), self.email
        try:
            with self.an_administrator_remains():
                self.require_rank(by)
                if address == self.email:
                    return False
                self.email, self.confirmed_at, self.address_given_at = address, None, utcnow()
                self.auth_epoch += 1
                dispatch.withdraw_from(self.id)
                self.record(Action.CHANGE_EMAIL, by, reason, before, address)
        except IntegrityError:
            db.session.refresh(self)
            raise Refused("Someone already uses this email.") from None
        UserSession.end_all(self)
        return True

    def edit(self, *, by: Self | None = None, reason: str = "", **values: Any) -> bool:
        """Change fields of the profile. Raise Refused if the username is taken."""
        self.require_rank(by)
        before = {name: getattr(self, name) for name in values}
        changed = [name for name in values if values[name] != before[name]]
        if not changed:
            return False
        said = [{name: source[name] for name in changed} for source in (before, values)]
        try:
            with db.session.begin_nested():
                for name in changed:
                    setattr(self, name, values[name])
                dispatch.notify_action(self.record(Action.EDIT_PROFILE, by, reason, *said), self.id)
        except IntegrityError:
            db.session.refresh(self)
            raise Refused("Someone already uses this username.") from None
        return True

    def demand_new_password(self, *, by: Self | None = None, reason: str = "") -> bool:
        """Require a new password at the next sign-in."""
        self.require_rank(by)
        if self.password_due_at is not None:
            return False
        self.require_new_password()
        self.record(Action.REQUIRE_NEW_PASSWORD, by, reason)
        return True

    @property
    def was_asked_for_new_password(self) -> bool:
        """Whether staff required the change, instead of having set the password themselves."""
        here = (
            AuditEntry.action == Action.REQUIRE_NEW_PASSWORD,
            AuditEntry.created_at >= self.password_due_at,
        )
        return bool(db.session.scalar(select(exists(AuditEntry.about(self).where(*here)))))

    def assign_password(self, password: str, *, by: Self | None = None) -> None:
        """Set a password and end all sessions; only for operators at the shell."""
        self.require_rank(by)
        self.password = password
        self.record(Action.SET_PASSWORD, by, "")
        UserSession.end_all(self)

    def offer_reset_link(self, *, by: Self | None = None, reason: str = "") -> bool:
        """Record that staff sends the user a link to set a password (R-83)."""
        self.require_rank(by)
        if not self.is_active:
            raise Refused("This account is deactivated. Reactivate it first.")
        self.record(Action.SEND_RESET_LINK, by, reason)
        return True

    def sign_out_everywhere(self, *, by: Self | None = None, reason: str = "") -> int:
        """End all sessions and return their number."""
        self.require_rank(by)
        ended = UserSession.end_all(self)
        if ended:
            self.record(Action.SIGN_OUT, by, reason, after=f"{ended} devices")
        return ended

    @property
    def gives_way(self) -> bool:
        """Whether the account only claims its address: its owner at the mailbox comes first.

        Never one that staff put there: whose it was before would lose it.
        """
        return not self.is_confirmed and self.address_given_at is None

    def give_way(self) -> None:
        """Delete the account, as the owner of the address signed up."""
        self.record(Action.DELETE, SITE, "The owner of its unconfirmed email signed up.")
        db.session.delete(self)
        db.session.flush()

    def record(
        self,
        action: Action,
        by: Self | str | None,
        reason: str | None,
        before: object = "",
        after: object = "",
    ) -> AuditEntry:
        values: dict[str, Any] = dict(reason=reason, before=before, after=after)
        return AuditEntry.record(action, self, by=by, **values)

"""Tokens in mailed links: confirm or change an address, reverse a change, reset a password.

Tokens are not stored: each contains a fingerprint of what its use changes, which voids it after
its use, and voids older tokens too. Only reversals of an address are rows, as their order matters:
using one closes later ones.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from flask import current_app
from sqlalchemy.exc import IntegrityError

from ...extensions import db
from ...security.tokens import Lifetime, Verdict, read, sign
from ...text.names import canonical_address
from ..notifications.preference import USUAL
from .administration import UserAdministration
from .email_reversal import EmailReversal
from .lookup import UserLookup
from .session import UserSession

LIFETIMES = {  # settings, by purpose
    "confirm": "CONFIRMATION_LIFETIME",
    "reset": "RESET_LIFETIME",
    "change_email": "EMAIL_CHANGE_LIFETIME",
    "revert_email": "EMAIL_REVERT_LIFETIME",
}


@dataclass
class Link:
    """The content of a token: whether it is valid, its user, and what it is for."""

    verdict: Verdict
    user: Any = None
    email: str = ""
    way: EmailReversal | None = None


class EmailTokens(UserAdministration, UserLookup):
    """The tokens of a user, for four purposes and for unsubscribing."""

    def generate_confirmation_token(self, expiration: Lifetime = None) -> str:
        return self._sign("confirm", expiration)

    def generate_reset_token(self, expiration: Lifetime = None) -> str:
        return self._sign("reset", expiration)

    def generate_email_change_token(self, new_email: str, expiration: Lifetime = None) -> str:
        new_email = canonical_address(new_email)
        return self._sign("change_email", expiration, email=new_email)

    def generate_email_revert_token(self, old_email: str, expiration: Lifetime = None) -> str:
        """Offer to return to the former address, and return the token for it."""
        way = EmailReversal.open(self, old_email)
        return self._sign("revert_email", expiration, way=way)

    @classmethod
    def read_link(cls, purpose: str, token: str) -> Link:
        """Read a token without using it. The `Link` has no user if the token is invalid."""
        verdict, payload = read(purpose, token)
        user = db.session.get(cls, payload["user"]) if payload else None
        if user is None or not user.is_active:
            return Link(Verdict.BAD)
        way = db.session.get(EmailReversal, payload["way"]) if "way" in payload else None
        if payload["print"] != user._fingerprint(purpose, way):
            return Link(Verdict.BAD)
        return Link(verdict, user, way.old_email if way else payload.get("email") or "", way)

    def generate_unsubscribe_token(self, kinds: Sequence[str]) -> str:
        """Return a token that turns off mails of these kinds; it never expires."""
        return sign("unsubscribe", {"user": self.id, "kinds": kinds}, None)

    @classmethod
    def read_unsubscribe(cls, token: str) -> tuple[Self | None, list[str]]:
        """Return (user, kinds); (None, []) if the token is invalid or the account is gone."""
        verdict, payload = read("unsubscribe", token)
        user = db.session.get(cls, payload["user"]) if verdict else None
        return user, [kind for kind in USUAL if user and kind in payload["kinds"]]

    def confirm(self, token: str) -> Verdict:
        """Confirm the address; like the next three, return a Verdict, which is true for success."""
        link = self.read_link("confirm", token)
        if link.verdict and link.user is not self:
            return Verdict.BAD
        if link.verdict:
            self.prove_address()
        return link.verdict

    @classmethod
    def reset_password(cls, token: str, password: str) -> Verdict:
        """Set a password, confirm the address and end all sessions."""
        link = cls.read_link("reset", token)
        if link.verdict and not link.user.change_password(password):
            return Verdict.BAD
        if link.verdict:
            link.user.prove_address()
        return link.verdict

    def change_email(self, token: str) -> Verdict:
        """Change the address to the one in the token, unless it is taken by now."""
        link = self.read_link("change_email", token)
        if link.verdict and link.user is not self:
            return Verdict.BAD
        if link.verdict and not self._take_address(link.email):
            return Verdict.BAD
        return link.verdict

    @classmethod
    def revert_email(cls, token: str) -> Verdict:
        """Restore the former address, end all sessions and remove the password.

        Whoever changed the address knew the password, so a new one is only set by a mailed link. An
        unconfirmed account with the address is deleted: access to the mailbox proves ownership.
        """
        link = cls.read_link("revert_email", token)
        if not link.verdict:
            return link.verdict
        claimant = cls.with_email(link.email)
        if claimant is not None and claimant is not link.user and claimant.gives_way:
            claimant.give_way()
        if not link.user._take_address(link.email):
            return Verdict.BAD
        if link.way is not None:
            link.way.close()
        link.user.password_hash = None
        UserSession.end_all(link.user)
        return link.verdict

    def _take_address(self, address: str) -> bool:
        """Change to a confirmed address; return False if it is taken, or after a race (R-55)."""
        try:
            with db.session.begin_nested():
                if not self.advance_epoch():
                    return False
                self.email = address
                self.prove_address()
                db.session.flush()
        except IntegrityError:
            db.session.refresh(self)
            return False
        return True

    def _sign(
        self,
        purpose: str,
        expiration: Lifetime,
        *,
        email: str | None = None,
        way: EmailReversal | None = None,
    ) -> str:
        payload = {"user": self.id, "print": self._fingerprint(purpose, way)}
        if email:
            payload["email"] = email
        if way:
            payload["way"] = way.id
        return sign(purpose, payload, expiration or current_app.config[LIFETIMES[purpose]])

    def _fingerprint(self, purpose: str, way: EmailReversal | None) -> str:
        """Return 128 bits of a hash of what the use of the link changes."""
        changed = {
            "confirm": (self.email, self.confirmed_at is None),
            "reset": (self.email, self.password_hash, self.auth_epoch),
            "change_email": (self.email, self.password_hash, self.auth_epoch),
            "revert_email": way and (way.id, way.user_id, way.old_email, way.is_open),
        }[purpose]
        return hashlib.sha256(repr((self.id, changed)).encode()).hexdigest()[:32]

"""What a link in a mail may do, once: confirm, set a password, change or restore an address.

No table of tokens is needed: a token carries a fingerprint of what its use changes, so used ones,
older siblings and those for another purpose are dead by construction. Only the ways back to former
addresses are rows, as their order decides which of them an older one closes.
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


@dataclass
class Link:
    """What a token says: whether it is good, whose it is, and what it carries."""

    verdict: Verdict
    user: Any = None
    email: str = ""
    way: EmailReversal | None = None


class EmailTokens(UserAdministration, UserLookup):
    """Links of the four purposes."""

    def generate_confirmation_token(self, expiration: Lifetime = None) -> str:
        return self._sign("confirm", expiration, "CONFIRMATION_LIFETIME")

    def generate_reset_token(self, expiration: Lifetime = None) -> str:
        return self._sign("reset", expiration, "RESET_LIFETIME")

    def generate_email_change_token(self, new_email: str, expiration: Lifetime = None) -> str:
        new_email = canonical_address(new_email)
        return self._sign("change_email", expiration, "EMAIL_CHANGE_LIFETIME", email=new_email)

    def generate_email_revert_token(self, old_email: str, expiration: Lifetime = None) -> str:
        """Open a way back to an address that was just left, and return the token for it."""
        way = EmailReversal.open(self, old_email)
        return self._sign("revert_email", expiration, "EMAIL_REVERT_LIFETIME", way=way)

    @classmethod
    def read_link(cls, purpose: str, token: str) -> Link:
        """Read a token without using it: a `Link`, without a user unless the token is ours."""
        verdict, payload = read(purpose, token)
        user = db.session.get(cls, payload["user"]) if payload else None
        if user is None or not user.is_active:
            return Link(Verdict.BAD)
        way = db.session.get(EmailReversal, payload["way"]) if "way" in payload else None
        if payload["print"] != user._fingerprint(purpose, way):
            return Link(Verdict.BAD)
        return Link(verdict, user, way.old_email if way else payload.get("email") or "", way)

    def generate_unsubscribe_token(self, kinds: Sequence[str]) -> str:
        """For mails of these kinds. It never runs out: all it can do is to stop them."""
        return sign("unsubscribe", {"user": self.id, "kinds": kinds}, None)

    @classmethod
    def read_unsubscribe(cls, token: str) -> tuple[Self | None, list[str]]:
        """Return (user, kinds): None and none where it is not ours, or the account is gone."""
        verdict, payload = read("unsubscribe", token)
        user = db.session.get(cls, payload["user"]) if verdict else None
        return user, [kind for kind in USUAL if user and kind in payload["kinds"]]

    def confirm(self, token: str) -> Verdict:
        """Prove the address; return a Verdict, true where the token was good (as all four do)."""
        link = self.read_link("confirm", token)
        if link.verdict and link.user is not self:
            return Verdict.BAD
        if link.verdict:
            self.prove_address()
        return link.verdict

    @classmethod
    def reset_password(cls, token: str, password: str) -> Verdict:
        """Set a password by a mailed link, which also proves the address; ends every session."""
        link = cls.read_link("reset", token)
        if link.verdict and not link.user.change_password(password):
            return Verdict.BAD
        if link.verdict:
            link.user.prove_address()
        return link.verdict

    def change_email(self, token: str) -> Verdict:
        """Take the new address that the token carries, unless somebody has it by now."""
        link = self.read_link("change_email", token)
        if link.verdict and link.user is not self:
            return Verdict.BAD
        if link.verdict and not self._take_address(link.email):
            return Verdict.BAD
        return link.verdict

    @classmethod
    def revert_email(cls, token: str) -> Verdict:
        """Give the account its old address back; end every session and void the password.

        Whoever changed the address knew the password, so only a mailed link sets a new one.

        The mailbox proves who the owner is, so an account that only claims the address gives way.
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
        """Move to an address that was proven. False: it is taken, or another was faster (R-55)."""
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
        setting: str,
        *,
        email: str | None = None,
        way: EmailReversal | None = None,
    ) -> str:
        payload = {"user": self.id, "print": self._fingerprint(purpose, way)}
        if email:
            payload["email"] = email
        if way:
            payload["way"] = way.id
        return sign(purpose, payload, expiration or current_app.config[setting])

    def _fingerprint(self, purpose: str, way: EmailReversal | None) -> str:
        """Return what the use of such a link changes, as 128 bits that tell nothing of it."""
        changed = {
            "confirm": (self.email, self.confirmed_at is None),
            "reset": (self.email, self.password_hash, self.auth_epoch),
            "change_email": (self.email, self.password_hash, self.auth_epoch),
            "revert_email": way and (way.id, way.user_id, way.old_email, way.is_open),
        }[purpose]
        return hashlib.sha256(repr((self.id, changed)).encode()).hexdigest()[:32]

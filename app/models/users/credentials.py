"""Passwords of users: setting, verifying and changing them."""

from typing import Any

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ...security.passwords import hash_password, needs_rehash, verify
from ..fields import Moment, utcnow
from ..statements import rows_changed
from .account import Account
from .session import UserSession


class Credentials(Account):
    """Each change of password or address increases `auth_epoch`, which voids older links."""

    password_hash: Mapped[str | None] = mapped_column(String(255))
    password_due_at: Mapped[Moment | None]  # since when the password must be changed at sign-in
    auth_epoch: Mapped[int] = mapped_column(default=0)

    @property
    def password(self) -> None:
        raise AttributeError("A password can be verified, not read.")

    @password.setter
    def password(self, password: str) -> None:
        self.password_hash = hash_password(password)
        self.password_due_at = None
        self.auth_epoch = (self.auth_epoch or 0) + 1

    def verify_password(self, password: str) -> bool:
        return verify(self.password_hash, password)

    def accept_sign_in(self, password: str) -> bool:
        """Record a sign-in with this password, and update an outdated hash.

        Return False if the password or account changed since it was verified (R-59).
        """
        values: dict[str, Any] = {"last_seen": utcnow()}
        if needs_rehash(self.password_hash or "", password):
            values["password_hash"] = hash_password(password)
        return self._update_at_epoch(**values)

    def change_password(self, password: str, *, keep: UserSession | None = None) -> bool:
        """Set a password and end all sessions but `keep`. Return False after a race (R-97)."""
        password_hash = hash_password(password)
        if not self.advance_epoch():
            return False
        self.password_hash, self.password_due_at = password_hash, None
        UserSession.end_all(self, keep=keep)
        return True

    def require_new_password(self) -> None:
        self.password_due_at = self.password_due_at or utcnow()

    def advance_epoch(self) -> bool:
        """Increase the epoch; of several concurrent calls, one returns True."""
        return self._update_at_epoch(auth_epoch=self.auth_epoch + 1)

    def _update_at_epoch(self, **values: Any) -> bool:
        """Set values if the epoch is still as it was when this user was loaded."""
        model = type(self)
        here = update(model).where(model.id == self.id, model.auth_epoch == self.auth_epoch)
        if rows_changed(here.values(**values)):
            return True
        db.session.expire(self)
        return False

"""Users: the model of accounts, composed of the traits in this package."""

from datetime import timedelta
from typing import Any, TypeAlias

from flask_login import AnonymousUserMixin, UserMixin
from sqlalchemy import (
    CheckConstraint,
    Connection,
    Index,
    Select,
    event,
    func,
    select,
    update,
)
from sqlalchemy.orm import validates
from sqlalchemy.orm.attributes import set_committed_value

from ...extensions import Model, db
from ...permissions import Permission
from ...text.names import canonical_address, problem_with_username, username_key
from ..fields import NEVER_TWICE, partial_index, utcnow
from ..roles.role import Role
from .approval import Approval
from .email_tokens import EmailTokens
from .follow import Following
from .probation import Probation
from .session import UserSession
from .visibility import Visible

SEEN_EVERY = timedelta(minutes=1)
DEVICE_SEEN_EVERY = timedelta(minutes=10)


class User(Approval, EmailTokens, Visible, Following, Probation, UserMixin, Model):
    """A user. Usernames are unique by `username_key`, which ignores case."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_is_lower"),
        CheckConstraint("username_key = lower(username)", name="username_key_is_lower"),
        Index("ix_users_newest", "member_since", "id"),
        Index("ix_users_seen", "last_seen", "id"),
        Index("ix_users_role", "role_id", "id"),
        Index("ix_users_name_key", "name_key", "id"),
        Index("ix_users_address_key", "address_key", "id"),
        partial_index("ix_users_unconfirmed", "confirmed_at IS NULL"),
        partial_index("ix_users_deactivated", "deactivated_at IS NOT NULL"),
        partial_index("ix_users_awaiting", "approval_asked_at IS NOT NULL"),
        NEVER_TWICE,
    )

    def __init__(self, **values: Any) -> None:
        """A person without a role named gets the default one, never more: see `prove_address`."""
        if "role" not in values and "role_id" not in values:
            values["role"] = Role.get_default()
        for name in ("first_name", "last_name", "location", "about_me", "sign_up_reason"):
            values.setdefault(name, "")
        super().__init__(**values)

    def __repr__(self) -> str:
        return f"<User {self.username!r}>"

    @validates("email")
    def _store_canonical_address(self, key: str, address: str) -> str:
        address = canonical_address(address)
        if address != self.email:
            self.unreached_at = None
        return address

    @validates("username")
    def _sync_username_key(self, key: str, name: str) -> str:
        if problem := problem_with_username(name):
            raise ValueError(problem)
        self.username_key = username_key(name)
        return name

    @classmethod
    def newest(cls) -> Select:
        """Select the users who are visible to everyone, the newest first."""
        newest = cls.member_since.desc(), cls.id.desc()
        return select(cls).where(*cls.seen_by_all()).order_by(*newest)

    @classmethod
    def count(cls, *conditions: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(cls).where(*conditions)) or 0

    @classmethod
    def note_delivery(cls, address: str, *, refused: bool) -> None:
        """Remember whether the mail server takes mail for the address of a member."""
        here = update(cls).where(cls.email == address)
        if refused:
            here = here.values(unreached_at=func.coalesce(cls.unreached_at, utcnow()))
        else:
            here = here.where(cls.unreached_at.is_not(None)).values(unreached_at=None)
        db.session.execute(here)

    def ping(self) -> None:
        """Note, at most once a minute, that the person is here. Commits."""
        now = utcnow()
        seen, device = self.last_seen, self.session
        due = seen is None or now - seen >= SEEN_EVERY
        if due or (device and now - device.seen_at >= DEVICE_SEEN_EVERY):
            db.session.execute(update(User).where(User.id == self.id).values(last_seen=now))
            if device:  # which may have been signed out in this moment
                here = UserSession.id == device.id
                db.session.execute(update(UserSession).where(here).values(seen_at=now))
            db.session.commit()
            set_committed_value(self, "last_seen", now)
            if device:
                set_committed_value(device, "seen_at", now)


@event.listens_for(User, "before_insert")
@event.listens_for(User, "before_update")
def _update_search_columns(mapper: object, connection: Connection, user: User) -> None:
    user.update_search_columns()


class AnonymousUser(AnonymousUserMixin):
    """A visitor: answers every question about permissions with no."""

    id = role = current_role = viewed_role = leaving_at = unreached_at = None
    is_confirmed = is_silenced = is_suspended = False
    may_speak = True

    def can(self, permission: Permission) -> bool:
        return False

    def is_administrator(self) -> bool:
        return False

    def is_moderator(self) -> bool:
        return False


Actor: TypeAlias = User | str | None  # who acts: SITE, or None for an operator at the shell

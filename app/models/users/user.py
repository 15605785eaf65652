"""Users: people with an account."""

import secrets
from datetime import timedelta

from flask import current_app
from flask_login import AnonymousUserMixin, UserMixin
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    event,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
from sqlalchemy.orm.attributes import set_committed_value

from ...extensions import Model, db
from ...permissions import Permission
from ...text.names import address_or_none, canonical_address, problem_with_username, username_key
from ..audit.actions import Action
from ..audit.entry import SITE
from ..fields import NEVER_TWICE, Id, Moment, Reason, partial_index, utcnow
from ..roles.role import Role
from .administration import UserAdministration
from .approval import Approval
from .credentials import Credentials
from .email_tokens import EmailTokens
from .follow import Following
from .lookup import UserLookup
from .probation import Probation
from .rank import Ranked
from .restrictions import Restrictable
from .role_preview import RolePreview
from .session import UserSession
from .temporary_role import TemporaryRoleHolder
from .visibility import Visible

SEEN_EVERY = timedelta(minutes=1)
DEVICE_SEEN_EVERY = timedelta(minutes=10)


class User(
    Approval,
    Restrictable,
    UserAdministration,
    TemporaryRoleHolder,
    RolePreview,
    Visible,
    Ranked,
    EmailTokens,
    Credentials,
    UserLookup,
    Following,
    Probation,
    UserMixin,
    Model,
):
    """Names and addresses are unique by `username_key` and `email`; constraints see to it."""

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

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(64), unique=True)
    first_name: Mapped[str] = mapped_column(String(64), default="", index=True)
    last_name: Mapped[str] = mapped_column(String(64), default="", index=True)
    location: Mapped[str] = mapped_column(String(64), default="")
    about_me: Mapped[str] = mapped_column(Text, default="")
    avatar_key: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    member_since: Mapped[Moment] = mapped_column(default=utcnow)
    last_seen: Mapped[Moment | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="")  # in which they type moments
    hides_last_seen: Mapped[bool] = mapped_column(default=False)
    picture_key: Mapped[str | None] = mapped_column(String(32))  # of their own; None: an identicon
    home_feed: Mapped[str] = mapped_column(String(16), default="all")
    sign_up_key: Mapped[str | None] = mapped_column(String(64))  # of the visit that signed up
    confirmed_at: Mapped[Moment | None]
    unreached_at: Mapped[Moment | None]  # since when the mail server refuses mail to the address
    deactivated_at: Mapped[Moment | None]
    approval_asked_at: Mapped[Moment | None]  # since when the newcomer waits to be let in
    sign_up_reason: Mapped[Reason]
    sign_up_mode: Mapped[str] = mapped_column(String(16), default="")  # how the account came about
    address_given_at: Mapped[Moment | None]  # when staff put the account at its address
    leaving_at: Mapped[Moment | None]  # when the account is to be deleted
    staff_told_at: Mapped[Moment | None]  # when the person was last told what waits for staff
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"))
    role_until: Mapped[Moment | None] = mapped_column(index=True)  # then `former_role` returns
    role_notice_at: Mapped[Moment | None]  # when the person was told that the end is near
    former_role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"), index=True)

    role: Mapped[Role | None] = relationship(lazy="joined", foreign_keys=[role_id])
    former_role: Mapped[Role | None] = relationship(foreign_keys=[former_role_id])

    session = None  # the UserSession that the running request came with

    def __init__(self, **values):
        """A person without a role named gets the default one, never more: see `prove_address`."""
        if "role" not in values and "role_id" not in values:
            values["role"] = Role.get_default()
        for name in ("first_name", "last_name", "location", "about_me", "sign_up_reason"):
            values.setdefault(name, "")
        super().__init__(**values)

    def __repr__(self):
        return f"<User {self.username!r}>"

    @validates("email")
    def _store_canonical_address(self, key, address):
        address = canonical_address(address)
        if address != self.email:
            self.unreached_at = None
        return address

    @validates("username")
    def _sync_username_key(self, key, name):
        if problem := problem_with_username(name):
            raise ValueError(problem)
        self.username_key = username_key(name)
        return name

    @classmethod
    def newest(cls):
        """People whom everybody may see, the newest first."""
        newest = cls.member_since.desc(), cls.id.desc()
        return select(cls).where(*cls.seen_by_all()).order_by(*newest)

    @classmethod
    def count(cls, *conditions):
        return db.session.scalar(select(func.count()).select_from(cls).where(*conditions))

    @property
    def is_confirmed(self):
        return self.confirmed_at is not None

    @property
    def is_active(self):
        return self.deactivated_at is None

    @property
    def is_reached_by_mail(self):
        """Whether mails about what others did may go to the account's address."""
        return self.is_confirmed and self.is_active and self.unreached_at is None

    @property
    def is_leaving_now(self):
        """Whether the day has come on which the account is deleted."""
        return self.leaving_at is not None and self.leaving_at <= utcnow()

    def full_name(self):
        """First and last name as far as they were given; the username where none was."""
        return f"{self.first_name} {self.last_name}".strip() or self.username

    @property
    def awaits_approval(self):
        return self.approval_asked_at is not None

    def can(self, permission):
        """Whether the role grants it, and no sanction takes it."""
        role = self.current_role
        granted = role is not None and role.has_permission(permission)
        return granted and not self.is_kept_from(permission)

    def is_administrator(self):
        return self.can(Permission.ADMIN)

    def is_moderator(self):
        return self.can(Permission.MODERATE)

    @classmethod
    def note_delivery(cls, address, *, refused):
        """Remember whether the mail server takes mail for the address of a member."""
        here = update(cls).where(cls.email == address)
        if refused:
            here = here.values(unreached_at=func.coalesce(cls.unreached_at, utcnow()))
        else:
            here = here.where(cls.unreached_at.is_not(None)).values(unreached_at=None)
        db.session.execute(here)

    def ping(self):
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

    def prove_address(self):
        """The person has shown that mail to the address reaches them.

        Only now does OFFBRAND_ADMIN make its holder Administrator (R-36): a claim is no proof.
        """
        self.confirmed_at, self.unreached_at = self.confirmed_at or utcnow(), None
        admin = address_or_none(current_app.config["OFFBRAND_ADMIN"] or "")
        if admin == self.email:
            self.approval_asked_at = None
            held = self.held_role  # whatever role they only look at the site with
            if not (held and held.has_permission(Permission.ADMIN)):
                self._take_role(Role.named("Administrator"), "OFFBRAND_ADMIN names this address.")

    def _take_role(self, role, reason):
        """Get a role that nobody gave: by the configuration, or for want of one."""
        before, self.role, self.role_until, self.former_role = self.role_in_words, role, None, None
        db.session.flush()
        self.record(Action.CHANGE_ROLE, SITE, reason, before, self.role_in_words)

    @classmethod
    def give_missing_roles(cls):
        """Give whoever has no role the one they are due; return to how many."""
        people = db.session.scalars(select(cls).where(cls.role_id.is_(None))).all()
        for person in people:
            person._take_role(Role.get_default(), "They had no role.")
            if person.is_confirmed:
                person.prove_address()
        return len(people)


@event.listens_for(User, "before_insert")
@event.listens_for(User, "before_update")
def _update_search_columns(mapper, connection, user):
    user.update_search_columns()


class AnonymousUser(AnonymousUserMixin):
    """A visitor: answers every question about permissions with no."""

    id = role = current_role = viewed_role = leaving_at = unreached_at = None
    is_confirmed = is_silenced = is_suspended = False
    may_speak = True

    def can(self, permission):
        return False

    def is_administrator(self):
        return False

    def is_moderator(self):
        return False

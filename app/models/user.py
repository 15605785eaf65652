"""Users: people with an account."""

import secrets
from datetime import timedelta

from flask import current_app
from flask_login import AnonymousUserMixin, UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ..extensions import db
from ..names import address_or_none, canonical_address, problem_with_username, username_key
from ..permissions import Permission
from .administrators import Ranked
from .credentials import Credentials
from .fields import CreatedAt, Id, Moment, utcnow
from .links import MailedLinks
from .role import Role
from .session import UserSession

SEEN_EVERY = timedelta(minutes=1)
DEVICE_SEEN_EVERY = timedelta(minutes=10)


class User(Ranked, MailedLinks, Credentials, UserMixin, db.Model):
    """Names and addresses are unique by `username_key` and `email`; constraints see to it."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_is_lower"),
        CheckConstraint("username_key = lower(username)", name="username_key_is_lower"),
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
    member_since: Mapped[CreatedAt]
    last_seen: Mapped[Moment | None]
    sign_up_key: Mapped[str | None] = mapped_column(String(64))  # of the visit that signed up
    confirmed_at: Mapped[Moment | None]
    deactivated_at: Mapped[Moment | None]
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"), index=True)

    role: Mapped[Role | None] = relationship(lazy="joined")

    session = None  # the UserSession that the running request came with

    def __init__(self, **values):
        """A person without a role named gets the default one, never more: see `prove_address`."""
        if "role" not in values and "role_id" not in values:
            values["role"] = Role.get_default()
        for name in ("first_name", "last_name", "location", "about_me"):
            values.setdefault(name, "")
        super().__init__(**values)

    def __repr__(self):
        return f"<User {self.username!r}>"

    @validates("email")
    def _store_canonical_address(self, key, address):
        return canonical_address(address)

    @validates("username")
    def _keep_key_in_step(self, key, name):
        if problem := problem_with_username(name):
            raise ValueError(problem)
        self.username_key = username_key(name)
        return name

    @classmethod
    def with_email(cls, address):
        address = address_or_none(address)
        return address and db.session.scalar(select(cls).where(cls.email == address))

    @classmethod
    def with_username(cls, name):
        return db.session.scalar(select(cls).where(cls.username_key == username_key(name)))

    @classmethod
    def with_login(cls, text):
        """Find a person by what they type to sign in: an address has an @, a username never."""
        return cls.with_email(text) if "@" in text else cls.with_username(text)

    @classmethod
    def newest(cls):
        """People whom everybody may see, the newest first."""
        shown = cls.confirmed_at.is_not(None), cls.deactivated_at.is_(None)
        return select(cls).where(*shown).order_by(cls.member_since.desc(), cls.id.desc())

    @classmethod
    def count(cls, *conditions):
        return db.session.scalar(select(func.count()).select_from(cls).where(*conditions))

    @property
    def is_confirmed(self):
        return self.confirmed_at is not None

    @property
    def is_active(self):
        return self.deactivated_at is None

    def full_name(self):
        """First and last name as far as they were given; the username where none was."""
        return f"{self.first_name} {self.last_name}".strip() or self.username

    def can(self, permission):
        return self.role is not None and self.role.has_permission(permission)

    def is_administrator(self):
        return self.can(Permission.ADMIN)

    def is_moderator(self):
        return self.can(Permission.MODERATE)

    def visible_to(self, user):
        """Who has not proven an address, or is deactivated, is seen by staff and themselves."""
        return (
            (self.is_confirmed and self.is_active) or user == self or user.can(Permission.MODERATE)
        )

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

    def prove_address(self):
        """The person has shown that mail to the address reaches them.

        Only now does OFFBRAND_ADMIN make its holder Administrator (R-36): a claim is no proof.
        """
        self.confirmed_at = self.confirmed_at or utcnow()
        admin = address_or_none(current_app.config["OFFBRAND_ADMIN"] or "")
        if admin == self.email and not self.is_administrator():
            self.role = Role.named("Administrator")

    @classmethod
    def give_missing_roles(cls):
        """Give whoever has no role the one they are due; return to how many."""
        people = db.session.scalars(select(cls).where(cls.role_id.is_(None))).all()
        for person in people:
            person.role = Role.get_default()
            if person.is_confirmed:
                person.prove_address()
        return len(people)

    @classmethod
    def search(cls, text):
        """People whose address or username holds the text, in the order of their names."""
        part = username_key(text)
        found = or_(
            cls.email.contains(part, autoescape=True),
            cls.username_key.contains(part, autoescape=True),
        )
        return select(cls).where(found).order_by(cls.username_key)


class AnonymousUser(AnonymousUserMixin):
    """A visitor: answers every question about permissions with no."""

    role = None
    is_confirmed = False

    def can(self, permission):
        return False

    def is_administrator(self):
        return False

    def is_moderator(self):
        return False

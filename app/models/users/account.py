"""The columns of a user, and the properties that depend on nothing else."""

import secrets
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from ...text.dates import end_date
from ..counted import Counted
from ..fields import Id, Moment, Reason, utcnow
from ..roles.role import Role
from .session import UserSession


class Account(Counted):
    """What the traits of `User` have in common; one that needs another inherits from it."""

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

    # Stored counts, see counters.py
    post_count: Mapped[int] = mapped_column(default=0)  # posts that everyone can read
    comment_count: Mapped[int] = mapped_column(default=0)
    follower_count: Mapped[int] = mapped_column(default=0)
    following_count: Mapped[int] = mapped_column(default=0)

    session: UserSession | None = None  # that the running request came with

    @declared_attr
    def role(cls: Any) -> Mapped[Role | None]:
        return relationship(Role, lazy="joined", foreign_keys=[cls.role_id])

    @declared_attr
    def former_role(cls: Any) -> Mapped[Role | None]:
        return relationship(Role, foreign_keys=[cls.former_role_id])

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def is_reached_by_mail(self) -> bool:
        """Whether notifications may be mailed to the account."""
        return self.is_confirmed and self.is_active and self.unreached_at is None

    @property
    def is_leaving_now(self) -> bool:
        """Whether the account is due for deletion."""
        return self.leaving_at is not None and self.leaving_at <= utcnow()

    def full_name(self) -> str:
        """Return the first and last name, or the username if neither is given."""
        return f"{self.first_name} {self.last_name}".strip() or self.username

    @property
    def awaits_approval(self) -> bool:
        return self.approval_asked_at is not None

    @property
    def role_is_over(self) -> bool:
        return self.role_until is not None and self.role_until <= utcnow()

    @property
    def returns_to(self) -> Role | None:
        """The role after the temporary one has ended."""
        return self.former_role or Role.get_default()

    @property
    def role_in_words(self) -> str:
        name = self.role.name if self.role else "no role"
        return f"{name} until {end_date(self.role_until)}" if self.role_until else name

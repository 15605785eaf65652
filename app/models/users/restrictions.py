"""Restrictions: what a role permits and a sanction takes away; asked with each request."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Mapped

from ...extensions import db
from ...permissions import Permission
from ..errors import Silenced
from ..fields import Moment, utcnow
from .role_preview import RolePreview

WRITING = Permission.WRITE | Permission.COMMENT
SILENCED = "A sanction keeps you from writing."
NO_END = datetime(9999, 1, 1, tzinfo=UTC)  # of a sanction without an end


class Restrictable(RolePreview):
    """The two moments are copied from the sanctions in force, by the methods of `Sanction`."""

    silenced_until: Mapped[Moment | None]
    suspended_until: Mapped[Moment | None]

    def can(self, permission: Permission) -> bool:
        """Whether the role grants it, and no sanction takes it."""
        role = self.current_role
        granted = role is not None and role.has_permission(permission)
        return granted and not self.is_kept_from(permission)

    def is_administrator(self) -> bool:
        return self.can(Permission.ADMIN)

    def is_moderator(self) -> bool:
        return self.can(Permission.MODERATE)

    @classmethod
    def not_suspended(cls) -> ColumnElement[bool]:
        """Return the condition that a user is not suspended."""
        return or_(cls.suspended_until.is_(None), cls.suspended_until <= utcnow())

    @classmethod
    def speaking(cls) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return the conditions that a user may write; see `may_speak`."""
        silent = or_(cls.silenced_until.is_(None), cls.silenced_until <= utcnow())
        return silent, cls.not_suspended()

    @property
    def is_silenced(self) -> bool:
        return self.silenced_until is not None and self.silenced_until > utcnow()

    @property
    def is_suspended(self) -> bool:
        """Whether a suspension or a ban is in force."""
        return self.suspended_until is not None and self.suspended_until > utcnow()

    @property
    def is_banned(self) -> bool:
        """Whether the suspension in force has no end."""
        return self.suspended_until == NO_END

    @property
    def may_speak(self) -> bool:
        """Whether no sanction forbids the user to write in public."""
        return not (self.is_silenced or self.is_suspended)

    @property
    def kept_until(self) -> datetime | None:
        """When the suspension, or else the silence, ends; None if it has no end."""
        end = self.suspended_until if self.is_suspended else self.silenced_until
        return None if end == NO_END else end

    def require_speech(self) -> None:
        """Lock the user; raise Silenced if a sanction forbids writing, also one imposed meanwhile.

        Call it last, as rows of posts and comments are locked before those of users.
        """
        cls = type(self)
        db.session.flush()
        here = select(cls.id).where(cls.id == self.id, *cls.speaking())
        if db.session.scalar(here.with_for_update(key_share=True)) is None:
            raise Silenced(SILENCED)

    def count_written(self, **changes: Any) -> None:
        """Add to the counts of the user and check `require_speech`, in one statement."""
        if not self.count_up(self.id, *self.speaking(), **changes):
            raise Silenced(SILENCED)

    def is_kept_from(self, permission: Permission) -> bool:
        """Return whether a sanction takes away a permission."""
        return self.is_suspended or (self.is_silenced and bool(permission & WRITING))

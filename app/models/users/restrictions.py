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
KEPT = "A sanction keeps you from writing."
NO_END = datetime(9999, 1, 1, tzinfo=UTC)  # of what lasts until somebody lifts it


class Restrictable(RolePreview):
    """The two moments are those of the `Sanction` rows in force; its verbs keep them in step."""

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
        """The condition that a person may come in; compare `is_suspended`."""
        return or_(cls.suspended_until.is_(None), cls.suspended_until <= utcnow())

    @classmethod
    def speaking(cls) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The conditions that a person may write; compare `may_speak`."""
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
        """Whether the suspension that is in force has no end."""
        return self.suspended_until == NO_END

    @property
    def may_speak(self) -> bool:
        """Whether no sanction keeps the person from writing where others read it."""
        return not (self.is_silenced or self.is_suspended)

    @property
    def kept_until(self) -> datetime | None:
        """When the sanction in force ends, the suspension before the silence; None: never."""
        end = self.suspended_until if self.is_suspended else self.silenced_until
        return None if end == NO_END else end

    def require_speech(self) -> None:
        """Refuse to write, where a sanction has come meanwhile; none comes before the commit.

        Verbs that write ask this last, as rows of texts are locked before those of people.
        """
        cls = type(self)
        db.session.flush()
        here = select(cls.id).where(cls.id == self.id, *cls.speaking())
        if db.session.scalar(here.with_for_update(key_share=True)) is None:
            raise Silenced(KEPT)

    def count_written(self, **changes: Any) -> None:
        """Count what they have written, by the same rule as `require_speech`, at no cost more."""
        if not self.count_up(self.id, *self.speaking(), **changes):
            raise Silenced(KEPT)

    def is_kept_from(self, permission: Permission) -> bool:
        """Whether a sanction takes a permission that the role grants."""
        return self.is_suspended or (self.is_silenced and bool(permission & WRITING))

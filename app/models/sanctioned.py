"""What sanctions keep a person from: asked with each request, so they end by themselves."""

from datetime import UTC, datetime

from sqlalchemy import or_
from sqlalchemy.orm import Mapped

from ..permissions import Permission
from .fields import Moment, utcnow

WRITING = Permission.WRITE | Permission.COMMENT
NO_END = datetime(9999, 1, 1, tzinfo=UTC)  # of what lasts until somebody lifts it


class Sanctioned:
    """The two moments are those of the `Sanction` rows in force; its verbs keep them in step."""

    silenced_until: Mapped[Moment | None]
    suspended_until: Mapped[Moment | None]

    @classmethod
    def not_suspended(cls):
        """The condition that a person may come in; compare `is_suspended`."""
        return or_(cls.suspended_until.is_(None), cls.suspended_until <= utcnow())

    @property
    def is_silenced(self):
        return self.silenced_until is not None and self.silenced_until > utcnow()

    @property
    def is_suspended(self):
        """Whether a suspension or a ban is in force."""
        return self.suspended_until is not None and self.suspended_until > utcnow()

    @property
    def is_banned(self):
        """Whether the suspension that is in force has no end."""
        return self.suspended_until == NO_END

    @property
    def may_speak(self):
        """Whether no sanction keeps the person from writing where others read it."""
        return not (self.is_silenced or self.is_suspended)

    def is_kept_from(self, permission):
        """Whether a sanction takes a permission that the role grants."""
        return self.is_suspended or (self.is_silenced and bool(permission & WRITING))

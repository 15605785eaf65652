"""Visibility: everyone sees users who are confirmed, approved and active."""

from typing import Protocol

from sqlalchemy import ColumnElement

from ...permissions import Permission
from ..conditions import SEEN
from .restrictions import Restrictable


class Viewer(Protocol):
    """A user or a visitor, whose classes are defined above this file."""

    @property
    def id(self) -> int | None: ...

    @property
    def is_authenticated(self) -> bool: ...

    def can(self, permission: Permission) -> bool: ...


class Visible(Restrictable):
    @classmethod
    def seen_by_all(cls) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of `is_seen` in SQL."""
        return SEEN.of(cls)

    @classmethod
    def shown_to(cls, user: Viewer) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that the viewer sees a user; see `visible_to`."""
        return () if user.can(Permission.MODERATE) else cls.seen_by_all()

    @property
    def is_seen(self) -> bool:
        """Whether everyone can see the user."""
        return SEEN.holds(self)

    def visible_to(self, user: Viewer) -> bool:
        """Return whether the viewer can see this user; staff and the user themselves always can."""
        return self.is_seen or user == self or user.can(Permission.MODERATE)

    def reportable_by(self, user: Viewer) -> bool:
        """Return whether the viewer may report this user to the moderators."""
        return self.is_seen and user.is_authenticated and self.id != user.id

"""Who sees whom: everybody sees members who are confirmed, let in and whose account is open."""

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
        """The conditions that everybody may see a person; compare `is_seen`."""
        return SEEN.of(cls)

    @classmethod
    def shown_to(cls, user: Viewer) -> tuple[ColumnElement[bool], ...]:
        """The conditions that a person is seen by one; compare `visible_to`."""
        return () if user.can(Permission.MODERATE) else cls.seen_by_all()

    @property
    def is_seen(self) -> bool:
        """Whether everybody may see the person."""
        return SEEN.holds(self)

    def visible_to(self, user: Viewer) -> bool:
        """Who has not proven an address, or is deactivated, is seen by staff and themselves."""
        return self.is_seen or user == self or user.can(Permission.MODERATE)

    def reportable_by(self, user: Viewer) -> bool:
        """Whether one may report the person to the moderators."""
        return self.is_seen and user.is_authenticated and self.id != user.id

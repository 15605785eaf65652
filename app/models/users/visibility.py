"""Who sees whom: everybody sees members who are confirmed, let in and whose account is open."""

from ...permissions import Permission
from ..conditions import SEEN


class Visible:
    @classmethod
    def seen_by_all(cls):
        """The conditions that everybody may see a person; compare `is_seen`."""
        return SEEN.of(cls)

    @classmethod
    def shown_to(cls, user):
        """The conditions that a person is seen by one; compare `visible_to`."""
        return () if user.can(Permission.MODERATE) else cls.seen_by_all()

    @property
    def is_seen(self):
        """Whether everybody may see the person."""
        return SEEN.holds(self)

    def visible_to(self, user):
        """Who has not proven an address, or is deactivated, is seen by staff and themselves."""
        return self.is_seen or user == self or user.can(Permission.MODERATE)

    def reportable_by(self, user):
        """Whether one may report the person to the moderators."""
        return self.is_seen and user.is_authenticated and self.id != user.id

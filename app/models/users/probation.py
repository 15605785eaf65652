"""Probation of new users: which posts and comments need approval, and how many an hour may have.

The first depends on how many were approved, the second on the age of the account. Staff are exempt.
"""

from datetime import timedelta

from flask import current_app

from ..fields import utcnow
from ..site.setting import current_settings
from .restrictions import Restrictable

LINKS_WAIT_UNTIL = 3  # approved posts and comments
PACES = (
    (timedelta(days=1), "texts on the first day"),
    (timedelta(days=7), "texts in the first week"),
)


class Probation(Restrictable):
    @property
    def approved_count(self) -> int:
        """The number of their posts and comments that everyone can read."""
        return self.post_count + self.comment_count

    @property
    def texts_wait_until(self) -> int:
        """How many must be approved before others need no approval; 0 if none does."""
        return self._until(current_settings().hold_first)

    @property
    def links_wait_until(self) -> int:
        """The same for posts and comments with links to other sites."""
        return self._until(LINKS_WAIT_UNTIL if current_settings().hold_links else 0)

    @property
    def progress(self) -> tuple[int, int] | None:
        """(approved, required) numbers; None if posts need no approval."""
        until = self.texts_wait_until
        return (self.approved_count, until) if until else None

    def _until(self, number: int) -> int:
        return number if self.approved_count < number and not self.is_moderator() else 0

    @property
    def age(self) -> timedelta:
        return utcnow() - self.member_since

    @property
    def pace(self) -> str | None:
        """The name of the limit in LIMITS for their writing; None if there is none."""
        name = next((name for until, name in PACES if self.age < until), "texts")
        limited = current_app.config["LIMITS"][name] and not self.is_moderator()
        return name if limited else None

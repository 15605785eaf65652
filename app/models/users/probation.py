"""Newcomers: what of theirs waits for approval, and how much they may write in an hour.

Both relax: with what was approved, and with the age of the account. Staff is no newcomer.
"""

from datetime import timedelta

from flask import current_app

from ..fields import utcnow
from ..site.setting import current_settings
from .restrictions import Restrictable

LINKS_WAIT_UNTIL = 3  # texts of a member that everybody may read
PACES = (
    (timedelta(days=1), "texts on the first day"),
    (timedelta(days=7), "texts in the first week"),
)


class Probation(Restrictable):
    @property
    def approved_count(self) -> int:
        """How many posts and comments of theirs everybody may read."""
        return self.post_count + self.comment_count

    @property
    def texts_wait_until(self) -> int:
        """How many must be approved before others are seen at once; 0: they are."""
        return self._until(current_settings().hold_first)

    @property
    def links_wait_until(self) -> int:
        """The same for texts with links to other sites."""
        return self._until(LINKS_WAIT_UNTIL if current_settings().hold_links else 0)

    @property
    def progress(self) -> tuple[int, int] | None:
        """(how many were approved, how many must be); None once posts are published at once."""
        until = self.texts_wait_until
        return (self.approved_count, until) if until else None

    def _until(self, number: int) -> int:
        return number if self.approved_count < number and not self.is_moderator() else 0

    @property
    def age(self) -> timedelta:
        return utcnow() - self.member_since

    @property
    def pace(self) -> str | None:
        """Which of the LIMITS holds for their writing; None for staff, or where it is empty."""
        name = next((name for until, name in PACES if self.age < until), "texts")
        limited = current_app.config["LIMITS"][name] and not self.is_moderator()
        return name if limited else None

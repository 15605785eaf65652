"""Overdue queues: what has waited too long for staff, and whom to remind."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import ScalarSelect, Select, func, or_, select, update

from ...extensions import db
from ...permissions import STAFF, Permission
from ..content.comment import Comment
from ..content.post import Post
from ..fields import utcnow
from ..statements import rows_changed
from ..users.role_request import RoleRequest
from ..users.user import User
from .appeal import Appeal
from .case import Case

BETWEEN = timedelta(hours=24)  # two notices to one person
QUEUES = {  # what waits: the rows, since when each does, whom it is about, and who may see them
    "report": (Case.waiting(), Case.created_at, Case.person_id, Permission.MODERATE),
    "appeal": (Appeal.waiting(), Appeal.created_at, Appeal.user_id, Permission.MODERATE),
    "held post": (
        select(Post).where(*Post.waiting()),
        Post.held_at,
        Post.author_id,
        Permission.MODERATE,
    ),
    "held comment": (
        select(Comment).where(*Comment.waiting()),
        Comment.held_at,
        Comment.author_id,
        Permission.MODERATE,
    ),
    "newcomer": (User.awaiting(), User.approval_asked_at, User.id, Permission.ADMIN),
    "role request": (
        RoleRequest.waiting(),
        RoleRequest.created_at,
        RoleRequest.user_id,
        Permission.ADMIN,
    ),
}


@dataclass(frozen=True)
class Overdue:
    """A queue in which something waits too long: how many wait there, the oldest since when."""

    noun: str
    number: int
    since: datetime

    @classmethod
    def all(cls, hours: int, person: User | None = None) -> list[Self]:
        """The queues in which the oldest has waited longer than so many hours.

        For a person without what is about themselves: another sees to it.
        """
        rows = ((_without(person, about, rows), since) for rows, since, about, _ in QUEUES.values())
        facts = [fact for pair in rows for fact in _facts(*pair)]
        facts = db.session.execute(select(*facts)).one()
        found = map(cls, QUEUES, facts[::2], facts[1::2])
        late = utcnow() - timedelta(hours=hours)
        return [queue for queue in found if queue.number and queue.since < late]

    def concerns(self, person: User) -> bool:
        return person.can(QUEUES[self.noun][-1])


def staff_to_tell() -> Select:
    """The ids of those whose role makes them staff and who had no notice lately."""
    return select(User.id).where(User.granted_any(STAFF), *_untold()).order_by(User.id)


def claim(id: int) -> bool:
    """Take it on to tell a person; of several who try, one may."""
    here = update(User).where(User.id == id, *_untold()).values(staff_told_at=utcnow())
    return rows_changed(here, synchronize_session=False) == 1


def _without(person: User | None, about: Any, rows: Select) -> Select:
    return rows.where(or_(about.is_(None), about != person.id)) if person else rows


def _facts(rows: Any, since: Any) -> Iterator[ScalarSelect]:
    """How many rows there are, and since when the oldest waits, as columns of a statement."""
    rows = rows.with_only_columns(since.label("since")).order_by(None).subquery()
    for fact in (func.count(), func.min(rows.c.since)):
        yield select(fact).select_from(rows).scalar_subquery()


def _untold() -> Any:
    told = User.staff_told_at
    return (or_(told.is_(None), told <= utcnow() - BETWEEN),)

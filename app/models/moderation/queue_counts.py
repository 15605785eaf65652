"""Queue counts: pending items for moderators, as columns of another query."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, case, exists, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ...permissions import Permission
from ..content.comment import Comment
from ..content.post import Post
from ..roles.role import Role
from ..users.user import User
from .appeal import Appeal
from .case import Case

MOST_COUNTED = 100
QUEUES = {  # the conditions that one waits, and whom it is about
    "cases": ([Case.settled_at.is_(None)], Case.person_id),
    "appeals": ([Appeal.decided_at.is_(None)], Appeal.user_id),
    "posts": (Post.waiting(), Post.author_id),
    "comments": (Comment.waiting(), Comment.author_id),
}


def waiting_for(user_id: Any) -> Any:
    """How many wait in each queue, up to MOST_COUNTED; 0 for those who do not moderate.

    They are columns of another query, in the order of QUEUES. What is about oneself is left out:
    another moderator sees to it.
    """
    holds = Role.permissions.bitwise_and(int(Permission.MODERATE)) != 0
    staff = exists().where(User.id == user_id, Role.id == User.role_id, holds)
    return [case((staff, number), else_=0) for number in queue_counts(user_id).values()]


def queue_counts(user_id: ColumnElement[Any]) -> dict[str, ScalarSelect]:
    """How many wait in each queue, by its name, as columns of a query; see `waiting_for`."""
    return {name: _number(*queue, user_id) for name, queue in QUEUES.items()}


def _number(
    waits: tuple[ColumnElement[bool], ColumnElement[bool]] | Sequence[ColumnElement[bool]],
    about: Any,
    user_id: ColumnElement[Any],
) -> ScalarSelect:
    others = or_(about.is_(None), about != user_id)
    few = select(literal(1)).where(*waits, others).limit(MOST_COUNTED)
    if isinstance(user_id, InstrumentedAttribute):  # of the statement around it
        few = few.correlate(user_id.table)
    return select(func.count()).select_from(few.subquery()).scalar_subquery()

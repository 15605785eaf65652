"""How much waits for moderators, as columns of the query that every page of theirs asks anyway."""

from sqlalchemy import case, column, exists, func, literal, or_, select, table
from sqlalchemy.orm import InstrumentedAttribute

from ...permissions import Permission

MOST_COUNTED = 100
USERS = table("users", column("id"), column("role_id"))
ROLES = table("roles", column("id"), column("permissions"))
QUEUES = {  # table: what is null while one waits, what is not, and whom it is about
    "cases": (["settled_at"], [], "person_id"),
    "appeals": (["decided_at"], [], "user_id"),
    "posts": (["deleted_at"], ["held_at"], "author_id"),
    "comments": (["deleted_at"], ["held_at"], "author_id"),
}


def waiting_for(user_id):
    """How many wait in each queue, up to MOST_COUNTED; 0 for those who do not moderate.

    They are columns of another query, in the order of QUEUES. What is about oneself is left out:
    another moderator sees to it.
    """
    holds = ROLES.c.permissions.op("&")(int(Permission.MODERATE)) != 0
    staff = exists().where(USERS.c.id == user_id, ROLES.c.id == USERS.c.role_id, holds)
    return [case((staff, number), else_=0) for number in queue_counts(user_id).values()]


def queue_counts(user_id):
    """How many wait in each queue, by its name, as columns of a query; see `waiting_for`."""
    return {name: _number(name, *columns, user_id) for name, columns in QUEUES.items()}


def _number(name, null, not_null, about, user_id):
    queue = table(name, *(column(each) for each in [*null, *not_null, about]))
    waits = [queue.c[each].is_(None) for each in null]
    waits += [queue.c[each].is_not(None) for each in not_null]
    others = or_(queue.c[about].is_(None), queue.c[about] != user_id)
    few = select(literal(1)).select_from(queue).where(*waits, others).limit(MOST_COUNTED)
    if isinstance(user_id, InstrumentedAttribute):  # of the statement around it
        few = few.correlate(user_id.table)
    return select(func.count()).select_from(few.subquery()).scalar_subquery()

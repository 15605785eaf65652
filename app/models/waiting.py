"""How much waits for moderators, as a column of the query that every page of theirs asks anyway."""

from sqlalchemy import case, column, exists, func, select, table

from ..permissions import Permission

MOST_COUNTED = 100
USERS = table("users", column("id"), column("role_id"))
ROLES = table("roles", column("id"), column("permissions"))
CASES, APPEALS = table("cases", column("settled_at")), table("appeals", column("decided_at"))
POSTS, COMMENTS = (
    table(name, column("held_at"), column("deleted_at")) for name in ("posts", "comments")
)
QUEUES = {
    CASES: [CASES.c.settled_at.is_(None)],
    APPEALS: [APPEALS.c.decided_at.is_(None)],
    POSTS: [POSTS.c.held_at.is_not(None), POSTS.c.deleted_at.is_(None)],
    COMMENTS: [COMMENTS.c.held_at.is_not(None), COMMENTS.c.deleted_at.is_(None)],
}


def waiting_for(user_id):
    """How many wait, up to MOST_COUNTED in each queue; 0 for those who do not moderate."""
    holds = ROLES.c.permissions.op("&")(int(Permission.MODERATE)) != 0
    staff = exists().where(USERS.c.id == user_id, ROLES.c.id == USERS.c.role_id, holds)
    counts = [_number(queue, conditions) for queue, conditions in QUEUES.items()]
    return case((staff, sum(counts[1:], counts[0])), else_=0)


def _number(queue, conditions):
    few = select(1).select_from(queue).where(*conditions).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()

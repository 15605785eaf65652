"""How much waits for moderators, as a column of the query that every page of theirs asks anyway."""

from sqlalchemy import case, column, exists, func, or_, select, table

from ..permissions import Permission

MOST_COUNTED = 100
QUEUES = {  # table: what is null while one waits, and whom it is about, who does not rule on it
    "cases": ("settled_at", "person_id"),
    "appeals": ("decided_at", "user_id"),
}


def waiting_for(user_id):
    """How many wait, up to MOST_COUNTED in each queue; 0 for those who do not moderate."""
    users, roles = (
        table("users", column("id"), column("role_id")),
        table("roles", column("id"), column("permissions")),
    )
    holds = roles.c.permissions.op("&")(int(Permission.MODERATE)) != 0
    staff = exists().where(users.c.id == user_id, roles.c.id == users.c.role_id, holds)
    counts = [_open_in(name, *columns, user_id) for name, columns in QUEUES.items()]
    return case((staff, sum(counts[1:], counts[0])), else_=0)


def _open_in(name, settled, about, user_id):
    queue = table(name, column("id"), column(settled), column(about))
    others = or_(queue.c[about].is_(None), queue.c[about] != user_id)
    few = select(queue.c.id).where(queue.c[settled].is_(None), others)
    few = few.limit(MOST_COUNTED).correlate(user_id.table).subquery()
    return select(func.count()).select_from(few).scalar_subquery()

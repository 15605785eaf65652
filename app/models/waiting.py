"""How much waits for moderators, as a column of the query that every page of theirs asks anyway."""

from sqlalchemy import case, column, exists, func, select, table

from ..permissions import Permission

MOST_COUNTED = 100
QUEUES = {"cases": "settled_at", "appeals": "decided_at"}  # table: what is null while one waits


def waiting_for(user_id):
    """How many wait, up to MOST_COUNTED in each queue; 0 for those who do not moderate."""
    users, roles = (
        table("users", column("id"), column("role_id")),
        table("roles", column("id"), column("permissions")),
    )
    holds = roles.c.permissions.op("&")(int(Permission.MODERATE)) != 0
    staff = exists().where(users.c.id == user_id, roles.c.id == users.c.role_id, holds)
    counts = [_open_in(name, settled) for name, settled in QUEUES.items()]
    return case((staff, sum(counts[1:], counts[0])), else_=0)


def _open_in(name, settled):
    queue = table(name, column("id"), column(settled))
    few = select(queue.c.id).where(queue.c[settled].is_(None)).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()

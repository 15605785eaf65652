"""Moderators close threads, clean up after members and keep notes about them.

How an account came about is noted from now on; of those who joined by an invitation it is known.
Sessions know their network, by which staff get a hint of other accounts. Staff are told what waits
too long, each once a day.
"""

from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from alembic import op

revision = "7e41c9a2b650"
down_revision = "5da0c4e7b921"

MOMENT = sa.DateTime(timezone=True)
DUE = sa.text("undone_at IS NULL AND (finished_at IS NULL OR undo_asked_at IS NOT NULL)")
BY_CLEAN_UP = sa.text("clean_up_id IS NOT NULL")
JOINED = """
UPDATE users SET sign_up_mode = 'invitation'
WHERE id IN (SELECT joined_id FROM invitations WHERE joined_id IS NOT NULL)
"""


def upgrade():
    mode = sa.Column("sign_up_mode", sa.String(16), nullable=False, server_default="")
    op.add_column("users", mode)
    op.execute(JOINED)
    op.add_column("users", sa.Column("staff_told_at", MOMENT))
    op.add_column("posts", sa.Column("staff_closed_at", MOMENT))
    for table in ("posts", "comments"):
        op.add_column(table, sa.Column("clean_up_id", sa.Integer()))
        where = dict(sqlite_where=BY_CLEAN_UP, postgresql_where=BY_CLEAN_UP)
        op.create_index(f"ix_{table}_clean_up", table, ["clean_up_id"], **where)
    add_networks()
    make_tables()


def add_networks():
    network = sa.Column("network", sa.String(64), nullable=False, server_default="")
    op.add_column("user_sessions", network)
    sessions = sa.table(
        "user_sessions", sa.column("id"), sa.column("address"), sa.column("network")
    )
    here = sessions.c.address == sa.bindparam("at")
    connection = op.get_bind()
    addresses = connection.scalars(sa.select(sessions.c.address).distinct()).all()
    rows = [dict(at=address, found=network_at(address)) for address in addresses]
    if rows:
        found = sa.update(sessions).where(here).values(network=sa.bindparam("found"))
        connection.execute(found, rows)
    op.create_index("ix_user_sessions_network", "user_sessions", ["network"])


def network_at(address):
    """As app/networks.py said it on this day."""
    try:
        address = ip_address(address)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((address, 64), strict=False))


def make_tables():
    op.create_table(
        "staff_notes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        *people(),
        sa.Column("text", sa.String(2000), nullable=False),
    )
    op.create_table(
        "clean_ups",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        *people(),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        *(sa.Column(name, MOMENT) for name in ("reached_at", "finished_at")),
        *(sa.Column(name, MOMENT) for name in ("undo_asked_at", "undone_at")),
        *leased(),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clean_ups_due", "clean_ups", ["id"], sqlite_where=DUE, postgresql_where=DUE)


def people():
    """Whom it concerns, and who did it."""
    for name, on_delete, nullable in (("user_id", "CASCADE", False), ("by_id", "SET NULL", True)):
        key = sa.ForeignKey("users.id", ondelete=on_delete)
        yield sa.Column(name, sa.Integer(), key, nullable=nullable, index=True)
    yield sa.Column("by_name", sa.String(64), nullable=False)


def leased():
    yield sa.Column("lease_key", sa.String(32), nullable=False)
    yield sa.Column("leased_until", MOMENT)
    yield sa.Column("tries", sa.Integer(), nullable=False)
    yield sa.Column("section", sa.String(32), nullable=False)
    yield sa.Column("done", sa.Integer(), nullable=False)
    yield sa.Column("total", sa.Integer(), nullable=False)


def downgrade():
    for table in ("clean_ups", "staff_notes"):
        op.drop_table(table)
    op.drop_index("ix_user_sessions_network", "user_sessions")
    op.drop_column("user_sessions", "network")
    for table in ("posts", "comments"):
        op.drop_index(f"ix_{table}_clean_up", table)
        op.drop_column(table, "clean_up_id")
    op.drop_column("posts", "staff_closed_at")
    op.drop_column("users", "staff_told_at")
    op.drop_column("users", "sign_up_mode")

"""Administration: the log, settings, pages, invitations, requests, imports, counts by day.

Mails can be dropped, and are listed by state and recipient among a million as fast as among few.
"""

import sqlalchemy as sa
from alembic import op

revision = "3c1d9a7e6b42"
down_revision = "a90d2f61c7e3"

UNSENT = "sent_at IS NULL AND dead_at IS NULL"
OUTBOX = {  # index: its columns, and the rows that it is of
    "ix_outbox_due": (["next_at"], f"{UNSENT} AND dropped_at IS NULL"),
    "ix_outbox_waiting": (["id"], f"{UNSENT} AND dropped_at IS NULL"),
    "ix_outbox_sent": (["id"], "sent_at IS NOT NULL"),
    "ix_outbox_dead": (["id"], "dead_at IS NOT NULL AND dropped_at IS NULL AND sent_at IS NULL"),
    "ix_outbox_dropped": (["id"], "dropped_at IS NOT NULL AND sent_at IS NULL"),
    "ix_outbox_recipient": (["recipient", "id"], None),
    "ix_outbox_user": (["user_id", "id"], None),
}


def upgrade():
    change_outbox()
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=False),
        sa.Column("target_type", sa.String(length=32), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("target_name", sa.String(length=254), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("place", sa.String(length=45), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
        sa.UniqueConstraint("number", name="uq_audit_entries_number"),
    )
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_name", "id"])
    op.create_index("ix_audit_entries_target_name", "audit_entries", ["target_name", "id"])
    op.create_index("ix_audit_entries_created_at", "audit_entries", ["created_at"])
    op.create_index("ix_audit_entries_target", "audit_entries", ["target_type", "target_id", "id"])

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "day_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name="pk_day_counts"),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.UniqueConstraint("slug", name="uq_pages_slug"),
    )
    op.create_index("ix_pages_created_at", "pages", ["created_at"])

    op.create_table(
        "settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settings"),
    )
    op.create_table(
        "page_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("renderer", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_page_versions_page_id_pages", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_page_versions"),
    )
    op.create_index("ix_page_versions_created_at", "page_versions", ["created_at"])
    op.create_index("ix_page_versions_page_id", "page_versions", ["page_id"])

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("greeting", sa.String(length=500), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("invited_by_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by_id"],
            ["users.id"],
            name="fk_invitations_invited_by_id_users",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["joined_id"], ["users.id"], name="fk_invitations_joined_id_users", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_invitations_role_id_roles", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invitations_created_at", "invitations", ["created_at"])
    op.create_index("ix_invitations_email", "invitations", ["email"])
    op.create_index("ix_invitations_invited_by_id", "invitations", ["invited_by_id"])
    op.create_index("ix_invitations_joined_id", "invitations", ["joined_id"])
    op.create_index(
        "ix_invitations_pending",
        "invitations",
        ["email"],
        unique=True,
        sqlite_where=sa.text("joined_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("joined_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_index("ix_invitations_role_id", "invitations", ["role_id"])

    op.create_table(
        "people_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_people_imports_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_people_imports"),
    )
    op.create_index("ix_people_imports_created_at", "people_imports", ["created_at"])
    op.create_index("ix_people_imports_user_id", "people_imports", ["user_id"])

    op.create_table(
        "role_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_role_requests_role_id_roles", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_role_requests_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_role_requests"),
    )
    op.create_index("ix_role_requests_created_at", "role_requests", ["created_at"])
    op.create_index(
        "ix_role_requests_open",
        "role_requests",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index("ix_role_requests_role_id", "role_requests", ["role_id"])
    op.create_index("ix_role_requests_user_id", "role_requests", ["user_id"])

    op.execute("INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '')")
    op.execute("INSERT INTO settings (id, version, \"values\") VALUES (1, 'first', '{}')")


def change_outbox():
    op.drop_index("ix_outbox_waiting", "outbox")
    op.drop_index("ix_outbox_user_id", "outbox")
    op.add_column("outbox", sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
    for name, (columns, rows) in OUTBOX.items():
        where = sa.text(rows) if rows else None
        op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)


def restore_outbox():
    for name in OUTBOX:
        op.drop_index(name, "outbox")
    op.execute("UPDATE outbox SET dead_at = dropped_at WHERE dropped_at IS NOT NULL")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("dropped_at")
    where = sa.text(UNSENT)
    waiting = dict(sqlite_where=where, postgresql_where=where)
    op.create_index("ix_outbox_waiting", "outbox", ["next_at"], **waiting)
    op.create_index("ix_outbox_user_id", "outbox", ["user_id"])


def downgrade():
    restore_outbox()
    for table in (
        "role_requests",
        "people_imports",
        "invitations",
        "page_versions",
        "pages",
        "settings",
        "day_counts",
        "audit_head",
        "audit_entries",
    ):
        op.drop_table(table)

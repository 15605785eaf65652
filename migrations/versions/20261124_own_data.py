"""Exports of one's own data, and accounts that are to be deleted.

A member carries the moment at which the account goes, so that every page can tell them.
"""

import sqlalchemy as sa
from alembic import op

revision = "5d8e2b7f4a19"
down_revision = "5d41e7f0a9c3"

OPEN = "ready_at IS NULL AND failed_at IS NULL"


def upgrade():
    op.add_column("users", moment("leaving_at"))
    create_exports()
    op.create_table(
        "account_deletions",
        sa.Column("id", sa.Integer(), nullable=False),
        moment("created_at", nullable=False),
        *member("account_deletions"),
        sa.Column("removes_writing", sa.Boolean(), nullable=False),
        sa.Column("by_staff", sa.Boolean(), nullable=False),
        moment("due_at", nullable=False),
        moment("begun_at"),
        *leased(),
        sa.PrimaryKeyConstraint("id", name="pk_account_deletions"),
        sa.UniqueConstraint("user_id", name="uq_account_deletions_user_id"),
        sqlite_autoincrement=True,
    )
    for name in ("created_at", "due_at"):
        op.create_index(f"ix_account_deletions_{name}", "account_deletions", [name])


def create_exports():
    op.create_table(
        "data_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        moment("created_at", nullable=False),
        *member("data_exports"),
        sa.Column("size", sa.Integer(), nullable=False),
        *(moment(name) for name in ("ready_at", "failed_at", "gone_at")),
        *leased(),
        sa.PrimaryKeyConstraint("id", name="pk_data_exports"),
        sqlite_autoincrement=True,
    )
    for name in ("created_at", "user_id"):
        op.create_index(f"ix_data_exports_{name}", "data_exports", [name])
    where = dict(sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))
    op.create_index("ix_data_exports_open", "data_exports", ["user_id"], unique=True, **where)
    op.create_table(
        "data_export_parts",
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["data_exports.id"],
            name="fk_data_export_parts_export_id_data_exports",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name="pk_data_export_parts"),
    )


def leased():
    return [
        sa.Column("lease_key", sa.String(32), nullable=False),
        moment("leased_until"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
    ]


def member(table):
    name = f"fk_{table}_user_id_users"
    key = sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")
    return sa.Column("user_id", sa.Integer(), nullable=False), key


def moment(name, *, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def downgrade():
    for table in ("account_deletions", "data_export_parts", "data_exports"):
        op.drop_table(table)
    op.drop_column("users", "leaving_at")

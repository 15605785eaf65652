"""Find what an older renderer made at once, also among a million posts."""

from alembic import op

revision = "5b8e2f61c7a4"
down_revision = "0e0426c02815"
TABLES = ("posts", "comments")


def upgrade():
    for table in TABLES:
        op.create_index(f"ix_{table}_renderer", table, ["renderer"])


def downgrade():
    for table in TABLES:
        op.drop_index(f"ix_{table}_renderer", table)

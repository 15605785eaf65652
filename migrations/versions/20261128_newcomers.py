"""Posts and comments that wait for approval, and the words and domains that are watched.

What was written before waits for nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "6a1f37d0c8e4"
down_revision = "7e41c9a2b650"

TABLES = ("posts", "comments")
WORDS = {"held_for": 8, "held_word": 64}


def upgrade():
    for table in TABLES:
        for name in ("held_at", "approved_at"):
            op.add_column(table, sa.Column(name, sa.DateTime(timezone=True)))
        for name, length in WORDS.items():
            words = sa.Column(name, sa.String(length), nullable=False, server_default="")
            op.add_column(table, words)
        held = "held_at", "id", "deleted_at", "author_id"
        index(f"ix_{table}_held", table, *held, where="held_at IS NOT NULL")
        approved = "created_at", "id"
        index(f"ix_{table}_approved", table, *approved, where="approved_at IS NOT NULL")
    op.create_table(
        "watched_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("pattern", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("act", sa.String(8), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("by_name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watched_words"),
        sa.UniqueConstraint("kind", "key", name="uq_watched_words_key"),
    )


def index(name, table, *columns, where):
    where = sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade():
    """What waits stays hidden, from all but its author and staff."""
    op.drop_table("watched_words")
    for table in TABLES:
        op.drop_index(f"ix_{table}_approved", table)
        op.drop_index(f"ix_{table}_held", table)
        for name in ("held_at", "approved_at", *WORDS):
            op.drop_column(table, name)

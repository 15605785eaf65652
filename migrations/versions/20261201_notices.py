"""Notifications are withdrawn while what they tell of is hidden, and tell of acts of staff too."""

import sqlalchemy as sa
from alembic import op

revision = "8b20d5f6a914"
down_revision = "5dc4f18a3e60"

TABLE = "notifications"
UNREAD = "read_at IS NULL AND withdrawn_at IS NULL"
DUE = "mail_at IS NOT NULL AND mailed_at IS NULL AND withdrawn_at IS NULL"
OF_ACT = "entry_id IS NOT NULL"
OF_COMMENT = "comment_id IS NOT NULL AND entry_id IS NULL"
OF_POST = "comment_id IS NULL AND post_id IS NOT NULL AND entry_id IS NULL"
OF_FOLLOW = "comment_id IS NULL AND post_id IS NULL AND case_id IS NULL AND entry_id IS NULL"
CHANGED = (
    "ix_notifications_unread",
    "ix_notifications_due",
    "uq_notifications_comment",
    "uq_notifications_post",
    "uq_notifications_follow",
)


def upgrade():
    op.add_column(TABLE, sa.Column("entry_id", sa.Integer()))
    op.add_column(TABLE, sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    for name in CHANGED:
        op.drop_index(name, TABLE)
    index("ix_notifications_comment_id", "comment_id")
    index("ix_notifications_unread", "user_id", "read_at", where=UNREAD)
    index("ix_notifications_due", "mail_at", where=DUE)
    index("uq_notifications_comment", "comment_id", "user_id", where=OF_COMMENT, unique=True)
    index("uq_notifications_post", "post_id", "user_id", where=OF_POST, unique=True)
    index("uq_notifications_follow", "actor_id", "user_id", where=OF_FOLLOW, unique=True)
    index("uq_notifications_entry", "entry_id", "user_id", where=OF_ACT, unique=True)


def index(name, *columns, where=None, unique=False):
    where = sa.text(where) if where else None
    options = dict(sqlite_where=where, postgresql_where=where, unique=unique)
    op.create_index(name, TABLE, columns, **options)


def downgrade():
    op.execute("DELETE FROM notifications WHERE entry_id IS NOT NULL OR withdrawn_at IS NOT NULL")
    for name in (*CHANGED, "ix_notifications_comment_id", "uq_notifications_entry"):
        op.drop_index(name, TABLE)
    op.drop_column(TABLE, "withdrawn_at")
    op.drop_column(TABLE, "entry_id")
    due, follow = "mail_at IS NOT NULL AND mailed_at IS NULL", "post_id IS NULL AND case_id IS NULL"
    post = "comment_id IS NULL AND post_id IS NOT NULL"
    index("ix_notifications_unread", "user_id", "read_at", where="read_at IS NULL")
    index("ix_notifications_due", "mail_at", where=due)
    index("uq_notifications_comment", "comment_id", "user_id", unique=True)
    index("uq_notifications_post", "post_id", "user_id", where=post, unique=True)
    index("uq_notifications_follow", "actor_id", "user_id", where=follow, unique=True)

"""Notifications are told once each, and members choose of what they are told, and how.

Who has written in a thread watches it from now on, so that answers reach them.
"""

import sqlalchemy as sa
from alembic import op

revision = "5d41e7f0a9c3"
down_revision = "5d27b8e9a140"

UNREAD = "read_at IS NULL"
OF_POST = "comment_id IS NULL AND post_id IS NOT NULL"
OF_FOLLOW = "post_id IS NULL"
WRITERS = """
INSERT INTO watches (post_id, user_id, created_at)
SELECT post_id, user_id, min(created_at) FROM (
    SELECT id AS post_id, author_id AS user_id, created_at FROM posts
    UNION ALL SELECT post_id, author_id, created_at FROM comments
) AS written WHERE user_id IS NOT NULL GROUP BY post_id, user_id
ON CONFLICT DO NOTHING
"""


def upgrade():
    op.create_table(
        "notification_choices",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("in_site", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name="fk_notification_choices_user_id_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_notification_choices"),
    )
    op.drop_index("ix_notifications_user", "notifications")
    op.drop_index("ix_notifications_comment_id", "notifications")
    op.drop_index("ix_notifications_unread", "notifications")
    with op.batch_alter_table("notifications") as notifications:
        told = sa.Column("in_site", sa.Boolean(), nullable=False, server_default=sa.true())
        notifications.add_column(told)
    with op.batch_alter_table("notifications") as notifications:
        notifications.alter_column("in_site", server_default=None)
    index("ix_notifications_user", "user_id", "in_site", "id")
    index("ix_notifications_unread", "user_id", "read_at", where=UNREAD)
    index("ix_notifications_read", "read_at", where="read_at IS NOT NULL")
    index("uq_notifications_comment", "comment_id", "user_id", unique=True)
    index("uq_notifications_post", "post_id", "user_id", where=OF_POST, unique=True)
    index("uq_notifications_follow", "actor_id", "user_id", where=OF_FOLLOW, unique=True)
    op.add_column("outbox", sa.Column("unsubscribe_url", sa.String(500)))
    op.execute(WRITERS)


def index(name, *columns, where=None, unique=False):
    where = sa.text(where) if where else None
    options = dict(sqlite_where=where, postgresql_where=where, unique=unique)
    op.create_index(name, "notifications", columns, **options)


def downgrade():
    op.drop_column("outbox", "unsubscribe_url")
    for name in (
        "ix_notifications_user",
        "ix_notifications_unread",
        "ix_notifications_read",
        "uq_notifications_comment",
        "uq_notifications_post",
        "uq_notifications_follow",
    ):
        op.drop_index(name, "notifications")
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_column("in_site")
    index("ix_notifications_user", "user_id", "id")
    index("ix_notifications_comment_id", "comment_id")
    index("ix_notifications_unread", "user_id", where=UNREAD)
    op.drop_table("notification_choices")

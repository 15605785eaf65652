"""The community: posts, comments, follows, mutes, likes, bookmarks, watches, notifications.

People carry counts of what they wrote and of whom they follow, so that no page has to count.
"""

import sqlalchemy as sa
from alembic import op

revision = "0e0426c02815"
down_revision = "3c1d9a7e6b42"

SHOWN = "deleted_at IS NULL AND hidden_at IS NULL"
DELETED = "deleted_at IS NOT NULL"
COUNTS = ("post_count", "comment_count", "follower_count", "following_count")
ONCE = {"table_kwargs": {"sqlite_autoincrement": True}}  # no id of a member is given twice


def upgrade():
    create_posts()
    create_comments()
    create_revisions()
    create_pairs()
    create_notifications()
    usual = {"hides_last_seen": sa.false(), "home_feed": "all", **dict.fromkeys(COUNTS, "0")}
    with op.batch_alter_table("users", **ONCE) as users:
        users.add_column(sa.Column("picture_key", sa.String(32)))
        users.add_column(whole("hides_last_seen", sa.Boolean(), usual))
        users.add_column(whole("home_feed", sa.String(16), usual))
        for name in COUNTS:
            users.add_column(whole(name, sa.Integer(), usual))
    with op.batch_alter_table("users", **ONCE) as users:
        for name in usual:
            users.alter_column(name, server_default=None)


def create_posts():
    op.create_table(
        "posts",
        *written("posts"),
        moment("comments_closed_at", nullable=True),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("like_count", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    index("ix_posts_feed", "posts", "created_at", "id", where=SHOWN)
    whether_shown = "deleted_at", "hidden_at"  # so that the followed feed asks the index alone
    index("ix_posts_author", "posts", "author_id", "created_at", "id", *whether_shown)
    index("ix_posts_deleted", "posts", "deleted_at", where=DELETED)


def create_comments():
    op.create_table(
        "comments",
        *written("comments"),
        *reference("comments", "post_id", "posts"),
        sqlite_autoincrement=True,
    )
    index("ix_comments_post", "comments", "post_id", "created_at", "id")
    index("ix_comments_author", "comments", "author_id", "created_at", "id")
    index("ix_comments_deleted", "comments", "deleted_at", where=DELETED)


def create_revisions():
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        moment("created_at"),
        *reference("revisions", "post_id", "posts", nullable=True),
        *reference("revisions", "comment_id", "comments", nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("editor_name", sa.String(64), nullable=False),
        sa.CheckConstraint("(post_id IS NULL) <> (comment_id IS NULL)", "ck_revisions_of_one"),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
    )
    index("ix_revisions_post_id", "revisions", "post_id")
    index("ix_revisions_comment_id", "revisions", "comment_id")


def create_pairs():
    another = sa.CheckConstraint("follower_id <> followed_id", "ck_follows_of_another")
    create_pair("follows", ("follower_id", "users"), ("followed_id", "users"), another)
    index("ix_follows_follower", "follows", "follower_id", "created_at", "followed_id")
    index("ix_follows_followed", "follows", "followed_id", "created_at", "follower_id")
    create_pair("mutes", ("user_id", "users"), ("muted_id", "users"))
    index("ix_mutes_muted_id", "mutes", "muted_id")
    create_pair("likes", ("post_id", "posts"), ("user_id", "users"))
    index("ix_likes_user", "likes", "user_id", "created_at", "post_id")
    create_pair("bookmarks", ("user_id", "users"), ("post_id", "posts"))
    index("ix_bookmarks_post_id", "bookmarks", "post_id")
    index("ix_bookmarks_user", "bookmarks", "user_id", "created_at", "post_id")
    create_pair(
        "watches", ("post_id", "posts"), ("user_id", "users"), moment("ended_at", nullable=True)
    )
    index("ix_watches_user_id", "watches", "user_id")
    op.create_table(
        "post_tags",
        sa.Column("tag", sa.String(50), nullable=False),
        *reference("post_tags", "post_id", "posts"),
        sa.PrimaryKeyConstraint("tag", "post_id", name="pk_post_tags"),
    )
    index("ix_post_tags_post_id", "post_tags", "post_id")


def create_notifications():
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        moment("created_at"),
        *reference("notifications", "user_id", "users"),
        sa.Column("kind", sa.String(32), nullable=False),
        *reference("notifications", "actor_id", "users", nullable=True),
        *reference("notifications", "post_id", "posts", nullable=True),
        *reference("notifications", "comment_id", "comments", nullable=True),
        *(moment(name, nullable=True) for name in ("read_at", "mail_at", "mailed_at")),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    for name in ("actor_id", "post_id", "comment_id"):
        index(f"ix_notifications_{name}", "notifications", name)
    index("ix_notifications_user", "notifications", "user_id", "id")
    index("ix_notifications_unread", "notifications", "user_id", where="read_at IS NULL")
    due = "mail_at IS NOT NULL AND mailed_at IS NULL"
    index("ix_notifications_due", "notifications", "mail_at", where=due)


def written(table):
    """What posts and comments have in common."""
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        moment("created_at"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("renderer", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        moment("edited_at", nullable=True),
        sa.Column("editor_name", sa.String(64), nullable=False),
        moment("deleted_at", nullable=True),
        sa.Column("form_key", sa.String(32), nullable=True),
        *reference(table, "author_id", "users", nullable=True, ondelete="SET NULL"),
        moment("hidden_at", nullable=True),
        sa.Column("hidden_reason", sa.String(500), nullable=False),
        sa.Column("hidden_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("author_id", "form_key", name=f"uq_{table}_form"),
    ]


def create_pair(table, first, second, *more):
    op.create_table(
        table,
        *reference(table, *first),
        *reference(table, *second),
        moment("created_at"),
        *more,
        sa.PrimaryKeyConstraint(first[0], second[0], name=f"pk_{table}"),
    )


def moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def whole(name, kind, usual):
    return sa.Column(name, kind, nullable=False, server_default=usual[name])


def reference(table, column, to, *, nullable=False, ondelete="CASCADE"):
    name = f"fk_{table}_{column}_{to}"
    key = sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)
    return sa.Column(column, sa.Integer(), nullable=nullable), key


def index(name, table, *columns, where=None):
    where = sa.text(where) if where else None
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade():
    with op.batch_alter_table("users", **ONCE) as users:
        for name in ("picture_key", "hides_last_seen", "home_feed", *COUNTS):
            users.drop_column(name)
    for table in (
        "notifications",
        "post_tags",
        "watches",
        "bookmarks",
        "likes",
        "mutes",
        "follows",
        "revisions",
        "comments",
        "posts",
    ):
        op.drop_table(table)

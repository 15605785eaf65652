"""The database counts down where a row goes, by whatever way: a verb, a cascade, or SQL."""

from alembic import op

revision = "a3c8e51f90b6"
down_revision = "9a1f64c0d7e2"

SHOWN = "old.deleted_at IS NULL AND old.hidden_at IS NULL"
FOLLOWS = """
UPDATE users SET following_count = following_count - 1 WHERE id = old.follower_id;
UPDATE users SET follower_count = follower_count - 1 WHERE id = old.followed_id;
"""
LIKES = "UPDATE posts SET like_count = like_count - 1 WHERE id = old.post_id;"
COMMENTS = """
UPDATE posts SET comment_count = comment_count - 1 WHERE id = old.post_id;
UPDATE users SET comment_count = comment_count - 1 WHERE id = old.author_id;
"""
POSTS = "UPDATE users SET post_count = post_count - 1 WHERE id = old.author_id;"
CHANGES = {"follows": FOLLOWS, "likes": LIKES, "comments": COMMENTS, "posts": POSTS}


def upgrade():
    for table, changes in CHANGES.items():
        condition = f"WHEN ({SHOWN})" if table in ("comments", "posts") else ""
        begin = f"CREATE TRIGGER {table}_uncount AFTER DELETE ON {table}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"{begin} {condition} BEGIN {changes} END")
        else:
            function = f"CREATE OR REPLACE FUNCTION uncount_{table}() RETURNS trigger"
            op.execute(f"{function} LANGUAGE plpgsql AS $$ BEGIN {changes} RETURN NULL; END $$")
            op.execute(f"{begin} FOR EACH ROW {condition} EXECUTE FUNCTION uncount_{table}()")


def downgrade():
    for table in CHANGES:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {table}_uncount")
        else:
            op.execute(f"DROP TRIGGER {table}_uncount ON {table}")
            op.execute(f"DROP FUNCTION uncount_{table}()")

"""Keeping the peace: reports in cases, sanctions, and appeals.

The two moments of a user are those until which sanctions keep them from writing, or out.
"""

import sqlalchemy as sa
from alembic import op

revision = "5da0c4e7b921"
down_revision = "5d93c06e1b72"

OPEN, SETTLED = "settled_at IS NULL", "settled_at IS NOT NULL"
UNDECIDED, DECIDED = "decided_at IS NULL", "decided_at IS NOT NULL"
MEMBER = "settled_at IS NULL AND noun = 'user'"
OF_FOLLOW = "post_id IS NULL"
OF_FOLLOW_NOW = "post_id IS NULL AND case_id IS NULL"
OF_ONE = "sanction_id IS NULL OR (post_id IS NULL AND comment_id IS NULL)"


def upgrade():
    make_cases()
    make_reports()
    make_sanctions()
    make_appeals()
    make_appeal_messages()
    for name in ("silenced_until", "suspended_until"):
        op.add_column("users", sa.Column(name, sa.DateTime(timezone=True)))
    for table in ("posts", "comments"):
        hidden = "author_id", "hidden_at", "id"
        index(f"ix_{table}_hidden", table, *hidden, where="hidden_at IS NOT NULL")
    op.drop_index("uq_notifications_follow", "notifications")
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("case_id", sa.Integer()))
        key = "fk_notifications_case_id_cases"
        notifications.create_foreign_key(key, "cases", ["case_id"], ["id"], ondelete="CASCADE")
    index("uq_notifications_case", "notifications", "case_id", "user_id", unique=True)
    follow = dict(where=OF_FOLLOW_NOW, unique=True)
    index("uq_notifications_follow", "notifications", "actor_id", "user_id", **follow)


def make_cases():
    op.create_table(
        "cases",
        number("id"),
        moment("created_at", nullable=False),
        words("noun", 16),
        words("category", 64),
        number("report_count"),
        number("post_id", nullable=True),
        number("comment_id", nullable=True),
        number("person_id", nullable=True),
        number("claimed_by_id", nullable=True),
        moment("claimed_at"),
        moment("settled_at"),
        words("settled_by", 64),
        words("outcome", 32),
        words("ruling", 500),
        key("cases", "post_id", "posts", "SET NULL"),
        key("cases", "comment_id", "comments", "SET NULL"),
        key("cases", "person_id", "users", "SET NULL"),
        key("cases", "claimed_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    index("uq_cases_post", "cases", "post_id", where=OPEN, unique=True)
    index("uq_cases_comment", "cases", "comment_id", where=OPEN, unique=True)
    index("uq_cases_member", "cases", "person_id", where=MEMBER, unique=True)
    index("ix_cases_open", "cases", "created_at", "id", where=OPEN)
    index("ix_cases_open_category", "cases", "category", "created_at", "id", where=OPEN)
    index("ix_cases_open_noun", "cases", "noun", "created_at", "id", where=OPEN)
    index("ix_cases_open_person", "cases", "person_id", "created_at", "id", where=OPEN)
    covered = "settled_at", "id", "created_at", "outcome"
    index("ix_cases_settled", "cases", *covered, where=SETTLED)
    for column in ("category", "noun"):
        name = f"ix_cases_settled_{column}"
        index(name, "cases", column, "settled_at", "id", where=SETTLED)
    former = "person_id", "settled_at", "id", "outcome"
    index("ix_cases_settled_person", "cases", *former, where=SETTLED)
    index("ix_cases_created_at", "cases", "created_at")
    index("ix_cases_person", "cases", "person_id", "outcome")
    index("ix_cases_post", "cases", "post_id")
    index("ix_cases_comment", "cases", "comment_id")
    index("ix_cases_claimed_by_id", "cases", "claimed_by_id")


def make_reports():
    op.create_table(
        "reports",
        number("id"),
        moment("created_at", nullable=False),
        number("case_id"),
        number("reporter_id", nullable=True),
        words("category", 64),
        words("reason", 500),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        number("version"),
        key("reports", "case_id", "cases", "CASCADE"),
        key("reports", "reporter_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("case_id", "reporter_id", name="uq_reports_case_id"),
    )
    index("ix_reports_created_at", "reports", "created_at")
    index("ix_reports_reporter", "reports", "reporter_id", "id", "case_id")


def make_sanctions():
    op.create_table(
        "sanctions",
        number("id"),
        moment("created_at", nullable=False),
        number("user_id"),
        words("kind", 16),
        words("reason", 500),
        moment("until"),
        number("by_id", nullable=True),
        words("by_name", 64),
        number("case_id", nullable=True),
        sa.Column("form_key", sa.String(32)),
        number("entry_id"),
        moment("lifted_at"),
        words("lifted_by", 64),
        words("lift_reason", 500),
        key("sanctions", "user_id", "users", "CASCADE"),
        key("sanctions", "by_id", "users", "SET NULL"),
        key("sanctions", "case_id", "cases", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_sanctions"),
        sa.UniqueConstraint("form_key", name="uq_sanctions_form_key"),
    )
    index("ix_sanctions_user", "sanctions", "user_id", "id")
    strikes = "user_id", "kind", "lifted_at"
    index("ix_sanctions_strikes", "sanctions", *strikes, where="lifted_at IS NULL")
    for column in ("created_at", "by_id", "case_id", "entry_id"):
        index(f"ix_sanctions_{column}", "sanctions", column)


def make_appeals():
    op.create_table(
        "appeals",
        number("id"),
        moment("created_at", nullable=False),
        number("user_id"),
        number("sanction_id", nullable=True),
        number("post_id", nullable=True),
        number("comment_id", nullable=True),
        moment("hidden_at"),
        moment("decided_at"),
        words("decided_by", 64),
        words("outcome", 16),
        words("answer", 500),
        key("appeals", "user_id", "users", "CASCADE"),
        key("appeals", "sanction_id", "sanctions", "CASCADE"),
        key("appeals", "post_id", "posts", "SET NULL"),
        key("appeals", "comment_id", "comments", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_appeals"),
        sa.UniqueConstraint("sanction_id", name="uq_appeals_sanction_id"),
        sa.UniqueConstraint("post_id", "hidden_at", name="uq_appeals_post_id"),
        sa.UniqueConstraint("comment_id", "hidden_at", name="uq_appeals_comment_id"),
        sa.CheckConstraint(OF_ONE, name="ck_appeals_of_one"),
    )
    index("ix_appeals_open", "appeals", "created_at", "id", where=UNDECIDED)
    index("ix_appeals_decided", "appeals", "decided_at", "id", where=DECIDED)
    index("ix_appeals_user", "appeals", "user_id", "id")
    index("ix_appeals_created_at", "appeals", "created_at")


def make_appeal_messages():
    op.create_table(
        "appeal_messages",
        number("id"),
        moment("created_at", nullable=False),
        number("appeal_id"),
        number("author_id", nullable=True),
        words("author_name", 64),
        sa.Column("by_staff", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(32)),
        key("appeal_messages", "appeal_id", "appeals", "CASCADE"),
        key("appeal_messages", "author_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal_messages"),
        sa.UniqueConstraint("author_id", "form_key", name="uq_appeal_messages_form"),
    )
    index("ix_appeal_messages_appeal_id", "appeal_messages", "appeal_id")
    index("ix_appeal_messages_created_at", "appeal_messages", "created_at")


def number(name, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def words(name, length):
    return sa.Column(name, sa.String(length), nullable=False)


def moment(name, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(table, column, other, ondelete):
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def index(name, table, *columns, where=None, unique=False):
    where = sa.text(where) if where else None
    options = dict(sqlite_where=where, postgresql_where=where, unique=unique)
    op.create_index(name, table, columns, **options)


def downgrade():
    op.execute("DELETE FROM notifications WHERE case_id IS NOT NULL")
    op.drop_index("uq_notifications_follow", "notifications")
    op.drop_index("uq_notifications_case", "notifications")
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_constraint("fk_notifications_case_id_cases", type_="foreignkey")
        notifications.drop_column("case_id")
    follow = dict(where=OF_FOLLOW, unique=True)
    index("uq_notifications_follow", "notifications", "actor_id", "user_id", **follow)
    for table in ("posts", "comments"):
        op.drop_index(f"ix_{table}_hidden", table)
    for name in ("suspended_until", "silenced_until"):
        op.drop_column("users", name)
    for table in ("appeal_messages", "appeals", "sanctions", "reports", "cases"):
        op.drop_table(table)

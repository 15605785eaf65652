"""The open log: who reads an entry besides administrators, and what it undoes.

What was written before is marked by what everybody is to read of it from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "5dc4f18a3e60"
down_revision = "6a1f37d0c8e4"

TABLE, MARKED = "audit_entries", sa.text("audience IS NOT NULL")
INDEXES = {
    "ix_audit_moderation": ["created_at", "id"],
    "ix_audit_moderation_action": ["action", "created_at", "id", "audience"],
    "ix_audit_moderation_actor": ["actor_name", "created_at", "id"],
    "ix_audit_moderation_target": ["target_name", "created_at", "id"],
    "ix_audit_moderation_both": ["actor_name", "action", "created_at", "id"],
}
PEOPLE = ["ban", "change role", "clean up", "deactivate", "delete", "end role", "give notice"]
PEOPLE += ["keep role", "lift sanction", "reactivate", "reinstate sanction", "silence", "suspend"]
PEOPLE += ["undo clean up", "warn"]
TEXTS = ["approve text", "close comments", "decline text", "edit text", "hide", "open comments"]
TEXTS += ["remove text", "restore"]
MARKS = [
    ("everybody", ["user"], PEOPLE),
    ("everybody", ["post", "comment"], TEXTS),
    ("everybody", ["case"], ["dismiss reports", "reopen reports", "uphold reports"]),
    ("everybody", ["appeal"], ["accept appeal", "decline appeal"]),
    ("staff", ["user"], ["add note", "remove note"]),
    ("staff", ["word"], ["add word", "remove word"]),
]


def upgrade():
    op.add_column(TABLE, sa.Column("audience", sa.String(16)))
    for name in ("subject_id", "undoes_id"):
        op.add_column(TABLE, sa.Column(name, sa.Integer()))
    entries = sa.table(TABLE, *map(sa.column, ("audience", "action", "target_type")))
    for audience, nouns, acts in MARKS:
        here = entries.c.target_type.in_(nouns), entries.c.action.in_(acts)
        op.execute(entries.update().where(*here).values(audience=audience))
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns, sqlite_where=MARKED, postgresql_where=MARKED)
    op.create_table(
        "month_figures",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("month", name="pk_month_figures"),
    )


def downgrade():
    op.drop_table("month_figures")
    for name in INDEXES:
        op.drop_index(name, TABLE)
    for name in ("undoes_id", "subject_id", "audience"):
        op.drop_column(TABLE, name)

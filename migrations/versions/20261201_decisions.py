"""A sanction knows when its ruling hid a text too: that is one decision, with one appeal.

Where the same moderator hid the text of the case for the same reason, it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "8c31e6a70b25"
down_revision = "8b20d5f6a914"

FILL = """
UPDATE sanctions SET text_hidden_at = (
    SELECT texts.hidden_at FROM cases JOIN {table} AS texts ON texts.id = cases.{noun}_id
    WHERE cases.id = sanctions.case_id AND texts.hidden_by = sanctions.by_name
    AND texts.hidden_reason = sanctions.reason
) WHERE text_hidden_at IS NULL AND case_id IN (
    SELECT id FROM cases WHERE outcome = 'hidden and sanctioned'
)
"""


def upgrade():
    op.add_column("sanctions", sa.Column("text_hidden_at", sa.DateTime(timezone=True)))
    for noun, table in (("post", "posts"), ("comment", "comments")):
        op.execute(FILL.format(noun=noun, table=table))


def downgrade():
    op.drop_column("sanctions", "text_hidden_at")

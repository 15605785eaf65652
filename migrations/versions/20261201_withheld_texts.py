"""A former text may be taken out of the public history, by an entry of the log."""

import sqlalchemy as sa
from alembic import op

revision = "8e53a8c92d47"
down_revision = "8d42f7b81c36"


def upgrade():
    op.add_column("revisions", sa.Column("withheld_by", sa.Integer()))


def downgrade():
    op.drop_column("revisions", "withheld_by")

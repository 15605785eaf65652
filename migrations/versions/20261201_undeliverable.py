"""A mail may be refused for good, and the person whose address it was is not reached."""

import sqlalchemy as sa
from alembic import op

revision = "b7d20c4f8e13"
down_revision = "a3c8e51f90b6"


def upgrade():
    op.add_column("outbox", sa.Column("rejected_at", sa.DateTime(timezone=True)))
    op.add_column("users", sa.Column("unreached_at", sa.DateTime(timezone=True)))


def downgrade():
    op.drop_column("users", "unreached_at")
    op.drop_column("outbox", "rejected_at")

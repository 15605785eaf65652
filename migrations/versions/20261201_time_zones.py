"""Members have a time zone, in which they type moments."""

import sqlalchemy as sa
from alembic import op

revision = "8d42f7b81c36"
down_revision = "8c31e6a70b25"


def upgrade():
    zone = sa.Column("time_zone", sa.String(64), nullable=False, server_default="")
    op.add_column("users", zone)


def downgrade():
    op.drop_column("users", "time_zone")

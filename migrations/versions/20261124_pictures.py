"""Pictures that members chose, in a table of their own.

Whoever goes back to the version before sees identicons again.
"""

import sqlalchemy as sa
from alembic import op

revision = "5b7e21c9d4a8"
down_revision = "5b8e2f61c7a4"


def upgrade():
    op.create_table(
        "user_pictures",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], "fk_user_pictures_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_pictures"),
        sa.UniqueConstraint("key", name="uq_user_pictures_key"),
    )


def downgrade():
    op.drop_table("user_pictures")
    op.execute("UPDATE users SET picture_key = NULL")

"""A sign-up form makes one account: its mark is remembered once it was used."""

import sqlalchemy as sa
from alembic import op

revision = "9a1f64c0d7e2"
down_revision = "8e53a8c92d47"


def upgrade():
    op.create_table(
        "sign_up_marks",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_up_marks")),
    )
    op.create_index(op.f("ix_sign_up_marks_used_at"), "sign_up_marks", ["used_at"])


def downgrade():
    op.drop_table("sign_up_marks")

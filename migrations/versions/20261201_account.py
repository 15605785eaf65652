"""Landing pages of a member's own are endpoints of the blueprint `account`."""

import sqlalchemy as sa
from alembic import op

revision = "d81f3b60a9c4"
down_revision = "c5e9137a2d40"

ROLES = sa.table("roles", sa.column("index"))
PAGES = ("data", "edit_picture", "edit_profile", "notification_settings", "notifications")
PAGES += ("sessions", "standing")


def upgrade():
    rename("main", "account")


def downgrade():
    rename("account", "main")


def rename(before, after):
    for page in PAGES:
        here = sa.update(ROLES).where(ROLES.c.index == f"{before}.{page}")
        op.execute(here.values(index=f"{after}.{page}"))

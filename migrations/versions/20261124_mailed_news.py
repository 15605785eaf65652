"""A notification says by which mail it is told, so that this can be asked again when it leaves.

Mails that wait keep what they tell of: what was settled just before each was written. What nobody
reads is found by its age.
"""

import sqlalchemy as sa
from alembic import op

revision = "5d93c06e1b72"
down_revision = "5d8e2b7f4a19"

KEY = "fk_notifications_mail_id_outbox"
MAIL = """
SELECT min(outbox.id) FROM outbox WHERE outbox.user_id = notifications.user_id
AND outbox.kind IN ('notification', 'digest') AND outbox.created_at >= notifications.mailed_at
"""
WAITING = """
SELECT user_id FROM outbox WHERE sent_at IS NULL AND kind IN ('notification', 'digest')
"""
BELONG = f"""
UPDATE notifications SET mail_id = ({MAIL}) WHERE mailed_at IS NOT NULL AND user_id IN ({WAITING})
"""


def upgrade():
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("mail_id", sa.Integer()))
        notifications.create_foreign_key(KEY, "outbox", ["mail_id"], ["id"], ondelete="SET NULL")
    op.execute(BELONG)
    index("ix_notifications_mail", "mail_id", where="mail_id IS NOT NULL")
    index("ix_notifications_old", "created_at", where="read_at IS NULL")


def index(name, column, *, where):
    where = sa.text(where)
    op.create_index(name, "notifications", [column], sqlite_where=where, postgresql_where=where)


def downgrade():
    for name in ("ix_notifications_old", "ix_notifications_mail"):
        op.drop_index(name, "notifications")
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_constraint(KEY, type_="foreignkey")
        notifications.drop_column("mail_id")

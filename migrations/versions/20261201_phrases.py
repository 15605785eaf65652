"""The indexes know the order of words, so phrases are found; texts are read anew later on."""

import sqlalchemy as sa
from alembic import op

revision = "c5e9137a2d40"
down_revision = "b7d20c4f8e13"

COLUMNS = {"posts": "words, author_id", "comments": "words, author_id", "users": "words"}
IN_ORDER = "columnsize=0, prefix='2 3 4 5'"
WITHOUT = "detail='column', columnsize=0, prefix='3 4 5 6'"


def upgrade():
    make_anew(IN_ORDER)


def downgrade():
    make_anew(WITHOUT)


def make_anew(options):
    """PostgreSQL's index takes either; SQLite's is made again from the column that it is of."""
    if op.get_bind().dialect.name == "postgresql":
        return
    for name, columns in COLUMNS.items():
        index = f"{name}_words"
        op.drop_table(index)
        op.execute(
            f"CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='{name}',"
            f" content_rowid='id', tokenize='ascii', {options})"
        )
        op.execute(sa.text(f"INSERT INTO {index} ({index}) VALUES ('rebuild')"))

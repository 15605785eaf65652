"""What members look for: words of posts, comments and people, folded, each kind with an index.

SQLite's are tables of FTS5 that triggers keep in step, PostgreSQL's are of tsvectors.
"""

import re
from functools import lru_cache
from html import unescape
from unicodedata import category, normalize

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "5d27b8e9a140"
down_revision = "5b7e21c9d4a8"

INDEXED = {"posts": "words, author_id", "comments": "words, author_id", "users": "words"}
ONCE = {"table_kwargs": {"sqlite_autoincrement": True}}  # no id is given twice
SHOWN = sa.text("deleted_at IS NULL AND hidden_at IS NULL")
MANY = 1_000  # rows that are filled at once

# As in words.py from now on
MARKS = "".join(c for c in map(chr, range(0x300, 0xFE00)) if category(c) in ("Mn", "Mc"))
WORD = re.compile(rf"[^\W_](?:(?!_)[\w{MARKS}])*")
UNSPACED = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
SEGMENT = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
PLAIN = dict(zip("øłđħıŧðþæœ", ["o", "l", "d", "h", "i", "t", "d", "th", "ae", "oe"], strict=True))
PLAIN = str.maketrans(PLAIN)


def upgrade():
    for name, columns in INDEXED.items():
        words = sa.Text().with_variant(TSVECTOR(), "postgresql")
        op.add_column(name, sa.Column("words", words, nullable=False, server_default=""))
        fill(name)
        make_index(name, columns)
    here = dict(sqlite_where=SHOWN, postgresql_where=SHOWN)
    op.create_index("ix_comments_feed", "comments", ["created_at", "id"], **here)


def make_index(name, columns):
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE INDEX ix_{name}_words ON {name} USING gin (words)")
        return
    index = f"{name}_words"
    new, old = (", ".join(f"{row}.{c}" for c in columns.split(", ")) for row in ("new", "old"))
    add = f"INSERT INTO {index} (rowid, {columns}) VALUES (new.id, {new})"
    remove = f"INSERT INTO {index} ({index}, rowid, {columns}) VALUES ('delete', old.id, {old})"
    for statement in (
        f"CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='{name}', content_rowid='id',"
        " tokenize='ascii', detail='column', columnsize=0, prefix='3 4 5 6')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {name} BEGIN {add}; END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {name} BEGIN {remove}; END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF id, {columns} ON {name}"
        f" BEGIN {remove}; {add}; END",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",
    ):
        op.execute(statement)


def fill(name):
    """Give each row its words; a thousand at a time, so that a large site has room for them."""
    parts = ["username", "first_name", "last_name"] if name == "users" else ["body_html"]
    words = sa.column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"))
    table = sa.table(name, sa.column("id"), words, *map(sa.column, parts))
    select = sa.select(table.c.id, *(table.c[part] for part in parts)).order_by(table.c.id)
    change = sa.update(table).where(table.c.id == sa.bindparam("of"))
    change = change.values(words=sa.bindparam("new", type_=words.type))
    connection, last = op.get_bind(), 0
    while rows := connection.execute(select.where(table.c.id > last).limit(MANY)).all():
        values = [{"of": id, "new": words_of(text_of(name, texts))} for id, *texts in rows]
        connection.execute(change, values)
        last = rows[-1].id


def text_of(name, texts):
    if name == "users":
        return " ".join(texts)
    return unescape(re.sub("<[^>]*>", "", texts[0]))  # the HTML is our own


def words_of(text):
    return " ".join(dict.fromkeys(pieces(normalize("NFC", text))))


def pieces(text):
    for match in WORD.finditer(text):
        for segment in SEGMENT.finditer(match[0]):
            if segment[1] is None:
                yield from (word[:64] for word in WORD.findall(folded(segment[0])))
                continue
            run = segment[0]
            pairs = (folded(run[i : i + 2]).replace(" ", "") for i in range(len(run)))
            yield from filter(None, pairs)


@lru_cache(maxsize=20_000)
def folded(text):
    if text.isascii():
        return text.lower()
    text = ACCENTS.sub("", normalize("NFKD", normalize("NFKC", text).casefold()))
    return normalize("NFC", text.casefold().translate(PLAIN))


def downgrade():
    op.drop_index("ix_comments_feed", "comments")
    for name in INDEXED:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_index(f"ix_{name}_words", name)
        else:
            for act in ("insert", "delete", "update"):
                op.execute(f"DROP TRIGGER IF EXISTS {name}_words_{act}")
            op.drop_table(f"{name}_words")
        op.drop_column(name, "words")

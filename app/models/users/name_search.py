"""Substring search of users by names and addresses, fast for a million users too.

Each database has an index of trigrams for `users.search_text`: PostgreSQL of its extension pg_trgm,
SQLite as a table of its own that triggers keep in step. The text holds small letters only, so both
compare letter by letter.
"""

from typing import Any

from sqlalchemy import DDL, ColumnElement, Select, and_, column, event, false, select, table, true

from ...extensions import db
from .user import User

SQLITE = (
    "CREATE VIRTUAL TABLE users_search USING fts5"
    "(search_text, content='users', content_rowid='id', tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN"
    " INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN"
    " INSERT INTO users_search (users_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users BEGIN"
    " INSERT INTO users_search (users_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text);"
    " INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text); END",
)
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_users_search ON users USING gin (search_text gin_trgm_ops)",
)
INFIX_FROM = 3  # letters; shorter words are looked for at the beginning of names and addresses
LONGEST = 100  # letters that are looked for; nobody types more

for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for statement in statements:
        ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)
        event.listen(User.__table__, "after_create", ddl)


def parts_of(words: str) -> list[str]:
    """Return what the line of a person must hold, each part somewhere in it."""
    words = words[:LONGEST].casefold().split()
    return [word if len(word) >= INFIX_FROM else f"  {word}" for word in words]


def holding(words: str) -> ColumnElement[bool] | ColumnElement[Any]:
    """Return the condition that all of the words stand in a person's line."""
    if "\x00" in words:
        return false()
    return and_(true(), *(User.search_text.contains(p, autoescape=True) for p in parts_of(words)))


def matching(words: str) -> Select:
    """Select the ids of those people by the index, in no order; a limit makes it stop early."""
    parts = parts_of(words)
    if not parts or "\x00" in words or not is_sqlite():
        return select(User.id).where(holding(words))
    index = table("users_search", column("rowid"), column("users_search"))
    phrases = " AND ".join('"{}"'.format(part.replace('"', '""')) for part in parts)
    return select(index.c.rowid).where(index.c.users_search.op("MATCH")(phrases))


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"

"""Search indexes of posts, comments and users, which the database keeps up to date.

PostgreSQL has an index on the column itself. SQLite has a separate table for each, which triggers
update for all changes, cascades included.
"""

from typing import Any

from sqlalchemy import DDL, String, bindparam, cast, column, event, literal_column, table
from sqlalchemy.dialects.postgresql import TSQUERY

from ...text.search_words import Question, Term
from ..content.comment import Comment
from ..content.post import Post
from ..users.user import User

INDEXED: dict[type[Any], list[str]] = {
    Post: ["words", "author_id"],
    Comment: ["words", "author_id"],
    User: ["words"],
}


def sqlite_index(name: Any, columns: Any) -> Any:
    """Return the statements that make the index of a table."""
    new, old = (", ".join(f"{row}.{c}" for c in columns) for row in ("new", "old"))
    columns, index = ", ".join(columns), f"{name}_words"
    add = f"INSERT INTO {index} (rowid, {columns}) VALUES (new.id, {new})"
    remove = f"INSERT INTO {index} ({index}, rowid, {columns}) VALUES ('delete', old.id, {old})"
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='{name}', content_rowid='id',"
        " tokenize='ascii', columnsize=0, prefix='2 3 4 5')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {name} BEGIN {add}; END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {name} BEGIN {remove}; END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF id, {columns} ON {name}"
        f" BEGIN {remove}; {add}; END",
    )


def postgresql_index(name: Any) -> Any:
    return f"CREATE INDEX ix_{name}_words ON {name} USING gin (words)"


for cls, columns in INDEXED.items():
    name = cls.__tablename__
    for statement in sqlite_index(name, columns):
        ddl = DDL(statement).execute_if(dialect="sqlite")
        event.listen(cls.__table__, "after_create", ddl)
    ddl = DDL(postgresql_index(name)).execute_if(dialect="postgresql")
    event.listen(cls.__table__, "after_create", ddl)


def as_query(question: Question, dialect: str, author: Any = None) -> str:
    """Return what the database is asked, to be bound as `question`. Words hold no quotes.

    For SQLite an author is a word of a column of its own; PostgreSQL is asked for them apart.
    """
    wanted, unwanted = (
        [_phrase_for(dialect, phrase) for phrase in phrases]
        for phrases in (question.phrases, question.excluded)
    )
    if dialect == "postgresql":
        return " & ".join([*wanted, *(f"!({phrase})" for phrase in unwanted)])
    query = f"words : ({' AND '.join(wanted)})"
    query = f'{query} AND author_id : "{author.id}"' if author else query
    return f"({query}) NOT words : ({' OR '.join(unwanted)})" if unwanted else query


def _phrase_for(dialect: str, phrase: tuple[Term, ...]) -> str:
    """Return a phrase in the language of a database; a beginning stands alone."""
    beginning = phrase[-1].beginning
    if dialect == "postgresql":
        return " <-> ".join(f"'{term.word}'" for term in phrase) + (":*" if beginning else "")
    return f'"{" ".join(term.word for term in phrase)}"' + ("*" if beginning else "")


def postgresql_match(cls: Any) -> Any:
    """Return the condition that a row has all that the question asks for."""
    return cls.words.op("@@")(cast(bindparam("question", type_=String), TSQUERY))


class SqliteIndex:
    """The table beside another. Read it first, then the rows that it names, see `joined`."""

    def __init__(self, cls: type[User] | type[Comment]) -> None:
        name = f"{cls.__tablename__}_words"
        index = table(name, column("rowid"), column(name))
        self.rowid = index.c.rowid
        self.matches = index.c[name].op("MATCH")(bindparam("question", type_=String))
        self.joined = cls.id == literal_column(f"+{name}.rowid")  # the + says which way round

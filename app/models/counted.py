"""Stored counts: changed by verbs where something comes, and by the database where a row goes."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import DDL, event, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ..extensions import db
from .conditions import SHOWN
from .statements import rows_changed

# By table: where its rows are counted, in which column, and which of their own names whose it is.
ENDS = {
    "follows": [
        ("users", "following_count", "follower_id"),
        ("users", "follower_count", "followed_id"),
    ],
    "likes": [("posts", "like_count", "post_id")],
    "comments": [("posts", "comment_count", "post_id"), ("users", "comment_count", "author_id")],
    "posts": [("users", "post_count", "author_id")],
}
CONDITIONS = {"comments": SHOWN.text("old"), "posts": SHOWN.text("old")}


class Counted:
    """A class whose rows hold counts of others."""

    __tablename__: Any
    id: Any

    @classmethod
    def count_up(cls, id: int | None, *conditions: Any, **changes: Any) -> bool:
        """Change stored counts by so many, however many do it at once.

        False, and nothing is changed, where one of the conditions is not met by now.
        """
        values = {name: getattr(cls, name) + by for name, by in changes.items()}
        here = update(cls).where(cls.id == id, *conditions).values(**values)
        silent = {"synchronize_session": False}
        changed = rows_changed(here, **silent) == 1
        cls.forget_counts(id, *changes)
        return changed

    @classmethod
    def forget_counts(cls, id: int | None, *names: str) -> None:
        """Let the object of this id read these counts again, if it is in hand; None is nobody."""
        held = db.session.identity_map.get(identity_key(cls, [id]))
        if held is not None:
            db.session.expire(held, names)


def count_down(name: str) -> Iterator[tuple[str, str]]:
    """Yield the statements, by dialect, that let a table count down when a row of it is deleted.

    By whatever way: a verb, `db.session.delete`, a cascade, or SQL.
    """
    changes = " ".join(
        f"UPDATE {table} SET {count} = {count} - 1 WHERE id = old.{owner};"
        for table, count, owner in ENDS[name]
    )
    condition = f" WHEN ({CONDITIONS[name]})" if name in CONDITIONS else ""
    begin = f"CREATE TRIGGER {name}_uncount AFTER DELETE ON {name}"
    yield "sqlite", f"{begin}{condition} BEGIN {changes} END"
    function = f"CREATE OR REPLACE FUNCTION uncount_{name}() RETURNS trigger LANGUAGE plpgsql AS"
    yield "postgresql", f"{function} $$ BEGIN {changes} RETURN NULL; END $$"
    yield "postgresql", f"{begin} FOR EACH ROW{condition} EXECUTE FUNCTION uncount_{name}()"


def keep_counts(table: Any) -> None:
    """Have the triggers made with the table."""
    for dialect, statement in count_down(table.name):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))


@event.listens_for(db.session, "after_flush")
def _note_deletions(session: Session, context: object) -> None:
    session.info["deleted"] = bool(session.deleted)


@event.listens_for(db.session, "after_flush_postexec")
def _forget_counts_of_deleted(session: Session, context: object) -> None:
    """What was deleted took others along; see `count_down`."""
    if session.info.pop("deleted", False):
        for held in session.identity_map.values():
            if isinstance(held, Counted):
                ends = [end for ends in ENDS.values() for end in ends]
                counts = {count for table, count, _ in ends if table == held.__tablename__}
                session.expire(held, counts)

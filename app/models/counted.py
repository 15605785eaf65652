"""Stored counts: increased by the models, and decreased by triggers when rows are deleted."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import DDL, event, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ..extensions import db
from .conditions import SHOWN
from .statements import rows_changed

# By table: (table with the count, column of the count, foreign key to that table).
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
    """A model with stored counts."""

    __tablename__: Any
    id: Any

    @classmethod
    def count_up(cls, id: int | None, *conditions: Any, **changes: Any) -> bool:
        """Add to stored counts by one UPDATE, such as `post_count=1`.

        Return False without changes if one of the conditions is not met.
        """
        values = {name: getattr(cls, name) + by for name, by in changes.items()}
        here = update(cls).where(cls.id == id, *conditions).values(**values)
        silent = {"synchronize_session": False}
        changed = rows_changed(here, **silent) == 1
        cls.forget_counts(id, *changes)
        return changed

    @classmethod
    def forget_counts(cls, id: int | None, *names: str) -> None:
        """Expire these counts of the object with this id, if it is loaded."""
        held = db.session.identity_map.get(identity_key(cls, [id]))
        if held is not None:
            db.session.expire(held, names)


def count_down(name: str) -> Iterator[tuple[str, str]]:
    """Yield (dialect, SQL) of the triggers that decrease the counts when rows are deleted.

    They also run for cascades and for plain SQL.
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
    """Create the triggers together with the table."""
    for dialect, statement in count_down(table.name):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))


@event.listens_for(db.session, "after_flush")
def _note_deletions(session: Session, context: object) -> None:
    session.info["deleted"] = bool(session.deleted)


@event.listens_for(db.session, "after_flush_postexec")
def _forget_counts_of_deleted(session: Session, context: object) -> None:
    """Expire all loaded counts after a deletion, as triggers may have changed them."""
    if session.info.pop("deleted", False):
        for held in session.identity_map.values():
            if isinstance(held, Counted):
                ends = [end for ends in ENDS.values() for end in ends]
                counts = {count for table, count, _ in ends if table == held.__tablename__}
                session.expire(held, counts)

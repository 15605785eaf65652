"""Locking a row and reading it again before a rule is checked."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import InvalidRequestError

from ..extensions import db
from .errors import Refused


def lock_row(thing: Any, gone: str) -> None:
    """Lock the row and read it again, in one statement. Raise Refused(gone) if it was deleted.

    Rows that only refer to it, such as likes of a post, can still be written. Its relationships are
    loaded again on access, as PostgreSQL would join them as they were before the wait.
    """
    db.session.flush()
    state, mapper = inspect(thing), inspect(type(thing))
    deferred = state.unloaded - state.expired_attributes
    loaded = [column.key for column in mapper.column_attrs if column.key not in deferred]
    try:
        db.session.refresh(thing, loaded, with_for_update={"key_share": True})
    except InvalidRequestError:
        raise Refused(gone) from None
    db.session.expire(thing, [attribute.key for attribute in mapper.relationships])

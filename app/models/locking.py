"""Locking a row before a verb looks at it."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import InvalidRequestError

from ..extensions import db
from .errors import Refused


def lock_row(thing: Any, gone: str) -> None:
    """Wait for whoever changes the row at this moment, then read what they left, by one statement.

    Refused with the words `gone` where nothing is left. Whoever only refers to the row, as a like
    does to a post, does not wait. What the row refers to is read again when it is asked for:
    PostgreSQL would join it as it was before the wait.
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

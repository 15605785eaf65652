"""Statements that change rows."""

from typing import Any, cast

from sqlalchemy import CursorResult, Executable

from ..extensions import db


def rows_changed(statement: Executable, **options: Any) -> int:
    """Run an INSERT, UPDATE or DELETE; return how many rows it changed."""
    result = db.session.execute(statement, execution_options=options)
    return cast(CursorResult[Any], result).rowcount

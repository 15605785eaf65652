"""Running a verb of the models: commit it, or roll back and show why it was refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import abort, flash
from wtforms import Field

from ..decorators import require_speech
from ..extensions import db
from ..forms import Form
from ..models.content.watched_word import WordRefused
from ..models.errors import ChangedMeanwhile, Refused, Silenced
from .requests import undo
from .typed import refuse

Result = TypeVar("Result")

ALREADY_DONE = "That was already done."


@dataclass
class Outcome:
    """The result of `attempt`: true if the block was committed, else `error` is the refusal."""

    error: Refused | None = None
    succeeded: bool = False

    def __bool__(self) -> bool:
        return self.succeeded


@contextmanager
def attempt(
    form: Form | None = None,
    *,
    at: Form | Field | None = None,
    words: str = "{}",
    unless: Callable[[], object] | None = None,
) -> Iterator[Outcome]:
    """Commit the block; if it raises Refused, roll back and show the reason.

        with attempt(form) as done:
            lifted = sanction.lift(by=actor(), reason=form.reason.data)
        if done:
            flash("It is lifted.", "success")

    With `at`, the reason becomes an error of that field or form. Otherwise it is flashed, or shown
    on a page with what was typed into `form`, except if calling `unless` returns true: then nothing
    would be lost. `words` is a format string around the reason. ChangedMeanwhile is raised again.
    """
    outcome = Outcome()
    try:
        yield outcome
        db.session.commit()
        outcome.succeeded = True
    except ChangedMeanwhile:
        undo()
        raise
    except Refused as error:
        undo()
        outcome.error, message = error, words.format(error)
        if isinstance(at, Field):
            at.errors = [message]
        elif at is not None:
            at.form_errors = [*at.form_errors, message]
        else:
            refuse(message, None if unless and unless() else form)


def report_result(changed: object, message: str, unchanged: str = ALREADY_DONE) -> None:
    """Flash whether a verb changed anything."""
    flash(message if changed else unchanged, "success" if changed else "info")


def act(verb: Callable[..., Result], *values: Any, **named: Any) -> Result:
    """Call the verb, commit, and return its result; abort with 403 if it is refused."""
    try:
        result = verb(*values, **named)
        db.session.commit()
    except (WordRefused, ChangedMeanwhile):
        undo()
        raise
    except Refused as error:
        undo()
        if isinstance(error, Silenced):
            require_speech()
        abort(403, str(error))
    return result

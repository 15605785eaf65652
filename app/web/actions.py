"""Actions: committed, or refused in words and undone."""

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
    """True once the block was committed; else `error` is the refusal."""

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
    """Commit what the block does. Where a rule refuses it, undo all of it and say why.

        with attempt(form) as done:
            lifted = sanction.lift(by=actor(), reason=form.reason.data)
        if done:
            flash("It is lifted.", "success")

    The reason is shown at a field or on top of a form where `at` is one. Otherwise it is flashed,
    or told by a page that gives back what was typed into `form`, `unless` a question asked now
    says that there is nothing to lose. `words` go around it. ChangedMeanwhile goes to the caller.
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
    """Say what a verb came to: that it was done, or that all was so before."""
    flash(message if changed else unchanged, "success" if changed else "info")


def act(verb: Callable[..., Result], *values: Any, **named: Any) -> Result:
    """Do it and commit. 403, with the reason, where it became impossible a moment ago."""
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

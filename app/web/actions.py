"""Acts: done and committed, or refused in words."""

from flask import abort, flash

from ..decorators import require_speech
from ..extensions import db
from ..models.content.watched_word import WordRefused
from ..models.errors import ChangedMeanwhile, Refused, Silenced
from .requests import undo


def act(verb, *values, **named):
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


def say(done, words, same):
    """Say what a verb came to: that it was done, or that all was so before."""
    flash(words if done else same, "success" if done else "info")

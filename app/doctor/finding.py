"""Findings: what a check found, and the command or page that fixes it."""

import queue
from dataclasses import asdict, dataclass
from functools import wraps
from threading import Thread

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db

GOOD, NOTE, BAD = "good", "note", "bad"  # only what is bad counts for the exit status


@dataclass(frozen=True)
class Finding:
    name: str
    state: str
    words: str
    cure: str = ""

    as_dict = asdict


def check(name):
    """Turn what a function returns into a `Finding`: a state, a sentence, and a cure if needed.

    Whatever goes wrong in it is a finding too: the other checks go on.
    """

    def decorator(look):
        @wraps(look)
        def checked(*args, **values):
            try:
                return Finding(name, *look(*args, **values))
            except SQLAlchemyError as error:
                db.session.rollback()
                return Finding(name, BAD, f"Database error: {words_of(error)}", "flask deploy")
            except Exception as error:
                return Finding(name, BAD, f"Check failed: {words_of(error)}")

        return checked

    return decorator


def words_of(error):
    """Return the first line of an error of the database or system."""
    first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return first or error.__class__.__name__


def within(seconds, act):
    """Return what `act` returns, or raise TimeoutError, even if a name lookup hangs."""
    app, answers = current_app._get_current_object(), queue.SimpleQueue()

    def run():
        try:
            with app.app_context():
                answers.put((act(), None))
        except Exception as error:
            answers.put((None, error))

    Thread(target=run, name="doctor", daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no response within {seconds:g} seconds") from None
    if error:
        raise error
    return value

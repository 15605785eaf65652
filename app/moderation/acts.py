"""What the acts of moderators have in common."""

from flask import flash

from ..extensions import db
from ..models.refused import Refused
from ..security import actor

SO_ALREADY = "That was done already."


def attempt(verb, *values, words, same=SO_ALREADY, tell=None, **named):
    """Do it as who is signed in, tell whom it concerns, commit, and flash the words.

    Return what the verb returned; None where the rules forbid it, which is said instead. `same` is
    said where the verb changed nothing.
    """
    try:
        done = verb(*values, by=actor(), **named)
        if done and tell:
            tell()
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "danger")
        return None
    flash(words if done else same, "success" if done else "warning")
    return done

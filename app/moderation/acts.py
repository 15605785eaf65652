"""What the acts of moderators have in common."""

from flask import flash

from ..extensions import db
from ..models.errors import ChangedMeanwhile, Refused
from ..web.requests import actor, undo
from ..web.typed import refuse

SO_ALREADY = "That was done already."


def attempt(verb, *values, words, form=None, same=SO_ALREADY, tell=None, **named):
    """Do it as who is signed in, tell whom it concerns, commit, and flash the words.

    Return what the verb returned; None where the rules forbid it, which is said instead. `same` is
    said where the verb changed nothing. What was typed into the form is given back where it is
    refused; ChangedMeanwhile is for the caller.
    """
    try:
        done = verb(*values, by=actor(), **named)
        if done and tell:
            tell()
        db.session.commit()
    except ChangedMeanwhile:
        undo()
        raise
    except Refused as refusal:
        refuse(refusal, form)
        return None
    flash(words if done else same, "success" if done else "warning")
    return done

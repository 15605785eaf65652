"""A helper of the actions of moderators."""

from ..web.actions import ALREADY_DONE, attempt, report_result
from ..web.requests import actor


def moderate(verb, *values, words, form=None, same=ALREADY_DONE, tell=None, **named):
    """Call a verb as the signed-in moderator, notify, commit and flash the message.

    Return what the verb returned, or None where a rule refused it. `same` is said where the verb
    changed nothing.
    """
    with attempt(form) as done:
        changed = verb(*values, by=actor(), **named)
        if changed and tell:
            tell()
    if not done:
        return None
    report_result(changed, words, same)
    return changed

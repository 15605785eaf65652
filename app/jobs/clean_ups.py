"""Clean-ups: carrying them out, at once if they are short, else in the mail worker."""

import time
from collections.abc import Callable

from ..extensions import db
from ..models import CleanUp
from ..models.lease import LeaseLost

MOST_NOW = 50  # posts and comments of a clean-up that is carried out while the user waits
PAUSE = 0.01  # seconds in which others can write, as SQLite has one writer at a time


ToldToStop = Callable[[], bool]  # whether the worker is to end after this step
BetweenSteps = Callable[[], object]  # what is done after each step


def nothing() -> None:
    return None


def never() -> bool:
    return False


def carry_out(
    clean_up: CleanUp, *, stopped: ToldToStop = never, between: BetweenSteps = nothing
) -> None:
    """Hide or restore content step by step; another worker can continue after any step."""
    while clean_up.step():
        db.session.commit()
        if stopped():
            clean_up.release()
            break
        between()
        time.sleep(PAUSE)
    db.session.commit()


def carry_out_now(clean_up: CleanUp) -> bool:
    """Carry out a short clean-up; return False if it is long, or a worker has leased it."""
    if clean_up.total > MOST_NOW:
        return False
    leased = CleanUp.lease(clean_up.id)
    if leased is None:
        return False
    try:
        carry_out(leased)
    except LeaseLost:
        db.session.rollback()
        return False
    return True

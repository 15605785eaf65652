"""Stored counts: whether posts and people carry the numbers that there really are."""

from itertools import islice

from ..models.content.counters import wrong_counts
from .finding import BAD, GOOD, check

ENOUGH = 1000  # wrong ones to name a number
NEWEST = 1000  # posts and members that are looked at where it has to be quick


@check("Stored counts")
def stored(quick=False):
    wrong = sum(1 for _ in islice(wrong_counts(NEWEST if quick else None), ENOUGH))
    if not wrong:
        of_whom = f"those of the newest {NEWEST:,} posts and members " if quick else "they "
        return GOOD, f"{of_whom}agree with what there is"
    many = f"{wrong:,}" if wrong < ENOUGH else f"At least {wrong:,}"
    return BAD, f"{many} posts or members have wrong counts.", "flask posts recount"

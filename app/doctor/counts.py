"""Check of the stored counts of posts and people."""

from itertools import islice

from ..models.content.counters import wrong_counts
from .finding import BAD, GOOD, check

ENOUGH = 1000  # wrong ones to name a number
NEWEST = 1000  # posts and members that are looked at where it has to be quick


@check("Stored counts")
def stored(quick=False):
    wrong = sum(1 for _ in islice(wrong_counts(NEWEST if quick else None), ENOUGH))
    if not wrong:
        of_whom = f"the newest {NEWEST:,} posts and members " if quick else "all "
        return GOOD, f"{of_whom}have correct counts"
    many = f"{wrong:,}" if wrong < ENOUGH else f"At least {wrong:,}"
    return BAD, f"{many} posts or members have wrong counts.", "flask posts recount"

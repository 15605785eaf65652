"""How long a processor works for something."""

import time


def worked(act, tries=3):
    """The seconds this thread's processor worked in `act()`, and what that returned.

    Other threads do not count, and of a few tries the quickest does: a busy machine only ever adds.
    """
    least = None
    for _ in range(tries):
        start = time.thread_time()
        result = act()
        seconds = time.thread_time() - start
        least = seconds if least is None else min(least, seconds)
    return least, result

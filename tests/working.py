"""How long a processor works for something."""

import time


def worked(act, enough=float("inf")):
    """The seconds this thread's processor worked in `act()`, and what that returned.

    Other threads do not count. What took longer than is enough is tried twice more, and the
    quickest counts: a busy machine only ever adds.
    """
    tries = []
    while len(tries) < 3 and (not tries or tries[-1] > enough):
        start = time.thread_time()
        result = act()
        tries.append(time.thread_time() - start)
    return min(tries), result

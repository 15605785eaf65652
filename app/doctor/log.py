"""The log of what staff did: whether it is what was written."""

from ..models import AuditEntry
from ..models.audit.chain import AuditHead
from .finding import BAD, GOOD, check

CURE = "Compare with a backup; docs/administer.md tells how"


@check("Log")
def chain(newest=None, expect=None):
    """Read the chain, or its newest entries; `expect` is an end of it that was noted before."""
    if fault := AuditEntry.verify(newest):
        return BAD, f"Entry {fault.number} {fault.words}.", CURE
    if expect and not AuditEntry.holds(expect):
        return BAD, f"The end that was noted, {expect}, is not in it.", CURE
    number, hash = AuditHead.now()
    if number == 0:
        return GOOD, "nothing in it yet"
    read = f"the newest {newest:,} of {number:,}" if newest and newest < number else f"{number:,}"
    entries = "entry holds" if number == 1 else "entries hold"
    return GOOD, f"{read} {entries}. To note down elsewhere, its end: {number}:{hash}"

"""Check of the audit log: whether it was changed."""

from ..models import AuditEntry
from ..models.audit.chain import AuditHead
from .finding import BAD, GOOD, check

CURE = "Compare with a backup, see docs/administer.md"


@check("Log")
def chain(newest=None, expect=None):
    """Read the chain, or its newest entries; `expect` is an end of it that was noted before."""
    if fault := AuditEntry.verify(newest):
        return BAD, f"Entry {fault.number} {fault.words}.", CURE
    if expect and not AuditEntry.holds(expect):
        return BAD, f"It doesn’t contain {expect}, which you expected.", CURE
    number, hash = AuditHead.now()
    if number == 0:
        return GOOD, "no entries yet"
    read = f"the newest {newest:,} of {number:,}" if newest and newest < number else f"{number:,}"
    entries = "entry" if number == 1 else "entries"
    return GOOD, f"{read} {entries} verified. Keep its end elsewhere: {number}:{hash}"

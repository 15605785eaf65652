"""Pages for development only."""

from . import mailbox
from .blueprint import dev

__all__ = ["dev", "mailbox"]

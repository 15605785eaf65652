"""What belongs to a member: taken along as a file, or taken back when the account goes."""

from ..jobs.data_exports import PAUSE, delete_now, work

__all__ = ["PAUSE", "delete_now", "work"]

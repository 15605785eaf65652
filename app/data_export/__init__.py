"""Data exports of members and deletion of accounts."""

from ..jobs.data_exports import PAUSE, delete_now, work

__all__ = ["PAUSE", "delete_now", "work"]

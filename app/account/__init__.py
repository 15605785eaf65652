"""Blueprint: settings, notifications, data, standing and appeals of a member."""

from . import (
    appeals,
    data,
    notifications,
    picture,
    profile,
    role_preview,
    role_requests,
    sessions,
    standing,
    unsubscribe,
)
from .blueprint import account

__all__ = [
    "account",
    "appeals",
    "data",
    "notifications",
    "picture",
    "profile",
    "role_preview",
    "role_requests",
    "sessions",
    "standing",
    "unsubscribe",
]

"""Blueprint: administration."""

from . import (
    access,
    audit,
    bulk,
    dashboard,
    doctor,
    exports,
    imports,
    invitations,
    outbox,
    pages,
    requests,
    roles,
    settings,
    user,
    user_acts,
    users,
    view_as,
)
from .blueprint import admin

__all__ = [
    "access",
    "admin",
    "audit",
    "bulk",
    "dashboard",
    "doctor",
    "exports",
    "imports",
    "invitations",
    "outbox",
    "pages",
    "requests",
    "roles",
    "settings",
    "user",
    "user_acts",
    "users",
    "view_as",
]

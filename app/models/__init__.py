"""The domain: a file per noun. This one hands every model on."""

from ..permissions import Permission
from .outbox import OutboxMail
from .role import Role
from .session import UserSession
from .user import AnonymousUser, User
from .way_back import WayBack

__all__ = ["AnonymousUser", "OutboxMail", "Permission", "Role", "User", "UserSession", "WayBack"]

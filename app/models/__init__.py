"""The domain: a file per noun. This one hands every model on."""

from ..permissions import Permission
from . import people_search, word_index
from .account_deletion import AccountDeletion
from .audit import AuditEntry
from .audit_chain import AuditHead
from .bookmark import Bookmark
from .comment import Comment
from .data_export import DataExport, ExportPart
from .day_count import DayCount
from .follow import Follow
from .invitation import Invitation
from .like import Like
from .mute import Mute
from .notification import Notification
from .notification_choice import NotificationChoice
from .outbox import OutboxMail
from .page import Page, PageVersion
from .people_import import PeopleImport
from .picture import Picture
from .post import Post
from .post_tag import PostTag
from .revision import Revision
from .role import Role
from .role_request import RoleRequest
from .session import UserSession
from .setting import Setting
from .user import AnonymousUser, User
from .watch import Watch
from .watched_word import WatchedWord
from .way_back import WayBack

__all__ = [
    "AccountDeletion",
    "AnonymousUser",
    "AuditEntry",
    "AuditHead",
    "Bookmark",
    "Comment",
    "DataExport",
    "DayCount",
    "ExportPart",
    "Follow",
    "Invitation",
    "Like",
    "Mute",
    "Notification",
    "NotificationChoice",
    "OutboxMail",
    "Page",
    "PageVersion",
    "PeopleImport",
    "Permission",
    "Picture",
    "Post",
    "PostTag",
    "Revision",
    "Role",
    "RoleRequest",
    "Setting",
    "User",
    "UserSession",
    "Watch",
    "WatchedWord",
    "WayBack",
    "people_search",
    "word_index",
]

"""The domain: a file per noun. This one hands every model on."""

from ..permissions import Permission
from . import people_search, word_index
from .account_deletion import AccountDeletion
from .appeal import Appeal, AppealMessage
from .audit import AuditEntry
from .audit_chain import AuditHead
from .bookmark import Bookmark
from .case import Case
from .clean_up import CleanUp
from .comment import Comment
from .data_export import DataExport, ExportPart
from .day_count import DayCount
from .follow import Follow
from .invitation import Invitation
from .like import Like
from .month_figures import MonthFigures
from .mute import Mute
from .notification import Notification
from .notification_choice import NotificationChoice
from .outbox import OutboxMail
from .page import Page, PageVersion
from .people_import import PeopleImport
from .picture import Picture
from .post import Post
from .post_tag import PostTag
from .report import Report
from .revision import Revision
from .role import Role
from .role_request import RoleRequest
from .sanction import Sanction
from .session import UserSession
from .setting import Setting
from .sign_up_mark import SignUpMark
from .staff_note import StaffNote
from .user import AnonymousUser, User
from .watch import Watch
from .watched_word import WatchedWord
from .way_back import WayBack

__all__ = [
    "AccountDeletion",
    "AnonymousUser",
    "Appeal",
    "AppealMessage",
    "AuditEntry",
    "AuditHead",
    "Bookmark",
    "CleanUp",
    "Case",
    "Comment",
    "DataExport",
    "DayCount",
    "ExportPart",
    "Follow",
    "Invitation",
    "Like",
    "MonthFigures",
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
    "Report",
    "Revision",
    "Role",
    "RoleRequest",
    "Sanction",
    "Setting",
    "SignUpMark",
    "StaffNote",
    "User",
    "UserSession",
    "Watch",
    "WatchedWord",
    "WayBack",
    "people_search",
    "word_index",
]

"""The models, all of which can be imported from here."""

from ..permissions import Permission
from .audit.chain import AuditHead
from .audit.entry import AuditEntry
from .content.bookmark import Bookmark
from .content.comment import Comment
from .content.like import Like
from .content.post import Post
from .content.revision import Revision
from .content.tag import PostTag
from .content.watch import Watch
from .content.watched_word import WatchedWord
from .mail.outbox import OutboxMail
from .moderation.appeal import Appeal, AppealMessage
from .moderation.case import Case
from .moderation.clean_up import CleanUp
from .moderation.monthly_statistics import MonthFigures
from .moderation.report import Report
from .moderation.sanction import Sanction
from .notifications.notification import Notification
from .notifications.preference import NotificationChoice
from .reading import search_index
from .retention.account_deletion import AccountDeletion
from .retention.data_export import DataExport, ExportPart
from .roles.role import Role
from .site.daily_count import DayCount
from .site.page import Page, PageVersion
from .site.setting import Setting
from .users import name_search
from .users.csv_import import PeopleImport
from .users.email_reversal import EmailReversal
from .users.follow import Follow
from .users.invitation import Invitation
from .users.mute import Mute
from .users.picture import Picture
from .users.role_request import RoleRequest
from .users.session import UserSession
from .users.sign_up_mark import SignUpMark
from .users.staff_note import StaffNote
from .users.user import AnonymousUser, User

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
    "EmailReversal",
    "name_search",
    "search_index",
]

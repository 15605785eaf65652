"""Who makes this request: one query for the session, its user and role, and what all pages show."""

from sqlalchemy import bindparam, select

from ..extensions import db
from .moderation.queue_counts import QUEUES, waiting_for
from .notifications.notification import Notification
from .site.setting import Setting, settings_are_at
from .users.session import UserSession, hash_of

QUERY = select(  # built once: every page of a member runs it
    UserSession,
    Setting.version_now(),
    Notification.unread_of(UserSession.user_id),
    *waiting_for(UserSession.user_id),
).where(UserSession.token_hash == bindparam("token_hash"))


def session_with_token(token: str) -> UserSession | None:
    """Return the live session of an active user, or None.

    It brings the version of the settings, the number of unread notifications, and for moderators
    how much waits in each queue.
    """
    row = db.session.execute(QUERY, {"token_hash": hash_of(token)}).one_or_none()
    session, version, unread, *waiting = row or (None, None, 0)
    settings_are_at(version)
    if session:
        session.unread, session.queues = unread, dict(zip(QUEUES, waiting, strict=True))
        session.waiting = sum(waiting)
    return session if session and session.is_alive and session.user.is_active else None

"""Dispatch of notifications: one statement notifies all people whom an action concerns.

Nobody is notified of their own actions, of those of people whom they have muted (except decisions
of moderators), or of comments on posts that are hidden or deleted. Users who are not visible to
everyone, such as deactivated ones, get none. Each person gets one notification per thing: the first
of the kinds in USUAL that they have not turned off. Mentions in quotations do not count.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import Integer, bindparam, case, delete, func, or_, text, update

from ...extensions import db
from ..audit.entry import AuditEntry
from ..conditions import SEEN, SHOWN
from ..fields import HasId, UTCDateTime, utcnow
from .notification import DUE, UNREAD, Notification
from .preference import (
    ACT,
    ANSWER,
    APPROVED,
    DAILY,
    FOLLOWER,
    IMMEDIATELY,
    MENTION,
    NEVER,
    RULING,
    THREAD,
    USUAL,
)

TELL = f"""
WITH usual AS ({{usual}}), concerned AS ({{concerned}}), told AS (
    SELECT users.id, usual.kind,
        coalesce(chosen.in_site, usual.in_site) AS in_site,
        coalesce(chosen.mail, usual.mail) AS mail,
        row_number() OVER (PARTITION BY users.id ORDER BY usual.place) AS place
    FROM concerned JOIN users ON users.id = concerned.id JOIN usual ON usual.kind = concerned.kind
    LEFT JOIN notification_choices chosen
    ON chosen.user_id = users.id AND chosen.kind = concerned.kind
    WHERE users.id <> :actor_id AND {SEEN.text("users")}
    AND (coalesce(chosen.in_site, usual.in_site) OR coalesce(chosen.mail, usual.mail) <> '{NEVER}')
    AND (usual.kind IN ('{RULING}', '{APPROVED}') OR NOT EXISTS (
        SELECT 1 FROM mutes WHERE mutes.user_id = users.id AND mutes.muted_id = :actor_id
    ))
    AND NOT EXISTS (
        SELECT 1 FROM posts WHERE posts.id = CAST(:post_id AS INTEGER)
        AND NOT ({SHOWN.text("posts")})
    )
)
INSERT INTO notifications
    (created_at, user_id, kind, actor_id, post_id, comment_id, case_id, entry_id, in_site,
    read_at, mail_at)
SELECT :now, id, kind, :actor_id, CAST(:post_id AS INTEGER), CAST(:comment_id AS INTEGER),
    CAST(:case_id AS INTEGER), CAST(:entry_id AS INTEGER), in_site,
    CASE WHEN in_site THEN NULL ELSE :now END,
    CASE mail WHEN '{IMMEDIATELY}' THEN :now WHEN '{DAILY}' THEN :digest_at END
FROM told WHERE place = 1
ON CONFLICT DO NOTHING
"""
WATCHERS = f"""
SELECT user_id AS id, CASE WHEN user_id = :author_id THEN '{ANSWER}' ELSE '{THREAD}' END AS kind
FROM watches WHERE post_id = :post_id AND ended_at IS NULL
"""
MENTIONED = f"SELECT id, '{MENTION}' AS kind FROM users WHERE username_key IN :names"
FOLLOWED = f"SELECT id, '{FOLLOWER}' AS kind FROM users WHERE id = :followed_id"
REPORTERS = f"SELECT reporter_id AS id, '{RULING}' AS kind FROM reports WHERE case_id = :case_id"
AUTHORS = f"SELECT id, '{APPROVED}' AS kind FROM users WHERE id = :author_id"
IN_VIEW = f"""
(notifications.case_id IS NULL OR EXISTS (
    SELECT 1 FROM cases WHERE cases.id = notifications.case_id AND cases.settled_at IS NOT NULL
))
AND (notifications.post_id IS NULL OR EXISTS (
    SELECT 1 FROM posts WHERE posts.id = notifications.post_id
    AND {SHOWN.text("posts")}
))
AND (notifications.comment_id IS NULL OR EXISTS (
    SELECT 1 FROM comments WHERE comments.id = notifications.comment_id
    AND {SHOWN.text("comments")}
))
AND EXISTS (
    SELECT 1 FROM users WHERE users.id = notifications.actor_id AND {SEEN.text("users")}
)
"""
SILENT = {"synchronize_session": False}
A_KIND = "SELECT '{}' AS kind, {} AS place, {} AS in_site, '{}' AS mail"
ALL_KINDS = " UNION ALL ".join(
    A_KIND.format(kind, place, choice.in_site, choice.mail)
    for place, (kind, choice) in enumerate(USUAL.items())
)


class ContentLike(HasId, Protocol):
    """A post or a comment."""

    noun: str

    @property
    def author_id(self) -> int | None: ...

    @property
    def thread_id(self) -> int: ...


class PostLike(Protocol):
    @property
    def author_id(self) -> int | None: ...


class CommentLike(ContentLike, Protocol):
    @property
    def post_id(self) -> int: ...

    @property
    def post(self) -> PostLike: ...


def notify_comment(comment: CommentLike, mentions: Sequence[str]) -> None:
    """Notify the people a comment mentions, the author of the post, and who watches it."""
    concerned = f"{WATCHERS} UNION ALL {MENTIONED}" if mentions else WATCHERS
    post = dict(post_id=comment.post_id, author_id=comment.post.author_id or 0)
    _tell(concerned, comment.author_id, names=mentions, comment_id=comment.id, **post)


def notify_mentions(content: ContentLike, mentions: Sequence[str]) -> None:
    """Notify the people whom a post mentions, or whom an edit mentions in addition."""
    if mentions:
        thing = {"post_id": content.thread_id, f"{content.noun}_id": content.id}
        _tell(MENTIONED, content.author_id, names=mentions, **thing)


def notify_follow(follower_id: int, followed_id: int) -> None:
    """Notify a person of a new follower, once."""
    _tell(FOLLOWED, follower_id, followed_id=followed_id)


def notify_ruling(settled: HasId, by: HasId) -> None:
    """Notify the reporters of a ruling on a case; an earlier notification is deleted."""
    _withdraw(Notification.case_id == settled.id)
    _tell(REPORTERS, by.id, case_id=settled.id)


def notify_approval(content: ContentLike, entry: AuditEntry) -> None:
    """Notify the author that a post or comment was approved."""
    here = {f"{content.noun}_id": content.id}
    _tell(AUTHORS, entry.actor_id, author_id=content.author_id, entry_id=entry.id, **here)


def notify_action(
    entry: AuditEntry, person_id: int | None, about: ContentLike | None = None
) -> None:
    """Notify a person of an action of staff on them or their content; a separate mail is sent.

    With `about`, the notification is deleted together with that content; without, it stays.
    """
    if person_id is None or person_id == entry.actor_id:
        return
    db.session.flush()
    here = {f"{about.noun}_id": about.id} if about else {}
    values: dict[str, Any] = dict(kind=ACT, actor_id=entry.actor_id, entry_id=entry.id, **here)
    db.session.add(Notification(user_id=person_id, **values))
    db.session.flush()


def sync_notifications(content: ContentLike) -> None:
    """Hide or show the notifications about a post or comment, as it is hidden or shown."""
    sync_all_notifications(content.noun, [content.id])


def sync_all_notifications(noun: str, ids: Sequence[int]) -> None:
    """Do the same for many posts, or for many comments."""
    _sync(getattr(Notification, f"{noun}_id").in_(ids))


def sync_notifications_from(actor_id: int) -> None:
    """Hide or show the notifications from a user, as the account is closed or open."""
    _sync(Notification.actor_id == actor_id)


def sync_ruling_notifications(ruled: HasId) -> None:
    """Hide or show the notifications about a ruling, as the case is open or settled."""
    _sync(Notification.case_id == ruled.id)


def withdraw_mentions(content: ContentLike, names: Sequence[str], since: datetime) -> None:
    """Delete the notifications of mentions since a moment, as the edit is undone."""
    if not names:
        return
    comment_id = content.id if content.noun == "comment" else None
    here = Notification.post_id == content.thread_id, Notification.comment_id == comment_id
    people = text("user_id IN (SELECT id FROM users WHERE username_key IN :names)")
    people = people.bindparams(bindparam("names", [*names], expanding=True))
    _withdraw(*here, Notification.kind == MENTION, Notification.created_at >= since, people)


def withdraw(content: ContentLike) -> None:
    """Delete the notifications about a post or comment."""
    _withdraw(getattr(Notification, f"{content.noun}_id") == content.id)


def withdraw_from(actor_id: int, *, to: int | None = None) -> None:
    """Delete the pending notifications from a user, to one person or to all."""
    unread = or_(text(UNREAD), text(f"({DUE})"), Notification.withdrawn_at.is_not(None))
    _withdraw(
        Notification.actor_id == actor_id, unread, *([Notification.user_id == to] if to else [])
    )


def _sync(*conditions: Any) -> None:
    db.session.flush()
    ids = Notification.in_order(*conditions, Notification.kind != ACT)
    since = case((text(IN_VIEW), None), else_=func.coalesce(Notification.withdrawn_at, utcnow()))
    here = update(Notification).where(Notification.id.in_(ids)).values(withdrawn_at=since)
    db.session.execute(here, execution_options=SILENT)


def _withdraw(*conditions: Any) -> None:
    db.session.flush()
    gone = delete(Notification).where(Notification.id.in_(Notification.in_order(*conditions)))
    db.session.execute(gone, execution_options={"synchronize_session": "fetch"})


def next_digest(now: datetime) -> datetime:
    """Return the next moment at which digests are sent."""
    hour = current_app.config["DIGEST_HOUR"]
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if now < today else today + timedelta(days=1)


def _tell(concerned: str, actor_id: int | None, **values: Any) -> None:
    now = utcnow()
    values = dict[str, Any](post_id=None, comment_id=None, case_id=None, entry_id=None) | values
    statement = text(TELL.format(usual=ALL_KINDS, concerned=concerned)).bindparams(
        bindparam("now", now, UTCDateTime),
        bindparam("digest_at", next_digest(now), UTCDateTime),
        bindparam("actor_id", actor_id, Integer),
    )
    if ":names" in concerned:
        statement = statement.bindparams(bindparam("names", expanding=True))
    else:
        values.pop("names", None)
    db.session.flush()
    db.session.execute(statement, values)

"""News: who is told of what. However many they are, an act tells them by one statement.

Nobody is told of their own acts, nor of those of whom they have muted (but how a moderator ruled on
what they reported), nor of what happens below a
post that was hidden or deleted; who is not seen by all, as an account that was closed, is told
nothing. One thing tells a person once: by the strongest of the kinds that concern them, of those
that they want to hear of. A name in a quotation tells nobody.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import Integer, bindparam, delete, or_, text

from ..extensions import db
from .fields import UTCDateTime, utcnow
from .notification import DUE, UNREAD, Notification
from .notification_choice import (
    ANSWER,
    AT_ONCE,
    DAILY,
    FOLLOWER,
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
    WHERE users.id <> :actor_id AND users.confirmed_at IS NOT NULL
    AND users.deactivated_at IS NULL AND users.approval_asked_at IS NULL
    AND (coalesce(chosen.in_site, usual.in_site) OR coalesce(chosen.mail, usual.mail) <> '{NEVER}')
    AND (usual.kind = '{RULING}' OR NOT EXISTS (
        SELECT 1 FROM mutes WHERE mutes.user_id = users.id AND mutes.muted_id = :actor_id
    ))
    AND NOT EXISTS (
        SELECT 1 FROM posts WHERE posts.id = CAST(:post_id AS INTEGER)
        AND (posts.deleted_at IS NOT NULL OR posts.hidden_at IS NOT NULL)
    )
)
INSERT INTO notifications
    (created_at, user_id, kind, actor_id, post_id, comment_id, case_id, in_site, read_at, mail_at)
SELECT :now, id, kind, :actor_id, CAST(:post_id AS INTEGER), CAST(:comment_id AS INTEGER),
    CAST(:case_id AS INTEGER), in_site,
    CASE WHEN in_site THEN NULL ELSE :now END,
    CASE mail WHEN '{AT_ONCE}' THEN :now WHEN '{DAILY}' THEN :digest_at END
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
A_KIND = "SELECT '{}' AS kind, {} AS place, {} AS in_site, '{}' AS mail"
ALL_KINDS = " UNION ALL ".join(
    A_KIND.format(kind, place, choice.in_site, choice.mail)
    for place, (kind, choice) in enumerate(USUAL.items())
)


def of_comment(comment, mentions):
    """Tell whom a comment mentions, the author of the post, and who watches the thread."""
    concerned = f"{WATCHERS} UNION ALL {MENTIONED}" if mentions else WATCHERS
    post = dict(post_id=comment.post_id, author_id=comment.post.author_id or 0)
    _tell(concerned, comment.author_id, names=mentions, comment_id=comment.id, **post)


def of_mentions(written, mentions):
    """Tell whom a post mentions, or an edit that names more people than before."""
    if mentions:
        thing = {"post_id": written.thread_id, f"{written.noun}_id": written.id}
        _tell(MENTIONED, written.author_id, names=mentions, **thing)


def of_follow(follower_id, followed_id):
    """Tell a person, once, who follows them."""
    _tell(FOLLOWED, follower_id, followed_id=followed_id)


def of_ruling(case, by):
    """Tell all who reported something what became of it."""
    _tell(REPORTERS, by.id, case_id=case.id)


def forget_ruling(case):
    """It was taken back, and the next one tells them again."""
    _forget(Notification.case_id == case.id)


def forget(written):
    """What was deleted or hidden is no news any longer, and neither is what answers it."""
    here = getattr(Notification, f"{written.noun}_id") == written.id
    _forget(here)


def forget_all(noun, ids):
    """The same of many posts, or of many comments."""
    _forget(getattr(Notification, f"{noun}_id").in_(ids))


def forget_from(actor_id, *, to=None):
    """Forget what was not read or mailed yet of one person's acts: to another, or to anybody."""
    theirs = Notification.actor_id == actor_id, or_(text(UNREAD), text(f"({DUE})"))
    _forget(*theirs, *([Notification.user_id == to] if to else []))


def _forget(*conditions):
    db.session.flush()
    gone = delete(Notification).where(Notification.id.in_(Notification.in_order(*conditions)))
    db.session.execute(gone, execution_options={"synchronize_session": "fetch"})


def next_digest(now):
    """Return the next moment at which digests leave."""
    hour = current_app.config["DIGEST_HOUR"]
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if now < today else today + timedelta(days=1)


def _tell(concerned, actor_id, **values):
    now = utcnow()
    values = dict(post_id=None, comment_id=None, case_id=None) | values
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

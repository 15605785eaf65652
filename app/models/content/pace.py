"""Pace: how long a user must wait before the next post or comment."""

from datetime import datetime, timedelta
from math import ceil

from flask import current_app
from limits import parse
from sqlalchemy import Select, select, union_all

from ...extensions import db
from ..fields import utcnow
from ..users.user import User
from .comment import Comment
from .post import Post


def seconds_to_wait(user: User) -> int:
    """Return how long until they may post again by the LIMITS of their `pace`; 0: now."""
    if (pace := user.pace) is None:
        return 0
    limit = parse(current_app.config["LIMITS"][pace])
    window, now = timedelta(seconds=limit.get_expiry()), utcnow()
    oldest = db.session.scalar(_written_since(user, now - window, limit.amount))
    return max(1, ceil((oldest + window - now).total_seconds())) if oldest else 0


def _written_since(user: User, moment: datetime, number: int) -> Select:
    """Select when they wrote the last but `number` of their posts and comments since a moment."""
    parts = (
        select(cls.created_at).where(cls.author_id == user.id, cls.created_at > moment)
        for cls in (Post, Comment)
    )
    content = union_all(*parts).subquery()
    newest = content.c.created_at.desc()
    return select(content.c.created_at).order_by(newest).offset(number - 1).limit(1)

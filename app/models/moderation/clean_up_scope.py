"""The scope of a clean-up: what everyone can read of a member since a moment."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from ...extensions import db
from ..content.authored import Authored
from ..content.comment import Comment
from ..content.post import Post
from ..users.user import User

KINDS = Comment, Post


def count_written(user: User, since: datetime) -> dict[str, int]:
    """How much everybody can read of what a member wrote since a moment: table → number."""
    return {
        kind.__tablename__: db.session.scalar(
            select(func.count()).select_from(kind).where(*written_since(kind, user.id, since))
        )
        or 0
        for kind in reversed(KINDS)
    }


def newest_written(user: User, since: datetime, most: int) -> list[Authored]:
    """The newest of that, as a moderator looks through it."""
    texts: list[Authored] = [
        text
        for kind in KINDS
        for text in db.session.scalars(
            select(kind)
            .where(*written_since(kind, user.id, since))
            .order_by(kind.created_at.desc(), kind.id.desc())
            .limit(most)
        )
    ]
    return sorted(texts, key=lambda text: text.created_at, reverse=True)[:most]


def written_since(
    kind: type[Comment] | type[Post], user_id: int, since: datetime, until: datetime | None = None
) -> list[ColumnElement[bool]]:
    here = [kind.author_id == user_id, kind.created_at >= since, *kind.shown()]
    return here + ([kind.created_at <= until] if until else [])

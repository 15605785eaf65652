"""Pending content: posts and comments together, oldest first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ...extensions import db
from ..content.comment import Comment
from ..content.post import Post
from ..users.user import User


def held_texts(*, most: int, of: User | None = None) -> list[Any]:
    """Return the posts and comments that have waited longest, of all members or of one."""
    found = [*_oldest(Post, most, of), *_oldest(Comment, most, of)]
    return sorted(found, key=lambda content: (content.held_at, content.id))[:most]


def count_held() -> int:
    counts = (
        select(func.count()).select_from(cls).where(*cls.waiting()).scalar_subquery()
        for cls in (Post, Comment)
    )
    return sum(db.session.execute(select(*counts)).one())


def _oldest(cls: type[Any], most: int, of: User | None) -> Sequence[Any]:
    theirs = [cls.author_id == of.id] if of else []
    former = joinedload(cls.author).joinedload(User.former_role)
    oldest = select(cls).where(*cls.waiting(), *theirs).order_by(cls.held_at, cls.id)
    return db.session.scalars(oldest.options(former).limit(most)).all()

"""Bookmarks: what a member wants to find again; nobody else sees them."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model
from ..fields import Moment, utcnow
from ..pair import Pair
from ..users.user import User
from .post import Post


class Bookmark(Pair, Model):
    __tablename__ = "bookmarks"
    __table_args__ = (Index("ix_bookmarks_user", "user_id", "created_at", "post_id"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[Moment] = mapped_column(default=utcnow)

    @classmethod
    def add(cls, post: Post, *, by: User) -> bool:
        return cls.put(post_id=post.id, user_id=by.id, created_at=utcnow())

    @classmethod
    def remove(cls, post: Post, *, by: User) -> bool:
        return cls.take(post_id=post.id, user_id=by.id)

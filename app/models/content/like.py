"""Likes: one per member and post."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model
from ..counted import keep_counts
from ..fields import Moment, utcnow
from ..pair import Pair
from ..users.user import User
from .post import Post


class Like(Pair, Model):
    __tablename__ = "likes"
    __table_args__ = (Index("ix_likes_user", "user_id", "created_at", "post_id"),)

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[Moment] = mapped_column(default=utcnow)

    @classmethod
    def add(cls, post: Post, *, by: User) -> bool:
        """Return whether the person liked it only now; its count follows."""
        new = cls.put(post_id=post.id, user_id=by.id, created_at=utcnow())
        if new:
            Post.count_up(post.id, like_count=1)
        return new

    @classmethod
    def remove(cls, post: Post, *, by: User) -> bool:
        gone = cls.take(post_id=post.id, user_id=by.id)
        Post.forget_counts(post.id, "like_count")
        return gone


keep_counts(Like.__table__)

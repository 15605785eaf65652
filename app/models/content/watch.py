"""Watches: members who are notified of each comment on a post."""

from sqlalchemy import ForeignKey, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model
from ..fields import HasId, Moment, utcnow
from ..pair import Pair
from ..statements import rows_changed
from ..users.user import User


class Watch(Pair, Model):
    """After unwatching, a row with `ended_at` remains, so that commenting does not watch again."""

    __tablename__ = "watches"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    ended_at: Mapped[Moment | None]

    @classmethod
    def start(cls, post: HasId, *, by: User) -> bool:
        """Watch a post; return whether it was not watched before."""
        if cls.join(post.id, by.id):
            return True
        ended = cls.post_id == post.id, cls.user_id == by.id, cls.ended_at.is_not(None)
        return rows_changed(update(cls).where(*ended).values(ended_at=None)) == 1

    @classmethod
    def stop(cls, post: HasId, *, by: User) -> bool:
        live = cls.post_id == post.id, cls.user_id == by.id, cls.ended_at.is_(None)
        stopped = update(cls).where(*live).values(ended_at=utcnow())
        return rows_changed(stopped) == 1

    @classmethod
    def join(cls, post_id: int, user_id: int) -> bool:
        """Watch a thread by writing in it, unless the user has unwatched it."""
        return cls.put(post_id=post_id, user_id=user_id, created_at=utcnow())

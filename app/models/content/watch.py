"""Watches: whose members are told of each answer to a post."""

from sqlalchemy import ForeignKey, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..fields import Moment, utcnow
from ..pair import Pair


class Watch(Pair, Model):
    """One who stopped watching keeps a row with `ended_at`, so that writing does not start it."""

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
    def start(cls, post, *, by):
        """Watch a post, also again; return whether that is new."""
        if cls.join(post.id, by.id):
            return True
        ended = cls.post_id == post.id, cls.user_id == by.id, cls.ended_at.is_not(None)
        return db.session.execute(update(cls).where(*ended).values(ended_at=None)).rowcount == 1

    @classmethod
    def stop(cls, post, *, by):
        live = cls.post_id == post.id, cls.user_id == by.id, cls.ended_at.is_(None)
        stopped = update(cls).where(*live).values(ended_at=utcnow())
        return db.session.execute(stopped).rowcount == 1

    @classmethod
    def join(cls, post_id, user_id):
        """Watch what one writes in, unless one has stopped watching it."""
        return cls.put(post_id=post_id, user_id=user_id, created_at=utcnow())

"""Follows, and the following and muting of a user."""

from typing import Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..counted import keep_counts
from ..errors import Refused
from ..fields import Moment, utcnow
from ..notifications import dispatch
from ..pair import Pair
from .account import Account
from .mute import Mute


class Follow(Pair, Model):
    __tablename__ = "follows"
    __table_args__ = (
        CheckConstraint("follower_id <> followed_id", name="of_another"),
        Index("ix_follows_follower", "follower_id", "created_at", "followed_id"),
        Index("ix_follows_followed", "followed_id", "created_at", "follower_id"),
    )

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    followed_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[Moment] = mapped_column(default=utcnow)


class Following(Account):
    """Following and muting, and the stored counts of a person.

    Each method can be repeated and returns whether anything changed. Both users are locked first,
    in the order of their ids, which prevents deadlocks.
    """

    def follow(self, other: Self) -> bool:
        """Follow another user. Raise Refused for the user themselves."""
        if other.id == self.id:
            raise Refused("You can’t follow yourself.")
        self._hold_both(other)
        new = Follow.put(follower_id=self.id, followed_id=other.id, created_at=utcnow())
        if new:
            dispatch.notify_follow(self.id, other.id)
            self.count_up(self.id, following_count=1)
            self.count_up(other.id, follower_count=1)
        return new

    def unfollow(self, other: Self) -> bool:
        self._hold_both(other)
        gone = Follow.take(follower_id=self.id, followed_id=other.id)
        self.forget_counts(self.id, "following_count")
        self.forget_counts(other.id, "follower_count")
        return gone

    def is_following(self, other: Self) -> bool:
        return Follow.there(follower_id=self.id, followed_id=other.id)

    def is_followed_by(self, other: Self) -> bool:
        return Follow.there(follower_id=other.id, followed_id=self.id)

    def mute(self, other: Self) -> bool:
        if other.id == self.id:
            raise Refused("You can’t mute yourself.")
        dispatch.withdraw_from(other.id, to=self.id)
        return Mute.put(user_id=self.id, muted_id=other.id, created_at=utcnow())

    def unmute(self, other: Self) -> bool:
        return Mute.take(user_id=self.id, muted_id=other.id)

    def has_muted(self, other: Self) -> bool:
        return Mute.there(user_id=self.id, muted_id=other.id)

    def _hold_both(self, other: Self) -> None:
        cls = type(self)
        both = select(cls.id).where(cls.id.in_([self.id, other.id])).order_by(cls.id)
        db.session.execute(both.with_for_update(key_share=True))


keep_counts(Follow.__table__)

"""Mutes: whose posts and comments a member does not want to see."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model
from ..fields import Moment, utcnow
from ..pair import Pair


class Mute(Pair, Model):
    __tablename__ = "mutes"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    muted_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[Moment] = mapped_column(default=utcnow)

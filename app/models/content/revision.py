"""Revisions: the texts that a post or comment had before it was edited."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model
from ..fields import Id, Moment, utcnow


class Revision(Model):
    """Written once, when a newer text takes its place; `created_at` is when this one was written.

    The newest text of a thing is its own `body`, and no revision. What is withheld, its author and
    staff still see.
    """

    __tablename__ = "revisions"
    __table_args__ = (CheckConstraint("(post_id IS NULL) <> (comment_id IS NULL)", name="of_one"),)

    id: Mapped[Id]
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), index=True
    )
    comment_id: Mapped[int | None] = mapped_column(
        ForeignKey("comments.id", ondelete="CASCADE"), index=True
    )
    body: Mapped[str] = mapped_column(Text)
    editor_name: Mapped[str] = mapped_column(String(64), default="")  # who wrote this text
    withheld_by: Mapped[int | None]  # the entry of the log that took it out of the public history

    @property
    def written_at(self) -> datetime:
        return self.created_at

"""Tags: the words after a # in a post, each with a page of its posts."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db


class PostTag(db.Model):
    __tablename__ = "post_tags"

    tag: Mapped[str] = mapped_column(String(50), primary_key=True)  # in small letters
    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True
    )

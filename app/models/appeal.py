"""Appeals: a thread between a member and the staff about a sanction, or about a hidden text."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import db
from .comment import Comment
from .fields import CreatedAt, Id, Moment, Reason, partial_index
from .post import Post
from .sanction import Sanction
from .user import User

OPEN = "decided_at IS NULL"
LIFTED, CONFIRMED = OUTCOMES = ("lifted", "confirmed")


class Appeal(db.Model):
    """One for each sanction, and for each time that a text is hidden, which `hidden_at` tells."""

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("sanction_id", name="uq_appeals_sanction_id"),
        UniqueConstraint("post_id", "hidden_at", name="uq_appeals_post_id"),
        UniqueConstraint("comment_id", "hidden_at", name="uq_appeals_comment_id"),
        partial_index("ix_appeals_open", OPEN, "created_at", "id"),
        partial_index("ix_appeals_decided", "decided_at IS NOT NULL", "decided_at", "id"),
        Index("ix_appeals_user", "user_id", "id"),
        CheckConstraint(
            "sanction_id IS NULL OR (post_id IS NULL AND comment_id IS NULL)", name="of_one"
        ),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    sanction_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="SET NULL"))
    hidden_at: Mapped[Moment | None]
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    outcome: Mapped[str] = mapped_column(String(16), default="")
    answer: Mapped[Reason]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    sanction: Mapped[Sanction | None] = relationship()
    post: Mapped[Post | None] = relationship()
    comment: Mapped[Comment | None] = relationship()

    @classmethod
    def waiting(cls):
        """The open ones, in no order."""
        return select(cls).where(cls.decided_at.is_(None))

    @property
    def is_open(self):
        return self.decided_at is None


class AppealMessage(db.Model):
    """One contribution to the thread; `by_staff` ones show to the member who of the staff wrote."""

    __tablename__ = "appeal_messages"
    __table_args__ = (UniqueConstraint("author_id", "form_key", name="uq_appeal_messages_form"),)

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(64))
    by_staff: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str] = mapped_column(Text)
    form_key: Mapped[str | None] = mapped_column(String(32))

    appeal: Mapped[Appeal] = relationship()

    @classmethod
    def of(cls, appeal):
        """The thread, from its beginning."""
        return db.session.scalars(select(cls).where(cls.appeal_id == appeal.id).order_by(cls.id))

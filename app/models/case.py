"""Cases: what was reported, one for each thing as long as it is open; moderators rule on them."""

from datetime import timedelta

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import db
from .comment import Comment
from .fields import CreatedAt, Id, Moment, Reason, partial_index, utcnow
from .post import Post
from .user import User

CLAIM = timedelta(minutes=30)  # then a claim lapses
OPEN = "settled_at IS NULL"
DISMISSED, HIDDEN, SANCTIONED, BOTH = OUTCOMES = (
    "dismissed",
    "hidden",
    "sanctioned",
    "hidden and sanctioned",
)


class Case(db.Model):
    """About a post, a comment or a member, and the `person` who is concerned: its author, or they.

    Indexes see to it that of each thing one is open at most.
    """

    __tablename__ = "cases"
    __table_args__ = (
        partial_index("uq_cases_post", OPEN, "post_id", unique=True),
        partial_index("uq_cases_comment", OPEN, "comment_id", unique=True),
        partial_index("uq_cases_member", f"{OPEN} AND noun = 'user'", "person_id", unique=True),
        partial_index("ix_cases_open", OPEN, "created_at", "id"),
        partial_index("ix_cases_open_category", OPEN, "category", "created_at", "id"),
        partial_index("ix_cases_open_noun", OPEN, "noun", "created_at", "id"),
        partial_index("ix_cases_settled", "settled_at IS NOT NULL", "settled_at", "id"),
        Index("ix_cases_person", "person_id", "id"),
        Index("ix_cases_post", "post_id"),
        Index("ix_cases_comment", "comment_id"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    noun: Mapped[str] = mapped_column(String(16))  # post, comment or user
    category: Mapped[str] = mapped_column(String(64))  # of the first report
    report_count: Mapped[int] = mapped_column(default=0)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="SET NULL"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    claimed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    claimed_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    outcome: Mapped[str] = mapped_column(String(32), default="")
    ruling: Mapped[Reason]

    post: Mapped[Post | None] = relationship()
    comment: Mapped[Comment | None] = relationship()
    person: Mapped[User | None] = relationship(foreign_keys=[person_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])

    @classmethod
    def waiting(cls):
        """The open ones, in no order."""
        return select(cls).where(cls.settled_at.is_(None))

    @property
    def thing(self):
        """The post, comment or member; None: it is gone for good."""
        return {"post": self.post, "comment": self.comment, "user": self.person}[self.noun]

    @property
    def is_open(self):
        return self.settled_at is None

    @property
    def is_claimed(self):
        """Whether a moderator has it in hand: a claim lapses by itself."""
        return self.claimed_by_id is not None and self.claimed_at > utcnow() - CLAIM

"""Reports: what members tell the moderators about a post, a comment or another member."""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import db
from .case import Case
from .fields import CreatedAt, Id, Reason
from .user import User


class Report(db.Model):
    """One for each member and case. It keeps the text as it was when it was reported.

    `reporter` is for staff alone, whatever is told of the case.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("case_id", "reporter_id", name="uq_reports_case_id"),
        Index("ix_reports_reporter", "reporter_id", "id"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    category: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Reason]
    body: Mapped[str] = mapped_column(Text, default="")  # the text as it was, in Markdown
    body_html: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)  # of the text

    case: Mapped[Case] = relationship(lazy="joined", innerjoin=True)
    reporter: Mapped[User | None] = relationship(lazy="joined")

    @classmethod
    def of(cls, case):
        """The reports about a thing, the first one first."""
        return select(cls).where(cls.case_id == case.id).order_by(cls.id)

"""Cases: one for each reported thing, open until moderators decide."""

from typing import Self

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ..content.authored import Authored
from ..content.comment import Comment
from ..content.post import Post
from ..errors import Refused
from ..fields import CreatedAt, Id, partial_index
from ..users.user import User
from .ruling import BOTH, CLAIM, DISMISSED, HIDDEN, OUTCOMES, SANCTIONED, Ruled

__all__ = ["BOTH", "CLAIM", "DISMISSED", "HIDDEN", "OUTCOMES", "SANCTIONED", "Case"]
OPEN, SETTLED = "settled_at IS NULL", "settled_at IS NOT NULL"


class Case(Ruled, Model):
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
        partial_index("ix_cases_open_person", OPEN, "person_id", "created_at", "id"),
        partial_index("ix_cases_settled", SETTLED, "settled_at", "id", "created_at", "outcome"),
        partial_index("ix_cases_settled_category", SETTLED, "category", "settled_at", "id"),
        partial_index("ix_cases_settled_noun", SETTLED, "noun", "settled_at", "id"),
        partial_index(
            "ix_cases_settled_person", SETTLED, "person_id", "settled_at", "id", "outcome"
        ),
        Index("ix_cases_person", "person_id", "outcome"),
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

    post: Mapped[Post | None] = relationship()
    comment: Mapped[Comment | None] = relationship()
    person: Mapped[User | None] = relationship(foreign_keys=[person_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])
    reports = relationship("Report", viewonly=True)

    @classmethod
    def waiting(cls) -> Select:
        """The open ones, in no order."""
        return select(cls).where(cls.settled_at.is_(None))

    @classmethod
    def settled(cls) -> Select:
        return select(cls).where(cls.settled_at.is_not(None))

    @classmethod
    def about(cls, thing: User | Authored) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The conditions that it is about a post, a comment or a member."""
        noun = noun_of(thing)
        column = {"post": cls.post_id, "comment": cls.comment_id, "user": cls.person_id}[noun]
        return cls.noun == noun, column == thing.id

    @classmethod
    def open_about(cls, thing: User | Authored, category: str) -> Self:
        """Return the one open case about a thing, locked; it is opened where there is none."""
        while True:
            if case := cls._waiting_about(thing):
                return case
            try:
                with db.session.begin_nested():
                    db.session.add(case := cls._new(thing, category))
                return case
            except IntegrityError:  # somebody opened one at this very moment, or it is gone
                if db.session.get(type(thing), thing.id, populate_existing=True) is None:
                    raise Refused("What you reported was deleted.") from None

    @classmethod
    def _waiting_about(cls, thing: User | Authored) -> Self | None:
        """Whoever rules on it at this moment is waited for; it may be settled then."""
        here = select(cls).where(*cls.about(thing), cls.settled_at.is_(None))
        lock = here.with_for_update(of=cls, key_share=True)
        return db.session.scalar(lock.execution_options(populate_existing=True))

    @classmethod
    def _new(cls, thing: User | Authored, category: str) -> Self:
        noun = noun_of(thing)
        if isinstance(thing, User):
            return cls(noun=noun, category=category, person_id=thing.id)
        about = {f"{noun}_id": thing.id, "person_id": thing.author_id}
        return cls(noun=noun, category=category, **about)

    @property
    def in_words(self) -> str:
        """How many reports; the number tells the case from others in the log."""
        return f"{self.report_count} report{'s' * (self.report_count != 1)} (no. {self.id})"

    @property
    def thing(self) -> User | Authored | None:
        """The post, comment or member; None: it is gone for good."""
        return {"post": self.post, "comment": self.comment, "user": self.person}[self.noun]


def noun_of(thing: User | Authored) -> str:
    return getattr(thing, "noun", "user")

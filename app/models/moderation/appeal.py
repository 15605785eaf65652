"""Appeals: a conversation between a member and staff about a sanction or hidden content."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..content.authored import Authored
from ..content.comment import Comment
from ..content.post import Post
from ..errors import Refused
from ..fields import CreatedAt, Id, Moment, Reason, partial_index
from ..notifications import dispatch
from ..users.user import User
from .appeal_decision import LIFTED, AppealDecision
from .case import Case
from .sanction import Sanction

OPEN = "decided_at IS NULL"


class Appeal(AppealDecision, Model):
    """One for each sanction, and for each time that a text is hidden, which `hidden_at` tells.

    Where one ruling hid a text and sanctioned its author, that is one decision: there is one
    appeal, which is kept with the sanction, and it lifts both.
    """

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
    def waiting(cls) -> Select:
        """The open ones, in no order."""
        return select(cls).where(cls.decided_at.is_(None))

    @classmethod
    def decided(cls) -> Select:
        """The others, in no order."""
        return select(cls).where(cls.decided_at.is_not(None))

    @classmethod
    def of(cls, matter: Sanction | Authored) -> Self | None:
        """The appeal against a sanction, or against the present hiding of a text; or None."""
        here = {f"{matter.noun}_id": matter.id}
        if isinstance(matter, Sanction):
            return db.session.scalar(select(cls).filter_by(**here))
        own = db.session.scalar(select(cls).filter_by(**here, hidden_at=matter.hidden_at))
        sanction = None if own else cls.sanction_with(matter)
        return cls.of(sanction) if sanction else own

    @classmethod
    def was_accepted_about(cls, matter: Sanction | Authored) -> bool:
        """Whether an appeal against it, a sanction or a text, was found to be right."""
        here = cls.outcome == LIFTED, getattr(cls, f"{matter.noun}_id") == matter.id
        return db.session.scalar(select(cls.id).where(*here).limit(1)) is not None

    @staticmethod
    def sanction_with(text: Authored) -> Sanction | None:
        """The sanction that was imposed when this text was hidden, by the same ruling; or None."""
        here = Sanction.text_hidden_at == text.hidden_at, *Case.about(text)
        found = select(Sanction).join(Case, Case.id == Sanction.case_id).where(*here)
        return db.session.scalar(found.limit(1)) if text.hidden_at else None

    @staticmethod
    def text_with(sanction: Sanction | None) -> Authored | None:
        """The text that the ruling which imposed a sanction hid, if it is hidden still; or None."""
        if sanction is None or sanction.text_hidden_at is None:
            return None
        case = sanction.case_id and db.session.get(Case, sanction.case_id)
        text = case and case.thing
        if not isinstance(text, Authored) or text.hidden_at != sanction.text_hidden_at:
            return None
        return text

    @classmethod
    def why_not_against(cls, matter: Sanction | Authored) -> str | None:
        """Return a sentence that says why nobody can appeal against it any more; None: one can."""
        if not isinstance(matter, Sanction):
            if matter.is_held:
                return f"This {matter.noun} is pending review. There’s no decision to appeal."
            return None if matter.is_hidden else f"This {matter.noun} isn’t hidden."
        if cls.text_with(matter):
            return None
        if matter.is_lifted:
            return "This sanction was already lifted."
        return "This sanction has already expired." if matter.is_over else None

    @classmethod
    def open(
        cls, matter: Sanction | Authored, *, by: User, body: str, form_key: str | None = None
    ) -> Self:
        """Appeal, once: what follows in another window is one more message of the same thread."""
        User.one_at_a_time()
        if not isinstance(matter, Sanction):
            matter.lock()
        appeal = cls.of(matter)
        if not isinstance(matter, Sanction) and (sanction := cls.sanction_with(matter)):
            matter = sanction
        if isinstance(matter, Sanction):
            db.session.refresh(matter)
        if appeal is None:
            if words := cls.why_not_against(matter):
                raise Refused(words)
            since = None if isinstance(matter, Sanction) else matter.hidden_at
            appeal = cls(user=by, hidden_at=since, **{matter.noun: matter})
            db.session.add(appeal)
            db.session.flush()
        appeal.say(by=by, body=body, form_key=form_key)
        return appeal

    def say(self, *, by: User, body: str, form_key: str | None = None) -> "AppealMessage":
        """Add a message; return what was sent with the same form before, where there is any."""
        User.one_at_a_time()
        if db.session.get(Appeal, self.id, populate_existing=True) is None:
            raise Refused("This appeal was deleted with the account.")
        if sent := AppealMessage.sent_with(form_key, by):
            if (sent.appeal_id, sent.body) == (self.id, body):
                sent.is_new = False
                return sent
            form_key = None  # other words, or for another matter: the form came back from before
        if not self.is_open:
            raise Refused("This appeal is already decided.")
        by_staff = by.id != self.user_id
        if by_staff and not by.may_act_on(self.user):
            raise Refused(by.why_not_act_on(self.user))
        values: dict[str, Any] = dict(body=body, by_staff=by_staff, form_key=form_key or None)
        message = AppealMessage(appeal=self, author=by, author_name=by.username, **values)
        message.is_new = True
        db.session.add(message)
        db.session.flush()
        if by_staff:
            dispatch.notify_action(
                AuditEntry.record(Action.ANSWER_APPEAL, self, by=by), self.user_id
            )
        return message

    @property
    def matter(self) -> Sanction | Authored | None:
        """What it is about; None: a text that is gone for good."""
        return self.sanction or self.post or self.comment

    @property
    def text_too(self) -> Authored | None:
        """The text that was hidden along with the sanction, if it is hidden still; or None."""
        return self.text_with(self.sanction)

    @property
    def about(self) -> tuple[str, int, datetime | None] | None:
        """The `key_of` what it is about, without asking for that."""
        ids = dict(sanction=self.sanction_id, post=self.post_id, comment=self.comment_id)
        return next(((noun, id, self.hidden_at) for noun, id in ids.items() if id), None)

    @property
    def is_open(self) -> bool:
        return self.decided_at is None


def key_of(matter: Sanction | Authored) -> tuple[Any, ...]:
    """What tells a sanction, or one hiding of a text, from all others."""
    return matter.noun, matter.id, getattr(matter, "hidden_at", None)


class AppealMessage(Model):
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

    is_new = False  # written just now, not found as what the same form had sent

    appeal: Mapped[Appeal] = relationship()
    author: Mapped[User | None] = relationship()

    @classmethod
    def of(cls, appeal: Appeal) -> Iterable[Self]:
        """The thread, from its beginning."""
        return db.session.scalars(select(cls).where(cls.appeal_id == appeal.id).order_by(cls.id))

    @classmethod
    def sent_with(cls, form_key: str | None, author: User) -> Self | None:
        """What the author has sent with this form already, or None."""
        here = cls.form_key == form_key, cls.author_id == author.id
        return db.session.scalar(select(cls).where(*here)) if form_key else None

"""Content: the columns that posts and comments have in common."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from markupsafe import Markup
from sqlalchemy import ColumnElement, ForeignKey, String, Text, and_, or_, true
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from ..conditions import SHOWN
from ..fields import Id, Moment, Words, utcnow
from ..locking import lock_row
from ..users.user import User
from .rendering import as_html
from .rules import ContentRules


class Reader(Protocol):
    """A user, a visitor, or the viewer class of a statement."""

    @property
    def id(self) -> Any: ...  # an int, None, or a parameter of the statement

    @property
    def is_authenticated(self) -> bool: ...

    @property
    def is_moderator(self) -> Callable[[], bool]: ...


class Content(ContentRules):
    id: Mapped[Id]
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[int] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[Moment | None]
    editor_name: Mapped[str] = mapped_column(String(64), default="")  # of this version
    deleted_at: Mapped[Moment | None]
    form_key: Mapped[str | None] = mapped_column(String(32))  # of the form it was sent with
    words: Mapped[Words]

    @declared_attr
    def author_id(cls) -> Mapped[int | None]:
        """The user's id; None after the account was deleted."""
        return mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    @declared_attr
    def author(cls) -> Mapped["User | None"]:
        return relationship(User, lazy="joined")

    @property
    def html(self) -> Markup:
        return as_html(self.body_html, self.renderer, self.body)

    @classmethod
    def shown(cls) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return the conditions that everyone can read it."""
        return SHOWN.of(cls)

    @classmethod
    def seen_by(cls, user: Reader) -> ColumnElement[bool]:
        """Return the condition of `visible_to` in SQL."""
        if user.is_moderator():
            return true()
        if not user.is_authenticated:
            return and_(*cls.shown())
        own = and_(cls.author_id == user.id, cls.deleted_at.is_(None))
        return or_(and_(*cls.shown()), own)

    @property
    def thread_id(self) -> int:
        """The id of the post that it is, or belongs to."""
        raise NotImplementedError

    def tell(self, called: Sequence[str]) -> None:
        """Notify the people concerned, now that everyone can read it; `called` are mentioned."""
        raise NotImplementedError

    def count(self, by: int) -> None:
        """Change the stored counts: readers have one more, or one less."""
        raise NotImplementedError

    def lock(self) -> None:
        lock_row(self, f"This {self.noun} is gone.")

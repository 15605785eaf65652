"""Posts, and opening and closing them to comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from sqlalchemy import Index, UniqueConstraint, delete, insert
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ...permissions import Permission
from ...text.markdown import Text
from ..audit.actions import Action
from ..counted import Counted, keep_counts
from ..fields import NEVER_TWICE, Moment, partial_index, utcnow
from ..notifications import dispatch
from ..users.user import Actor, AnonymousUser, User
from .authored import APPROVED, HELD, HIDDEN, LISTED, Authored
from .moderatable import BY_CLEAN_UP
from .rules import ContentRules
from .tag import PostTag


class PostRules(ContentRules):
    noun = "post"
    permission = Permission.WRITE
    comments_closed_at: datetime | None
    staff_closed_at: datetime | None

    @property
    def is_closed(self) -> bool:
        """Whether it is closed to comments."""
        return self.comments_closed_at is not None or self.is_closed_by_staff

    @property
    def is_closed_by_staff(self) -> bool:
        """Whether staff have closed it, so that its author cannot open it."""
        return self.staff_closed_at is not None

    def commentable_by(self, user: AnonymousUser | User) -> bool:
        return self.is_shown and not self.is_closed and user.can(Permission.COMMENT)

    def closable_by(self, user: User) -> bool:
        """Return whether the user may close and open their post to comments."""
        return self.is_by(user) and self.is_shown and not self.is_closed_by_staff

    def markable_by(self, user: User | AnonymousUser) -> bool:
        """Return whether the user may like, bookmark or watch it."""
        return self.is_shown and user.is_authenticated


class Post(PostRules, Authored, Counted, Model):
    __tablename__ = "posts"
    __table_args__ = (
        partial_index("ix_posts_feed", LISTED, "created_at", "id"),
        Index("ix_posts_author", "author_id", "created_at", "id", "deleted_at", "hidden_at"),
        partial_index("ix_posts_clean_up", BY_CLEAN_UP, "clean_up_id"),
        partial_index("ix_posts_deleted", "deleted_at IS NOT NULL", "deleted_at"),
        partial_index("ix_posts_held", HELD, "held_at", "id", "deleted_at", "author_id"),
        partial_index("ix_posts_hidden", HIDDEN, "author_id", "hidden_at", "id"),
        partial_index("ix_posts_approved", APPROVED, "created_at", "id"),
        UniqueConstraint("author_id", "form_key", name="uq_posts_form"),
        NEVER_TWICE,
    )

    comments_closed_at: Mapped[Moment | None]  # by its author
    staff_closed_at: Mapped[Moment | None]  # by staff: the one does not touch the other
    comment_count: Mapped[int] = mapped_column(default=0)
    like_count: Mapped[int] = mapped_column(default=0)

    @classmethod
    def publish(cls, text: str, *, by: User, form_key: str | None = None) -> Self:
        """Write a post; see `_publish`."""
        return cls._publish(text, by, form_key)

    def tell(self, called: Sequence[str]) -> None:
        """Notify the people it mentions, now that everyone can read it."""
        dispatch.notify_mentions(self, called)

    @property
    def thread_id(self) -> int:
        """Its own id; for a comment, that of its post."""
        return self.id

    def edit(
        self, text: str, *, by: User, as_staff: bool = False, since: int | None = None
    ) -> Text | None:
        draft = super().edit(text, by=by, as_staff=as_staff, since=since)
        if draft is not None:
            db.session.execute(delete(PostTag).where(PostTag.post_id == self.id))
            self.keep_tags(draft.tags)
        return draft

    def count(self, by: int) -> None:
        """Add to the stored count of the author."""
        User.count_up(self.author_id, post_count=by)

    def close(self, *, by: Actor = None, reason: str = "") -> bool:
        """Close it to comments, by staff or (None) its author. Return whether it was open."""
        if by is None:
            was_open = self.comments_closed_at is None
            self.comments_closed_at = self.comments_closed_at or utcnow()
            return was_open
        return self._close_as_staff(utcnow(), Action.CLOSE_COMMENTS, by, reason)

    def reopen(self, *, by: Actor = None, reason: str = "") -> bool:
        """Undo `close` by the author, or by staff, who close it independently of each other."""
        if by is None:
            was_closed, self.comments_closed_at = self.comments_closed_at is not None, None
            return was_closed
        return self._close_as_staff(None, Action.OPEN_COMMENTS, by, reason)

    def _close_as_staff(
        self, moment: datetime | None, action: Action, by: Actor, reason: str
    ) -> bool:
        self._lock_for_action(by)
        if self.is_closed_by_staff == (moment is not None):
            return False
        self.staff_closed_at = moment
        self._record(action, by, reason)
        return True

    @classmethod
    def take_comment(cls, id: int, *, counted: int = 1) -> bool:
        """Count one more comment; return False if the post is closed, hidden or deleted.

        `counted` is 0 for a comment that awaits approval.
        """
        is_open = cls.comments_closed_at.is_(None), cls.staff_closed_at.is_(None)
        return cls.count_up(id, *cls.shown(), *is_open, comment_count=counted)

    def keep_tags(self, tags: Sequence[str]) -> None:
        if tags:
            db.session.execute(insert(PostTag), [dict(tag=t, post_id=self.id) for t in tags])


keep_counts(Post.__table__)

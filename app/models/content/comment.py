"""Comments on posts: flat threads, the oldest comment first."""

from collections.abc import Sequence
from typing import Self

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model
from ...permissions import Permission
from ..counted import keep_counts
from ..errors import Refused
from ..fields import NEVER_TWICE, partial_index
from ..notifications import dispatch
from ..users.user import AnonymousUser, User
from .authored import APPROVED, HELD, HIDDEN, LISTED, Authored
from .moderatable import BY_CLEAN_UP
from .post import Post
from .rules import ContentRules


class CommentRules(ContentRules):
    noun = "comment"
    permission = Permission.COMMENT


class Comment(CommentRules, Authored, Model):
    __tablename__ = "comments"
    __table_args__ = (
        partial_index("ix_comments_feed", LISTED, "created_at", "id"),
        Index("ix_comments_post", "post_id", "created_at", "id"),
        Index("ix_comments_author", "author_id", "created_at", "id"),
        partial_index("ix_comments_clean_up", BY_CLEAN_UP, "clean_up_id"),
        partial_index("ix_comments_deleted", "deleted_at IS NOT NULL", "deleted_at"),
        partial_index("ix_comments_held", HELD, "held_at", "id", "deleted_at", "author_id"),
        partial_index("ix_comments_hidden", HIDDEN, "author_id", "hidden_at", "id"),
        partial_index("ix_comments_approved", APPROVED, "created_at", "id"),
        UniqueConstraint("author_id", "form_key", name="uq_comments_form"),
        NEVER_TWICE,
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))

    post: Mapped[Post] = relationship()

    @classmethod
    def publish(
        cls, post: ContentRules, text: str, *, by: User, form_key: str | None = None
    ) -> Self:
        """Answer a post; see `_publish`. Refused where the post takes no comments."""
        return cls._publish(text, by, form_key, post_id=post.id)

    def join_thread(self, *, is_held: bool) -> None:
        if not Post.take_comment(self.post_id, counted=0 if is_held else 1):
            raise Refused("This post is closed to comments.")

    def tell(self, called: Sequence[str]) -> None:
        """Notify the people concerned, now that everyone can read it."""
        dispatch.notify_comment(self, called)

    @property
    def thread_id(self) -> int:
        return self.post_id

    def count(self, by: int) -> None:
        """Add to the stored counts of the post and the author."""
        Post.count_up(self.post_id, comment_count=by)
        User.count_up(self.author_id, comment_count=by)

    @classmethod
    def of_author_on(cls, post_id: int, author: AnonymousUser | User) -> Select:
        """Select the comments of a member on a post, except deleted ones, the oldest first."""
        here = cls.post_id == post_id, cls.author_id == author.id, cls.deleted_at.is_(None)
        return select(cls).where(*here).order_by(cls.created_at, cls.id)

    def editable_by(self, user: AnonymousUser | User) -> bool:
        """Return whether the user may edit it; not if its post is hidden or deleted."""
        return super().editable_by(user) and self.post.visible_to(user)

    def visible_to(self, user: AnonymousUser | User) -> bool:
        """Return whether the user can see it; if its post is gone, only authors see their own."""
        seen = super().visible_to(user)
        return seen and (self.is_by(user) or self.post.visible_to(user))


keep_counts(Comment.__table__)

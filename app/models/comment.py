"""Comments: answers to a post, flat, the oldest first."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import db
from ..permissions import Permission
from . import news
from .fields import NEVER_TWICE, partial_index
from .post import Post
from .refused import Refused
from .user import User
from .watch import Watch
from .written import SHOWN, Rules, Written, rendered


class CommentRules(Rules):
    permission = Permission.COMMENT


class Comment(CommentRules, Written, db.Model):
    __tablename__ = "comments"
    __table_args__ = (
        partial_index("ix_comments_feed", SHOWN, "created_at", "id"),
        Index("ix_comments_post", "post_id", "created_at", "id"),
        Index("ix_comments_author", "author_id", "created_at", "id"),
        partial_index("ix_comments_deleted", "deleted_at IS NOT NULL", "deleted_at"),
        UniqueConstraint("author_id", "form_key", name="uq_comments_form"),
        NEVER_TWICE,
    )
    noun = "comment"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))

    post: Mapped[Post] = relationship()

    @classmethod
    def publish(cls, post, text, *, by, form_key=None):
        """Answer a post; one that was sent with the same form before is returned instead.

        Refused where the post takes no comments. IntegrityError where the same form is being sent
        twice at this very moment.
        """
        if comment := cls.sent_with(form_key, by):
            return comment
        draft, texts = rendered(text)
        if not Post.take_comment(post.id):
            raise Refused("This post takes no more comments.")
        values = dict(editor_name=by.username, form_key=form_key or None, **texts)
        comment = cls(post_id=post.id, author=by, **values)
        db.session.add(comment)
        db.session.flush()
        Watch.join(post.id, by.id)
        news.of_comment(comment, draft.called)
        by.count_written(comment_count=1)
        return comment

    @property
    def thread_id(self):
        return self.post_id

    def count(self, by):
        """Let the stored counts know that readers have one more, or one less."""
        Post.count_up(self.post_id, comment_count=by)
        User.count_up(self.author_id, comment_count=by)

    def visible_to(self, user):
        return super().visible_to(user) and self.post.visible_to(user)

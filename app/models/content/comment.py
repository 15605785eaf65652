"""Comments: answers to a post, flat, the oldest first."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import db
from ...permissions import Permission
from ..counted import keep_counts
from ..errors import Refused
from ..fields import NEVER_TWICE, partial_index
from ..notifications import dispatch
from ..users.user import User
from .authored import APPROVED, HELD, HIDDEN, SHOWN, Authored, Rules
from .moderatable import BY_CLEAN_UP
from .post import Post
from .rendering import rendered
from .screening import hold_of
from .watch import Watch


class CommentRules(Rules):
    noun = "comment"
    permission = Permission.COMMENT


class Comment(CommentRules, Authored, db.Model):
    __tablename__ = "comments"
    __table_args__ = (
        partial_index("ix_comments_feed", SHOWN, "created_at", "id"),
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
    def publish(cls, post, text, *, by, form_key=None):
        """Answer a post; one that was sent with the same form before is returned instead.

        It may have to wait for approval. Refused where the post takes no comments, WordRefused
        where the text holds a word that is refused. IntegrityError where the same form is being
        sent twice at this very moment.
        """
        if comment := cls.sent_with(form_key, by):
            return comment
        draft, texts = rendered(text)
        hold = hold_of(texts["body_html"], by)
        if not Post.take_comment(post.id, counted=0 if hold else 1):
            raise Refused("This post is closed to comments.")
        values = dict(editor_name=by.username, form_key=form_key or None, **texts)
        comment = cls(post_id=post.id, author=by, **values)
        if hold:
            comment.hold(hold)
        db.session.add(comment)
        db.session.flush()
        Watch.join(post.id, by.id)
        if comment.is_held:
            by.require_speech()
        else:
            comment.tell(draft.called)
            by.count_written(comment_count=1)
        return comment

    def tell(self, called):
        """Tell whom it concerns, now that everybody may read it."""
        dispatch.notify_comment(self, called)

    @property
    def thread_id(self):
        return self.post_id

    def count(self, by):
        """Let the stored counts know that readers have one more, or one less."""
        Post.count_up(self.post_id, comment_count=by)
        User.count_up(self.author_id, comment_count=by)

    @classmethod
    def of_author_on(cls, post_id, author):
        """What a member has written below a post and not deleted, the oldest first."""
        here = cls.post_id == post_id, cls.author_id == author.id, cls.deleted_at.is_(None)
        return select(cls).where(*here).order_by(cls.created_at, cls.id)

    def editable_by(self, user):
        """Not below a post that is gone."""
        return super().editable_by(user) and self.post.visible_to(user)

    def visible_to(self, user):
        """Not below a post that is gone; but what one wrote oneself, one finds there too."""
        seen = super().visible_to(user)
        return seen and (self.is_by(user) or self.post.visible_to(user))


keep_counts(Comment.__table__)

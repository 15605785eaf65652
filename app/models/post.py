"""Posts."""

from sqlalchemy import Index, UniqueConstraint, delete, insert, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from ..permissions import Permission
from . import news
from .fields import NEVER_TWICE, Moment, partial_index, utcnow
from .post_tag import PostTag
from .user import User
from .watch import Watch
from .written import SHOWN, Rules, Written, rendered


class PostRules(Rules):
    """They need `comments_closed_at` too."""

    permission = Permission.WRITE

    @property
    def is_closed(self):
        """Whether it takes no more comments."""
        return self.comments_closed_at is not None

    def commentable_by(self, user):
        return self.is_shown and not self.is_closed and user.can(Permission.COMMENT)

    def closable_by(self, user):
        """Whether the person may close it to comments, and open it again."""
        return self.is_by(user) and self.is_shown

    def markable_by(self, user):
        """Whether the person may like, bookmark or watch it."""
        return self.is_shown and user.is_authenticated


class Post(PostRules, Written, db.Model):
    __tablename__ = "posts"
    __table_args__ = (
        partial_index("ix_posts_feed", SHOWN, "created_at", "id"),
        Index("ix_posts_author", "author_id", "created_at", "id", "deleted_at", "hidden_at"),
        partial_index("ix_posts_deleted", "deleted_at IS NOT NULL", "deleted_at"),
        UniqueConstraint("author_id", "form_key", name="uq_posts_form"),
        NEVER_TWICE,
    )
    noun = "post"

    comments_closed_at: Mapped[Moment | None]
    comment_count: Mapped[int] = mapped_column(default=0)
    like_count: Mapped[int] = mapped_column(default=0)

    @classmethod
    def publish(cls, text, *, by, form_key=None):
        """Write a post; one that was sent with the same form before is returned instead.

        IntegrityError where the same form is being sent twice at this very moment.
        """
        if post := cls.sent_with(form_key, by):
            return post
        draft, texts = rendered(text)
        post = cls(author=by, editor_name=by.username, form_key=form_key or None, **texts)
        db.session.add(post)
        db.session.flush()
        post._tag(draft.tags)
        Watch.join(post.id, by.id)
        news.of_mentions(post, draft.called)
        by.count_written(post_count=1)
        return post

    @property
    def thread_id(self):
        """The id of the post that it belongs to, as for comments."""
        return self.id

    def edit(self, text, *, by):
        draft = super().edit(text, by=by)
        if draft is not None:
            db.session.execute(delete(PostTag).where(PostTag.post_id == self.id))
            self._tag(draft.tags)
        return draft

    def count(self, by):
        """Let the stored counts know that readers have one more, or one less."""
        User.count_up(self.author_id, post_count=by)

    def close(self):
        """Take no more comments."""
        self.comments_closed_at = self.comments_closed_at or utcnow()

    def reopen(self):
        self.comments_closed_at = None

    @classmethod
    def count_up(cls, id, **changes):
        """Change stored counts of a post: by so many, however many do it at once."""
        cls._count_where([cls.id == id], changes)

    @classmethod
    def take_comment(cls, id):
        """Count one more comment. False where the post takes none, whoever closed it just now."""
        takes = cls.id == id, *cls.shown(), cls.comments_closed_at.is_(None)
        return cls._count_where(takes, {"comment_count": 1}) == 1

    @classmethod
    def _count_where(cls, conditions, changes):
        values = {name: getattr(cls, name) + by for name, by in changes.items()}
        here = update(cls).where(*conditions).values(**values)
        silent = {"synchronize_session": False}
        return db.session.execute(here, execution_options=silent).rowcount

    def _tag(self, tags):
        if tags:
            db.session.execute(insert(PostTag), [dict(tag=t, post_id=self.id) for t in tags])

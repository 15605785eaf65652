"""A check of the stored counts of posts and users against the rows, and their repair.

They should always agree, as each transaction changes the rows and the counts together.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from ...extensions import db
from ..users.follow import Follow
from ..users.user import User
from .comment import Comment
from .like import Like
from .post import Post

CHUNK = 2000  # rows that one statement looks at


def number(column: Any, owner: Any, *conditions: Any) -> Any:
    """Return the number of rows that refer to the owner, as a correlated subquery."""
    rows = select(func.count()).where(column == owner.id, *conditions)
    return rows.correlate(owner).scalar_subquery()


COUNTED: dict[type[Any], dict[str, Any]] = {
    Post: {
        "comment_count": number(Comment.post_id, Post, *Comment.shown()),
        "like_count": number(Like.post_id, Post),
    },
    User: {
        "post_count": number(Post.author_id, User, *Post.shown()),
        "comment_count": number(Comment.author_id, User, *Comment.shown()),
        "follower_count": number(Follow.followed_id, User),
        "following_count": number(Follow.follower_id, User),
    },
}


def wrong_counts(newest: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the class and id of each row with a wrong count.

    `newest` is the number of posts and of users to check, the newest first; None checks all.
    """
    for cls, counts in COUNTED.items():
        wrong = or_(*(getattr(cls, name) != number for name, number in counts.items()))
        wrong = and_(wrong, cls.deleted_at.is_(None)) if cls is Post else wrong  # it may be going
        last = db.session.scalar(select(func.max(cls.id))) or 0
        first = max(last - newest, 0) if newest else 0
        for low in range(last, first, -CHUNK):
            these = cls.id <= low, cls.id > max(low - CHUNK, first)
            for id in db.session.scalars(select(cls.id).where(*these, wrong)).all():
                yield cls, id


def mend_counts() -> int:
    """Repair the wrong counts, each in its own transaction; return the number of rows."""
    mended = 0
    for cls, id in wrong_counts():
        # Concurrent changes hold the lock or wait for it: the next statement sees all.
        db.session.execute(select(cls.id).where(cls.id == id).with_for_update(key_share=True))
        values = {name: number for name, number in COUNTED[cls].items()}
        silent = {"synchronize_session": False}
        here = update(cls).where(cls.id == id).values(values)
        db.session.execute(here, execution_options=silent)
        db.session.commit()
        mended += 1
    return mended

"""Erasure: deleting an account and what belongs to it, step by step.

Reports are deleted first; then rows before the counts of posts, and posts before users. The order
prevents deadlocks.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from ...extensions import db
from ..audit.actions import Action
from ..content.bookmark import Bookmark
from ..content.comment import Comment
from ..content.like import Like
from ..content.post import Post
from ..content.revision import Revision
from ..content.watch import Watch
from ..moderation.report import Report
from ..notifications.notification import Notification
from ..statements import rows_changed
from ..users.follow import Follow
from ..users.mute import Mute
from ..users.user import Actor, User

BATCH_SIZE = 300  # rows in one step
POST_BATCH_SIZE = 100  # which may have comments of others below them
MINE = {  # rows of nothing but the person: the column that says so, and the key
    Bookmark: (Bookmark.user_id, Bookmark.post_id),
    Watch: (Watch.user_id, Watch.post_id),
    Mute: (Mute.user_id, Mute.muted_id),
}


def delete_account(
    user: User, *, by: Actor = None, reason: str = "", removes_writing: bool = False
) -> None:
    """Delete an account for good; what it wrote stays, and names nobody, or goes too.

    All of it in the running transaction: for what may take long there is AccountDeletion. Posts
    are locked before people, so what belongs to the account goes before its row is locked.
    """
    with user.an_administrator_remains():
        _take_all_back(user.id, removes_writing)
        user.require_rank(by)
        user.record(Action.DELETE, by, reason, before=user.role_in_words)
        delete_row(user, removes_writing=removes_writing)


def delete_row(user: User, *, removes_writing: bool) -> None:
    """Delete the row of a user, and whatever came to it at the last moment."""
    Report.clear_profile_snapshots(user.id)
    db.session.refresh(user, with_for_update={"of": type(user)})
    _take_all_back(user.id, removes_writing)
    db.session.delete(user)


def _take_all_back(id: int, removes_writing: bool) -> None:
    for _ in erase(id, removes_writing=removes_writing):
        pass


def erase(id: int, *, removes_writing: bool) -> Iterator[int]:
    """Do one step after the other, each in the running transaction; yield how much each did."""
    Report.clear_profile_snapshots(id)
    if removes_writing:
        steps = [_remove_comments, _remove_posts]
    else:
        steps = [partial(_give_away, cls) for cls in (Comment, Post)]
    steps += [_take_likes, _end_following, _end_followers]
    steps += [_forget(Notification.user_id), _forget(Notification.actor_id)]
    steps += [partial(_remove_mine, cls) for cls in MINE]
    for step in steps:
        while number := step(id):
            yield number


def count_left(id: int, most: Any = None) -> int:
    """How much there is to take back; counted no further than `most`, where that is given."""
    owners = [Post.author_id, Comment.author_id, Like.user_id, Follow.follower_id]
    owners += [Follow.followed_id, Notification.user_id, Notification.actor_id]
    owners += [owner for owner, _ in MINE.values()]
    counts = []
    for owner in owners:
        there = select(owner).where(owner == id).limit(most)
        counts.append(select(func.count()).select_from(there.subquery()).scalar_subquery())
    return sum(db.session.execute(select(*counts)).one())


def _remove_comments(id: int) -> int:
    mine = db.session.scalars(_some(Comment.id, Comment.author_id == id)).all()
    Report.clear_snapshots("comment", mine)
    _hold(Comment, mine)
    _hold(Post, select(Comment.post_id).where(Comment.id.in_(mine)))
    return _delete(Comment, Comment.id.in_(mine), Comment.author_id == id)


def _remove_posts(id: int) -> int:
    """A few posts; but first what others wrote below them, which goes too."""
    ids = db.session.scalars(_some(Post.id, Post.author_id == id, most=POST_BATCH_SIZE)).all()
    Report.clear_snapshots("post", ids)
    if below := _remove_below(ids):
        return below
    _hold(Post, ids, key_share=False)  # waits for whoever comments at this moment
    if below := _remove_below(ids):
        return below
    _delete(Post, Post.id.in_(ids))
    return len(ids)


def _remove_below(ids: Sequence[int]) -> int:
    below = db.session.scalars(_some(Comment.id, Comment.post_id.in_(ids))).all()
    Report.clear_snapshots("comment", below)
    _hold(Comment, below)
    _hold(User, select(Comment.author_id).where(Comment.id.in_(below)))
    return _delete(Comment, Comment.id.in_(below))


def _give_away(cls: type[Post] | type[Comment], id: int) -> int:
    """What was written stays, and names nobody."""
    ids = db.session.scalars(_some(cls.id, cls.author_id == id)).all()
    nobody = update(cls).where(cls.id.in_(ids), cls.author_id == id)
    _run(nobody.values(author_id=None, editor_name="", form_key=None))
    former = update(Revision).where(getattr(Revision, f"{cls.noun}_id").in_(ids))
    _run(former.values(editor_name=""))
    return len(ids)


def _take_likes(id: int) -> int:
    posts = db.session.scalars(_some(Like.post_id, Like.user_id == id)).all()
    _hold(Post, posts)
    return _delete(Like, Like.user_id == id, Like.post_id.in_(posts))


def _end_following(id: int) -> int:
    return _take_follows(id, Follow.follower_id, Follow.followed_id)


def _end_followers(id: int) -> int:
    return _take_follows(id, Follow.followed_id, Follow.follower_id)


def _take_follows(id: int, mine: Any, other: Any) -> int:
    """Lock the person and the others first, in the order of ids, as a follow does."""
    others = db.session.scalars(_some(other, mine == id)).all()
    _hold(User, [id, *others])
    return _delete(Follow, mine == id, other.in_(others))


def _forget(column: Any) -> Callable:
    """Notifications that the person got, or was the cause of."""

    def forget(id: Any) -> Any:
        return _delete(Notification, Notification.id.in_(_some(Notification.id, column == id)))

    return forget


def _remove_mine(cls: type[Any], id: int) -> int:
    mine, key = MINE[cls]
    return _delete(cls, mine == id, key.in_(_some(key, mine == id)))


def _hold(
    cls: type[User] | type[Post] | type[Comment],
    ids: Select | Sequence[int],
    *,
    key_share: bool = True,
) -> None:
    """Lock these rows, the lowest id first; the counts that they hold are about to change."""
    rows = select(cls.id).where(cls.id.in_(ids)).order_by(cls.id)
    db.session.execute(rows.with_for_update(key_share=key_share))


def _delete(cls: Any, *conditions: Any) -> int:
    return rows_changed(delete(cls).where(*conditions), synchronize_session=False)


def _run(statement: Any) -> Any:
    """Objects in hand are left alone: whoever is erased is about to go."""
    return db.session.execute(statement, execution_options={"synchronize_session": False})


def _some(column: Any, *conditions: Any, most: Any = BATCH_SIZE) -> Select:
    return select(column).where(*conditions).order_by(column).limit(most)

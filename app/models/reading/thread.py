"""Threads: a post, pages of its comments, the oldest first, and the page of a comment."""

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from ...extensions import db
from ...pagination import KeysetPage, Timeline, cursor_at
from ..content.comment import Comment
from ..content.post import Post
from ..content.watch import Watch
from ..users.mute import Mute
from ..users.user import AnonymousUser, User
from .cards import CommentCard, PostCard, ViewerClass, comment_cards, post_cards, viewer_class_of

OLDEST = [Comment.created_at, Comment.id]


@dataclass(slots=True, unsafe_hash=True)
class WatchableCard(PostCard):
    """A post as its own page shows it."""

    watched: bool  # by who looks
    muted_comments: int  # by members whom the viewer has muted


@dataclass(slots=True)
class Gap:
    """A gap for consecutive comments that moderators have hidden."""

    number: int


def post_card(id: int, viewer: User) -> WatchableCard | None:
    """Return a post that the viewer may read, even by an author they have muted; else None."""
    values = {"post": id, "viewer": viewer.id}
    row = db.session.connection().execute(_post(viewer_class_of(viewer)), values).one_or_none()
    return WatchableCard.of(row) if row else None


def thread(post_id: int, viewer: AnonymousUser | User, *, size: int) -> KeysetPage:
    """Return the page of comments that the query string asks for.

    Hidden comments are replaced by a Gap.
    """
    timeline = _timeline(viewer_class_of(viewer))
    page = timeline.page(post=post_id, viewer=viewer.id, size=size)
    runs = groupby(page.items, key=lambda card: card.visible_to(viewer))
    page.items = [item for seen, run in runs for item in (run if seen else [Gap(len(list(run)))])]
    return page


def page_with(comment: Comment, viewer: User | AnonymousUser, *, size: int) -> str | None:
    """Return the `after` of a page that has the comment; None for the first one.

    A page further on begins with it. Both are found in the index, however long the thread is.
    """
    values = {"post": comment.post_id, "viewer": viewer.id}
    here = tuple_(*OLDEST) < tuple_(literal(comment.created_at), literal(comment.id))
    newest = [column.desc() for column in OLDEST]
    before = _comments(viewer_class_of(viewer)).with_only_columns(*OLDEST).where(here)
    before = before.order_by(*newest).limit(size)
    rows = db.session.connection().execute(before, values).all()
    return cursor_at(rows[0], OLDEST) if len(rows) == size else None


@cache
def _post(anybody: ViewerClass) -> Select:
    here = Post.id == bindparam("post"), Post.seen_by(anybody)
    card = post_cards(anybody, muted_too=True).where(*here)
    if not anybody.is_authenticated:
        return card.add_columns(false(), literal(0))
    live = Watch.post_id == Post.id, Watch.user_id == anybody.id, Watch.ended_at.is_(None)
    return card.add_columns(exists().where(*live), _muted_comments(anybody))


def _muted_comments(viewer: ViewerClass) -> ColumnElement[int]:
    """Return the number of comments by people whom the viewer has muted."""
    mutes = exists().where(Mute.user_id == viewer.id)
    muted = exists().where(Mute.user_id == viewer.id, Mute.muted_id == Comment.author_id)
    here = Comment.post_id == bindparam("post"), *Comment.shown(), muted
    number = select(func.count()).select_from(Comment).where(*here).scalar_subquery()
    return case((mutes, number), else_=0)


@cache
def _comments(anybody: ViewerClass) -> Select:
    seen = or_(
        Comment.seen_by(anybody), and_(Comment.deleted_at.is_(None), Comment.held_at.is_(None))
    )
    here = Comment.post_id == bindparam("post"), seen
    return comment_cards(anybody).where(*here)


@cache
def _timeline(anybody: ViewerClass) -> Timeline:
    cards = _comments(anybody)
    return Timeline(lambda descending: cards, OLDEST, CommentCard.of, descending=False)

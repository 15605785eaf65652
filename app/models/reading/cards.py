"""Cards: posts and comments for lists, read together with their authors in one statement.

A card has what its template asks for, and answers the same questions as the whole thing. Nobody
changes one, so equal cards may share what was made of them (see `drawn` in templating.py).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from markupsafe import Markup
from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    select,
)
from sqlalchemy.orm import aliased

from ...text.markdown import RENDERER
from ..content.bookmark import Bookmark
from ..content.comment import Comment, CommentRules
from ..content.like import Like
from ..content.post import Post, PostRules
from ..content.rendering import as_html
from ..roles.role import Role
from ..users.mute import Mute
from ..users.user import AnonymousUser, User


@dataclass(slots=True, unsafe_hash=True)
class Author:
    """Who wrote it, as far as a list tells. `role_name` is None where it is the usual role.

    `is_seen`: by everybody, so that a link to the profile leads somewhere.
    """

    id: int
    username: str
    avatar_key: str
    picture_key: str | None
    role_name: str | None
    is_seen: bool
    mask: int  # all that they may do, or will once a role for a time is over


@dataclass(slots=True, unsafe_hash=True)
class Card:
    author: Author | None  # None: the member is gone
    author_id: int | None
    id: int
    created_at: datetime
    body_html: str
    renderer: int
    outdated_body: str | None  # where an older renderer made the HTML
    version: int
    edited_at: datetime | None
    editor_name: str
    deleted_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str
    held_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> Any:
        """Make one of a row that `cards` selects."""
        author = Author(*row[:AUTHOR]) if row[0] is not None else None
        return cls(author, row[0], *row[AUTHOR:])

    @property
    def author_mask(self) -> int:
        return self.author.mask if self.author else 0

    @property
    def html(self) -> Markup:
        return as_html(self.body_html, self.renderer, self.outdated_body or "")


@dataclass(slots=True, unsafe_hash=True)
class PostCard(Card, PostRules):
    comments_closed_at: datetime | None
    staff_closed_at: datetime | None
    comment_count: int
    like_count: int
    liked: bool  # by who looks
    bookmarked: bool


@dataclass(slots=True, unsafe_hash=True)
class CommentCard(Card, CommentRules):
    post_id: int


AUTHOR = 7  # columns that are about the author
FORMER = aliased(Role)
LATER = select(FORMER.permissions).where(FORMER.id == User.former_role_id).scalar_subquery()
MASK = func.coalesce(Role.permissions, 0).op("|")(func.coalesce(LATER, 0))
WHO = (
    User.id,
    User.username,
    User.avatar_key,
    User.picture_key,
    case((Role.default, None), else_=Role.name).label("role_name"),
    and_(*User.seen_by_all()).label("is_seen"),
    case((User.former_role_id.is_(None), func.coalesce(Role.permissions, 0)), else_=MASK).label(
        "mask"
    ),
)


class ViewerClass:
    """A class of viewers, for statements that are built once for all of them.

    The id of the viewer is the parameter `viewer`; see `Timeline`.
    """

    def __init__(self, is_authenticated: bool, is_moderator: bool) -> None:
        self.is_authenticated, self.is_moderator = is_authenticated, lambda: is_moderator
        self.id = bindparam("viewer", type_=Integer)


Viewer = User | AnonymousUser | ViewerClass


@cache
def _anybody(is_authenticated: bool, is_moderator: bool) -> ViewerClass:
    return ViewerClass(is_authenticated, is_moderator)


def viewer_class_of(viewer: User | AnonymousUser) -> ViewerClass:
    """Return the class of the viewer; there are three."""
    return _anybody(viewer.is_authenticated, viewer.is_moderator())


MARKS: dict[str, type[Any]] = {"liked": Like, "bookmarked": Bookmark}


def post_cards(viewer: Viewer, *, muted_too: bool = False) -> Select:
    """Select the columns of PostCards, without an order.

    Posts by people whom the viewer has muted are left out, unless `muted_too`.
    """
    marks = (_marked(kind, viewer).label(name) for name, kind in MARKS.items())
    own = Post.comments_closed_at, Post.staff_closed_at, Post.comment_count, Post.like_count
    return _cards(Post, *own, *marks).where(*(() if muted_too else not_muted(Post, viewer)))


def _marked(kind: type[Any], viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer has marked the post: looked up for each, whatever else they have marked.

    PostgreSQL would answer EXISTS from a table of all that the viewer has ever liked.
    """
    if not viewer.is_authenticated:
        return false()
    here = kind.post_id == Post.id, kind.user_id == viewer.id
    return select(kind.user_id).where(*here).scalar_subquery().is_not(None)


def comment_cards(viewer: Viewer, *, muted_too: bool = False) -> Select:
    """Select the columns of CommentCards, like `post_cards`."""
    rest = () if muted_too else not_muted(Comment, viewer)
    return _cards(Comment, Comment.post_id).where(*rest)


def not_muted(cls: type[Post] | type[Comment], viewer: Viewer) -> tuple[Any, ...]:
    """Return the conditions that the viewer has not muted the author."""
    if not viewer.is_authenticated:
        return ()
    muted = Mute.user_id == viewer.id, Mute.muted_id == cls.author_id
    return (~exists().where(*muted),)


def _cards(cls: type[Post] | type[Comment], *own: Any) -> Select:
    outdated = case((cls.renderer == RENDERER, None), else_=cls.body).label("outdated_body")
    columns = [cls.id, cls.created_at, cls.body_html, cls.renderer, outdated, cls.version]
    columns += [cls.edited_at, cls.editor_name]
    columns += [cls.deleted_at, cls.hidden_at, cls.hidden_reason, cls.held_at, *own]
    who = select(*WHO, *columns).select_from(cls).outerjoin(User, User.id == cls.author_id)
    return who.outerjoin(Role, Role.id == User.role_id)

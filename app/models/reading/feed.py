"""Feeds: pages of posts, the newest first, whose cost does not depend on their number."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, column, exists, func, select, text

from ...extensions import db
from ...pagination import ID, MANY, KeysetPage, Timeline
from ..audit.entry import AuditEntry
from ..conditions import SHOWN
from ..content.post import Post
from ..content.tag import PostTag
from ..fields import UTCDateTime
from ..users.user import AnonymousUser, User
from .cards import PostCard, ViewerClass, not_muted, post_cards, viewer_class_of

LEFT = Post.deleted_at, Post.held_at
ALL, FOLLOWED = "all", "followed"


def everything(viewer: AnonymousUser | User, *, size: int) -> KeysetPage:
    """Return the page of all posts that the query string asks for."""
    return _all_posts(viewer_class_of(viewer)).page(viewer=viewer.id, size=size)


def followed(viewer: User, *, size: int) -> KeysetPage:
    """Return the page of posts by the viewer and the people they follow."""
    timeline = _followed_posts(viewer_class_of(viewer), db.engine.dialect.name)
    return timeline.page(viewer=viewer.id, size=size)


def written_by(author: User, viewer: User | AnonymousUser, *, size: int) -> KeysetPage:
    """Return the page of posts by one member, even if the viewer has muted them."""
    timeline = _posts_of_one(viewer_class_of(viewer))
    return timeline.page(author=author.id, viewer=viewer.id, size=size)


def tagged(tag: str, viewer: User | AnonymousUser, *, size: int) -> KeysetPage:
    """Return the page of posts with a tag, sorted by id, as the index of tags is."""
    return _posts_with_tag(viewer_class_of(viewer)).page(tag=tag, viewer=viewer.id, size=size)


def is_used(tag: str) -> bool:
    """Return whether a public post has the tag."""
    here = PostTag.tag == tag, Post.id == PostTag.post_id, *Post.shown()
    return bool(db.session.scalar(select(exists().where(*here))))


def last_changes() -> list[datetime]:
    """Return the moments of the last deletion, hold and action of staff, which change feeds."""
    newest = [select(func.max(moment)).where(moment.is_not(None)) for moment in LEFT]
    newest.append(select(func.max(AuditEntry.created_at)))
    row = db.session.execute(select(*(each.scalar_subquery() for each in newest))).one()
    return [moment for moment in row if moment is not None]


@cache
def _all_posts(anybody: ViewerClass) -> Timeline:
    cards = post_cards(anybody).where(*Post.shown())
    return _timeline(lambda descending: cards)


@cache
def _posts_of_one(anybody: ViewerClass) -> Timeline:
    here = Post.author_id == bindparam("author"), *Post.shown()
    cards = post_cards(anybody, muted_too=True).where(*here)
    return _timeline(lambda descending: cards)


@cache
def _followed_posts(anybody: ViewerClass, dialect: str) -> Timeline:
    cards = post_cards(anybody)
    return _timeline(
        lambda descending: cards.where(Post.id.in_(_followed_ids(dialect, descending)))
    )


@cache
def _posts_with_tag(anybody: ViewerClass) -> Timeline:
    cards, here = post_cards(anybody), Post.shown()
    ids = select(PostTag.post_id).join(Post, Post.id == PostTag.post_id)
    ids = ids.where(PostTag.tag == bindparam("tag"), *here, *not_muted(Post, anybody))

    def page(descending: bool) -> Select:
        there = PostTag.post_id < ID if descending else PostTag.post_id > ID
        order = PostTag.post_id.desc() if descending else PostTag.post_id.asc()
        next = ids.where(there).order_by(order).limit(MANY).subquery()
        return cards.where(Post.id.in_(select(next.c.post_id)))

    return Timeline(page, [Post.id], PostCard.of)


def _timeline(select: Callable) -> Timeline:
    return Timeline(select, [Post.created_at, Post.id], PostCard.of)


# Who follows most of those who write finds a page among the posts that are next. For others, of
# each author the moment of the next post, then the authors with the `many` nearest: they wrote all
# that the page can show. Of each of them the `many` nearest posts, and of all these again. So it
# costs at most one look into an index per member followed, however much they have written.
FOLLOWED_IDS = """
WITH authors AS MATERIALIZED (
    SELECT followed_id AS id FROM follows WHERE follower_id = :viewer
    AND followed_id NOT IN (SELECT muted_id FROM mutes WHERE user_id = :viewer)
    UNION ALL SELECT :viewer
), next AS MATERIALIZED (
    SELECT id FROM (
        SELECT p.id, p.author_id, p.created_at FROM posts p WHERE {here} LIMIT {window}
    ) AS p WHERE author_id IN (SELECT id FROM authors)
    ORDER BY p.created_at {way}, p.id {way} LIMIT :many
), enough AS MATERIALIZED (
    SELECT count(*) = :many AS so FROM next
), latest AS MATERIALIZED (
    SELECT authors.id AS author_id, (
        SELECT p.created_at FROM posts p WHERE p.author_id = authors.id AND {here} LIMIT 1
    ) AS moment FROM authors WHERE NOT (SELECT so FROM enough)
), ranked AS (
    SELECT author_id, rank() OVER (ORDER BY moment {way}) AS place FROM latest
    WHERE moment IS NOT NULL
)
SELECT id FROM next WHERE (SELECT so FROM enough)
UNION ALL SELECT id FROM (
    SELECT posts.id FROM ranked {theirs} WHERE ranked.place <= :many
    ORDER BY posts.created_at {way}, posts.id {way} LIMIT :many
) AS found
"""
WINDOW = 200  # posts that are next, among which a page is looked for
HERE = """{shown} AND (p.created_at, p.id) {sign} (:at, :id)
        ORDER BY p.created_at {way}, p.id {way}"""
NEAREST = "FROM posts p WHERE p.author_id = ranked.author_id AND {here} LIMIT :many"
THEIRS = {
    "postgresql": f"CROSS JOIN LATERAL (SELECT p.id, p.created_at {NEAREST}) AS posts",
    "sqlite": f"JOIN posts ON posts.id IN (SELECT p.id {NEAREST})",
}


def _followed_ids(dialect: str, descending: bool) -> Select:
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    here = HERE.format(shown=SHOWN.text("p"), sign=sign, way=way)
    parts = {"way": way, "here": here, "theirs": THEIRS[dialect].format(here=here)}
    statement = text(FOLLOWED_IDS.format(window=WINDOW, **parts))
    statement = statement.bindparams(bindparam("at", type_=UTCDateTime))
    return select(statement.columns(column("id")).subquery().c.id)

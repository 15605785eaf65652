"""The sitemap: paths of all public pages, in parts by ranges of ids."""

from datetime import datetime

from sqlalchemy import func, select

from ...extensions import db
from ..content.post import Post
from ..site.page import BUILT_IN, Page
from ..users.user import User

PART = 5_000  # ids; fifty thousand addresses are allowed
KINDS = ("pages", "people", "posts")


def count_of_parts(kind: str) -> int:
    if kind == "pages":
        return 1
    cls = Post if kind == "posts" else User
    newest = db.session.scalar(select(func.max(cls.id))) or 0
    return -(-newest // PART)


def addresses(kind: str, number: int) -> list[tuple[str, datetime | None]]:
    """Return pairs of a path and the moment of its last change, if known."""
    last = number * PART
    if kind == "pages":
        slugs = db.session.scalars(select(Page.slug).where(Page.removed_at.is_(None)))
        paths = (slug if slug in BUILT_IN else f"page/{slug}" for slug in sorted(slugs))
        return [("/", None), *((f"/{path}", None) for path in paths)]
    if kind == "people":
        here = User.id.between(last - PART + 1, last), User.post_count > 0
        names = select(User.username).where(*here, *User.seen_by_all()).order_by(User.id)
        return [(f"/user/{name}", None) for name in db.session.scalars(names)]
    changed = func.coalesce(Post.edited_at, Post.created_at)
    posts = select(Post.id, changed).where(Post.id.between(last - PART + 1, last), *Post.shown())
    return [(f"/post/{id}", moment) for id, moment in db.session.execute(posts.order_by(Post.id))]

"""The bookmarked posts of a member that are still visible."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased

from ...pagination import KeysetPage, page_of
from ..content.bookmark import Bookmark
from ..content.post import Post
from ..users.user import User
from .cards import PostCard, post_cards


@dataclass(slots=True, unsafe_hash=True)
class KeptCard(PostCard):
    kept_at: datetime

    post_id = property(lambda self: self.id)  # what the list is sorted by, besides the moment


def bookmarked(viewer: User, *, size: int) -> KeysetPage:
    """A page of the posts that the viewer has bookmarked, the newest bookmark first."""
    kept = aliased(Bookmark)  # the cards look for bookmarks, too
    kept_at = kept.created_at.label("kept_at")
    statement = post_cards(viewer).add_columns(kept_at)
    statement = statement.join(kept, kept.post_id == Post.id)
    statement = statement.where(kept.user_id == viewer.id, *Post.shown())
    return page_of(statement, [kept_at, kept.post_id], size=size, make=KeptCard.of)

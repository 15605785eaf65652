"""The comments of one member, each with the beginning of its post."""

from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_
from sqlalchemy.orm import aliased

from ...pagination import KeysetPage, page_of
from ...text.search_words import plain_start
from ..content.comment import Comment
from ..content.post import Post
from ..users.user import AnonymousUser, User
from .cards import CommentCard, comment_cards, not_muted

GLIMPSE = 400  # letters of HTML, which leave some of text


@dataclass(slots=True, unsafe_hash=True)
class UserCommentCard(CommentCard):
    asker: str | None  # who wrote the post; None: the member is gone
    asked: str  # how its HTML starts; nothing of one that is gone
    is_gone: bool  # whether the post was hidden or deleted

    @property
    def glimpse(self) -> str:
        """The beginning of the post, as plain text."""
        return plain_start(self.asked)


def user_comments_of(person: User, viewer: User | AnonymousUser, *, size: int) -> KeysetPage:
    """Return a page of the member's comments, the newest first, even if the viewer muted them.

    Comments on posts of other people whom the viewer has muted are left out, as are those on hidden
    or deleted posts, except for their author.
    """
    asker, there = aliased(User), and_(*Post.shown())
    asked = case((there, func.substr(Post.body_html, 1, GLIMPSE)), else_="")
    own = asker.username, asked, ~there
    statement = comment_cards(viewer, muted_too=True).add_columns(*own)
    statement = statement.join(Post, Post.id == Comment.post_id)
    statement = statement.outerjoin(asker, asker.id == Post.author_id)
    statement = statement.where(Comment.author_id == person.id, *Comment.shown())
    if person.id != viewer.id:
        statement = statement.where(there)
    for unmuted in not_muted(Post, viewer):
        statement = statement.where(or_(Post.author_id == person.id, unmuted))
    newest = [Comment.created_at, Comment.id]
    return page_of(statement, newest, size=size, make=UserCommentCard.of)

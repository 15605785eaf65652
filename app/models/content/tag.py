"""Tags: the words after a # in a post, each with a page of its posts."""

from collections import defaultdict

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ...pagination import KeysetPage


class PostTag(Model):
    __tablename__ = "post_tags"

    tag: Mapped[str] = mapped_column(String(50), primary_key=True)  # in small letters
    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


def tags_of(posts: KeysetPage) -> dict[int, list[str]]:
    """Return the tags of posts in the order of the alphabet, by the id of the post."""
    here = PostTag.post_id.in_([post.id for post in posts])
    tags = defaultdict(list)
    for id, tag in db.session.execute(select(PostTag.post_id, PostTag.tag).where(here)):
        tags[id].append(tag)
    return defaultdict(list, {id: sorted(words) for id, words in tags.items()})

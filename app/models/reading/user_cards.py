"""User cards: members for lists, read in one statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from ...pagination import KeysetPage, page_of
from ..roles.role import Role
from ..users.follow import Follow
from ..users.mute import Mute
from ..users.user import AnonymousUser, User
from .cards import WHO, Author

START = 300  # letters of what people say of themselves


@dataclass(slots=True)
class PersonCard(Author):
    first_name: str
    last_name: str
    about_me: str  # how it starts
    created_at: datetime  # when the one began to follow the other, or muted them
    following: bool  # the viewer follows the person

    # What the lists are sorted by, besides the moment.
    follower_id = followed_id = muted_id = property(lambda self: self.id)

    full_name = User.full_name


def followers(person: User, viewer: AnonymousUser | User, *, size: int) -> KeysetPage:
    """A page of those who follow the person, the newest first."""
    return _page(Follow.follower_id, Follow.followed_id == person.id, viewer, size)


def followed(person: User, viewer: User, *, size: int) -> KeysetPage:
    """Return a page of the people the person follows, the newest first."""
    return _page(Follow.followed_id, Follow.follower_id == person.id, viewer, size)


def muted(person: User, *, size: int) -> KeysetPage:
    """Return a page of the people whom the person has muted, the newest first."""
    return _page(Mute.muted_id, Mute.user_id == person.id, person, size)


def _page(
    whom: InstrumentedAttribute[int],
    condition: ColumnElement[bool],
    viewer: AnonymousUser | User,
    size: int,
) -> KeysetPage:
    """Return a page of the users in a column of pairs that meet the condition, the newest first."""
    pairs = whom.class_
    own = User.first_name, User.last_name, func.substr(User.about_me, 1, START)
    statement = select(*WHO, *own, pairs.created_at, _followed_by(viewer)).select_from(pairs)
    statement = statement.join(User, User.id == whom).outerjoin(Role, Role.id == User.role_id)
    statement = statement.where(condition, *User.shown_to(viewer))
    return page_of(
        statement, [pairs.created_at, whom], size=size, make=lambda row: PersonCard(*row)
    )


def _followed_by(viewer: AnonymousUser | User) -> ColumnElement[bool]:
    if not viewer.is_authenticated:
        return false()
    mine = aliased(Follow)
    return exists().where(mine.follower_id == viewer.id, mine.followed_id == User.id)

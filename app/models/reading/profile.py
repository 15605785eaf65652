"""Profiles: a member as seen by another member or a visitor."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, select

from ...extensions import db
from ...text.names import username_key
from ..users.follow import Follow
from ..users.mute import Mute
from ..users.user import AnonymousUser, User
from .cards import ViewerClass, viewer_class_of


@dataclass(slots=True)
class Profile:
    """A person, and what is between them and who looks; read by one statement."""

    user: User
    following: bool  # the viewer follows the person
    follows: bool  # the person follows the viewer
    muted: bool  # by the viewer

    @classmethod
    def find(cls, username: str, viewer: AnonymousUser | User) -> Self | None:
        """Return the profile of a member whom the viewer can see; else None."""
        asked = {"key": username_key(username), "viewer": viewer.id}
        row = db.session.execute(_facts(viewer_class_of(viewer)), asked).one_or_none()
        profile = row and cls(*row)
        return profile if profile and profile.user.visible_to(viewer) else None


@cache
def _facts(anybody: ViewerClass) -> Select:
    return select(User, *_between(anybody)).where(User.username_key == bindparam("key"))


def _between(viewer: ViewerClass) -> tuple[ColumnElement[bool], ...]:
    if not viewer.is_authenticated:
        return false(), false(), false()
    following = exists().where(Follow.follower_id == viewer.id, Follow.followed_id == User.id)
    follows = exists().where(Follow.follower_id == User.id, Follow.followed_id == viewer.id)
    muted = exists().where(Mute.user_id == viewer.id, Mute.muted_id == User.id)
    return following, follows, muted

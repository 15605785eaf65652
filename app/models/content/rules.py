"""Rules of content: who may do what with a post or comment, for models, views and templates."""

from datetime import datetime, timedelta

from markupsafe import Markup

from ...permissions import Permission
from ...text.search_words import Term, beginning, excerpt, plain
from ..conditions import SHOWN
from ..fields import utcnow
from ..users.user import AnonymousUser, User

RETENTION = timedelta(days=30)  # what its author deleted, for staff


class ContentRules:
    """The attributes that the rules need come first; cards in lists have them too."""

    noun: str
    permission: Permission  # required to write one
    id: int
    author_id: int | None
    deleted_at: datetime | None
    hidden_at: datetime | None
    held_at: datetime | None

    @property
    def html(self) -> Markup:
        raise NotImplementedError

    @property
    def author_mask(self) -> int:
        """The permissions of its author, including those after a temporary role."""
        raise NotImplementedError

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def is_held(self) -> bool:
        """Whether it awaits approval; then it is also hidden."""
        return self.held_at is not None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_shown(self) -> bool:
        return SHOWN.holds(self)

    def is_by(self, user: User | AnonymousUser) -> bool:
        return user.is_authenticated and self.author_id == user.id

    def in_brief(self, length: int) -> str:
        """Return the beginning of its plain text, for titles and previews."""
        return beginning(plain(self.html), length)

    def excerpt(self, terms: list[Term]) -> Markup:
        """Return the part of its text with the search terms, marked, as HTML."""
        return excerpt(plain(self.html), terms)

    def visible_to(self, user: AnonymousUser | User) -> bool:
        """Return whether the user can see it: staff see all, authors all but deleted content."""
        if self.is_shown or user.is_moderator():
            return True
        return self.is_by(user) and not self.is_deleted

    @property
    def is_changeable(self) -> bool:
        return self.is_shown or (self.is_held and not self.is_deleted)

    def editable_by(self, user: AnonymousUser | User) -> bool:
        return self.is_changeable and self.is_by(user) and user.can(self.permission)

    def deletable_by(self, user: AnonymousUser | User) -> bool:
        return self.is_by(user) and not self.is_deleted

    def reportable_by(self, user: User | AnonymousUser) -> bool:
        """Return whether the user may report it to the moderators."""
        return self.is_shown and user.is_authenticated and not self.is_by(user)

    @property
    def gone_at(self) -> datetime:
        """When it is purged after its deletion."""
        return (self.deleted_at or utcnow()) + RETENTION

    def moderatable_by(self, user: AnonymousUser | User) -> bool:
        """Return whether the user may hide, restore, edit and close it, as staff."""
        return self.why_not_moderated_by(user) is None

    def removable_by(self, user: User) -> bool:
        """Return whether the user may remove it for good."""
        return user.is_administrator() and self.moderatable_by(user)

    def why_not_moderated_by(self, user: User | AnonymousUser) -> str | None:
        """Return why `moderatable_by` is False, in a sentence; None if it is True."""
        if not user.is_moderator():
            return "Only moderators can do this."
        if self.is_by(user):
            return f"You wrote this {self.noun}, so another moderator decides."
        role = user.current_role
        if role is None or self.author_mask & ~role.permissions:
            return "The author has a higher rank than you, so you can’t do this."
        return None

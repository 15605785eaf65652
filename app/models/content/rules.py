"""Rules of content: who may do what with a post or comment. Views and templates ask them too."""

from datetime import datetime, timedelta

from markupsafe import Markup

from ...permissions import Permission
from ...text.search_words import Term, beginning, excerpt, plain
from ..conditions import SHOWN
from ..fields import utcnow
from ..users.user import AnonymousUser, User

KEPT = timedelta(days=30)  # what its author deleted, for staff


class ContentRules:
    """What they ask for stands first, so that light rows of a list answer them as well."""

    noun: str
    permission: Permission  # that writing one takes
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
        """All that its author may do, or will once a temporary role is over."""
        raise NotImplementedError

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def is_held(self) -> bool:
        """Whether it waits for approval; then it is hidden too."""
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
        """The beginning of its text, plain: for a title, a preview elsewhere."""
        return beginning(plain(self.html), length)

    def excerpt(self, terms: list[Term]) -> Markup:
        """The part of its text where terms of a search stand, as HTML that marks them."""
        return excerpt(plain(self.html), terms)

    def visible_to(self, user: AnonymousUser | User) -> bool:
        """What is deleted is for staff alone; what is hidden, for its author too."""
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
        """Whether the person may report it to the moderators."""
        return self.is_shown and user.is_authenticated and not self.is_by(user)

    @property
    def gone_at(self) -> datetime:
        """When a deleted one is purged."""
        return (self.deleted_at or utcnow()) + KEPT

    def moderatable_by(self, user: AnonymousUser | User) -> bool:
        """Whether the person may hide, restore, edit and close it, as staff."""
        return self.why_not_moderated_by(user) is None

    def removable_by(self, user: User) -> bool:
        """Whether the person may take it away for good."""
        return user.is_administrator() and self.moderatable_by(user)

    def why_not_moderated_by(self, user: User | AnonymousUser) -> str | None:
        """Return a sentence that says why `moderatable_by` is False; None where it is True."""
        if not user.is_moderator():
            return "Only moderators can do this."
        if self.is_by(user):
            return f"You wrote this {self.noun}, so another moderator decides."
        role = user.current_role
        if role is None or self.author_mask & ~role.permissions:
            return "The author has a higher rank than you, so you can’t do this."
        return None

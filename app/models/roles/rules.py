"""Rules of roles: each returns None, or a sentence on why a change is not allowed.

`by` is who wants to act; None is an operator at the shell, who may do everything.
"""

from typing import Any, Protocol, Self

from sqlalchemy import Select, or_, select

from ...extensions import db
from ...permissions import KNOWN, ROLES, STAFF, Permission
from ...text.names import has_hidden_characters, username_key
from ..fields import Person
from .columns import RoleColumns
from .landing_page import landing_pages

NAME_LENGTH, DESCRIPTION_LENGTH = 64, 200
BUILT_IN = "{} is built in. Each update of the site restores its name and permissions."
MIGHTIER = "{} allows more than your own role, so you can’t change it."
OWN = "You have this role yourself, so you can’t change it. Ask another administrator."
DEFAULT = "New members get {}. Make another role the default first."
PROMISED = "An open invitation gives {}. Revoke it first, or wait until it’s accepted."
ASKED_FOR = "Someone has requested {}. Accept or decline the request first."


class RoleHolder(Person, Protocol):
    """A user as the rules of roles see one; the class is defined above this file."""

    @property
    def role_id(self) -> int | None: ...

    @property
    def former_role_id(self) -> int | None: ...

    @property
    def current_role(self) -> RoleColumns | None: ...

    def may_grant(self, role: Any) -> bool: ...


class RoleRules(RoleColumns):
    @property
    def is_built_in(self) -> bool:
        return self.name in ROLES

    @property
    def is_for_staff(self) -> bool:
        return bool(self.permissions & STAFF)

    def is_held_by(self, person: RoleHolder) -> bool:
        """Return whether it is the present or the former role of a person."""
        return self.id in (person.role_id, person.former_role_id)

    def why_not_change(self, by: RoleHolder | None) -> str | None:
        if by is None or by.may_grant(self):
            return None
        return MIGHTIER.format(self.name)

    def why_not_rename(self, by: RoleHolder | None) -> str | None:
        return BUILT_IN.format(self.name) if self.is_built_in else None

    def why_not_change_permissions(self, by: RoleHolder | None) -> str | None:
        if self.is_built_in:
            return BUILT_IN.format(self.name)
        return OWN if by is not None and self.is_held_by(by) else None

    def why_not_make_default(self, by: RoleHolder | None) -> str | None:
        if self.is_for_staff:
            return "It is a role of staff, so newcomers cannot get it."
        return None

    def why_not_delete(self, by: RoleHolder | None) -> str | None:
        """Return why it cannot be deleted; holders are no reason, as they get another role."""
        if self.is_built_in:
            return BUILT_IN.format(self.name)
        if self.default:
            return DEFAULT.format(self.name)
        if words := self.why_not_change(by):
            return words
        if by is not None and self.is_held_by(by):
            return OWN
        for rows, words in (
            (self.invitations.select().filter_by(joined_at=None, revoked_at=None), PROMISED),
            (self.requests.select().filter_by(decided_at=None), ASKED_FOR),
        ):
            if db.session.scalar(select(rows.exists())):
                return words.format(self.name)
        return None

    def bound(self) -> Select:
        """Select the users with this role, or with it as their former role."""
        people = self.people()
        here = people.role_id == self.id, people.former_role_id == self.id
        return select(people).where(or_(*here)).order_by(people.id)

    @classmethod
    def problem_with(cls, role: Self | None, name: str, description: str) -> str | None:
        """Return what is wrong with a name and description; `role` is the one that has them."""
        if not 0 < len(name) <= NAME_LENGTH or has_hidden_characters(name):
            return f"The name of a role has 1 to {NAME_LENGTH} characters that can be seen."
        if len(description) > DESCRIPTION_LENGTH or has_hidden_characters(description):
            return f"A description has at most {DESCRIPTION_LENGTH} characters, in one line."
        taken = cls.called(name)
        if taken is not None and taken is not role:
            return f"There is a role {taken.name} already."
        return None

    @classmethod
    def called(cls, name: str) -> Self | None:
        """Return the role with this name, ignoring case."""
        key = username_key(name)
        return next((role for role in cls.all() if username_key(role.name) == key), None)


def problem_with_mask(mask: int) -> str | None:
    if isinstance(mask, bool) or not isinstance(mask, int) or mask < 0 or mask & ~KNOWN:
        names = ", ".join(str(permission.name) for permission in Permission)
        return f"There is no such permission; there are {names}."
    return None


def problem_with_landing_page(endpoint: str, mask: int) -> str | None:
    if endpoint not in landing_pages(mask):
        return f"{endpoint} is no page that holders of these permissions can land on."
    return None

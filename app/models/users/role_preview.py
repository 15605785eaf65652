"""Looking at the site with the mask of another role: an administrator does, and only looks."""

from ...permissions import Permission
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..roles.role import Role
from .account import Account


class RolePreview(Account):
    """Kept with the browser, not in the database: each request says which role, if any."""

    viewed_role: Role | None = None

    @property
    def held_role(self) -> Role | None:
        """The role held by now: one that was given until a moment that is past is not."""
        return self.returns_to if self.role_is_over else self.role

    @property
    def current_role(self) -> Role | None:
        """The role that counts: the one looked at the site with, else the one held by now."""
        return self.viewed_role or self.held_role

    def why_not_view_as(self, role: Role) -> str | None:
        """Return a sentence that says why the person may not look with this role; else None."""
        held = self.held_role
        if held is None or not held.has_permission(Permission.ADMIN):
            return "Only administrators can view the site as another role."
        if role is held:
            return "This is already your own role."
        if not held.covers(role):
            return f"The role {role.name} allows more than yours."
        return None

    def view_as(self, role: Role) -> None:
        """Begin; until it ends, the person may do nothing but read."""
        if words := self.why_not_view_as(role):
            raise Refused(words)
        AuditEntry.record(Action.VIEW_AS, role, by=self)
        self.viewed_role = role

    def keep_viewing_as(self, role: Role) -> None:
        """Go on in another request, unless the role or the rank that it takes is gone."""
        if role is not None and self.why_not_view_as(role) is None:
            self.viewed_role = role

    def end_view_as(self) -> None:
        if self.viewed_role is not None:
            AuditEntry.record(Action.END_VIEW_AS, self.viewed_role, by=self)
            self.viewed_role = None

"""Role preview (“view as”): administrators can see the site with another role, read-only."""

from ...permissions import Permission
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..roles.role import Role
from .account import Account


class RolePreview(Account):
    """The role in preview is in the session cookie, not in the database."""

    viewed_role: Role | None = None

    @property
    def held_role(self) -> Role | None:
        """The present role: the former one after a temporary one has ended."""
        return self.returns_to if self.role_is_over else self.role

    @property
    def current_role(self) -> Role | None:
        """The role whose permissions count: the one in preview, else the present one."""
        return self.viewed_role or self.held_role

    def why_not_view_as(self, role: Role) -> str | None:
        """Return why the user may not preview this role, in a sentence; None if they may."""
        held = self.held_role
        if held is None or not held.has_permission(Permission.ADMIN):
            return "Only administrators can view the site as another role."
        if role is held:
            return "This is already your own role."
        if not held.covers(role):
            return f"The role {role.name} allows more than yours."
        return None

    def view_as(self, role: Role) -> None:
        """Start the preview; until it ends, the user can only read."""
        if words := self.why_not_view_as(role):
            raise Refused(words)
        AuditEntry.record(Action.VIEW_AS, role, by=self)
        self.viewed_role = role

    def keep_viewing_as(self, role: Role) -> None:
        """Continue the preview in another request, if it is still allowed."""
        if role is not None and self.why_not_view_as(role) is None:
            self.viewed_role = role

    def end_view_as(self) -> None:
        if self.viewed_role is not None:
            AuditEntry.record(Action.END_VIEW_AS, self.viewed_role, by=self)
            self.viewed_role = None

"""Proof of an email, and the roles that it brings; roles for people who have none."""

from typing import Any

from flask import current_app
from sqlalchemy import select

from ...extensions import db
from ...permissions import Permission
from ...text.names import address_or_none
from ..audit.actions import Action
from ..audit.entry import SITE, AuditEntry
from ..fields import utcnow
from ..roles.role import Role
from .temporary_role import TemporaryRoleHolder


class EmailProof(TemporaryRoleHolder):
    def prove_address(self) -> None:
        """The person has shown that mail to the address reaches them.

        Only now does OFFBRAND_ADMIN make its holder Administrator (R-36): a claim is no proof.
        """
        self.confirmed_at, self.unreached_at = self.confirmed_at or utcnow(), None
        admin = address_or_none(current_app.config["OFFBRAND_ADMIN"] or "")
        if admin == self.email:
            self.approval_asked_at = None
            held = self.held_role  # whatever role they only look at the site with
            if not (held and held.has_permission(Permission.ADMIN)):
                self._take_role(Role.named("Administrator"), "OFFBRAND_ADMIN names this address.")

    def _take_role(self, role: Role | None, reason: str) -> None:
        """Get a role that nobody gave: by the configuration, or for want of one."""
        before, self.role, self.role_until, self.former_role = self.role_in_words, role, None, None
        db.session.flush()
        said: dict[str, Any] = dict(before=before, after=self.role_in_words)
        AuditEntry.record(Action.CHANGE_ROLE, self, by=SITE, reason=reason, **said)

    @classmethod
    def give_missing_roles(cls) -> int:
        """Give users without a role the one they should have; return their number."""
        people = db.session.scalars(select(cls).where(cls.role_id.is_(None))).all()
        for person in people:
            person._take_role(Role.get_default(), "They had no role.")
            if person.is_confirmed:
                person.prove_address()
        return len(people)

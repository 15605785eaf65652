"""Rank, and that an administrator always remains: the two rules about acting on people."""

from contextlib import contextmanager

from sqlalchemy import select

from ..extensions import db
from ..permissions import Permission
from .fields import utcnow
from .role import Role
from .session import UserSession


class Refused(ValueError):
    """An act that the rules about people forbid; its words may be shown to whoever tried."""


class Ranked:
    """Acts on a person. `by` is who acts; None is an operator at the shell, above all ranks."""

    def may_grant(self, role):
        """Nobody gives more than they have (R-81)."""
        return self.can(Permission.ADMIN) and self.role.covers(role)

    def may_act_on(self, other):
        """Staff act on people who may do nothing that they may not, and never on themselves."""
        is_staff = self.can(Permission.MODERATE) or self.can(Permission.ADMIN)
        if not is_staff or other.id == self.id:
            return False
        return other.role is None or self.role.covers(other.role)

    def change_role(self, role, *, by=None):
        with self.an_administrator_remains():
            self._require_rank(by)
            if by is not None and not by.may_grant(role):
                raise Refused(f"You may not give the role {role.name}: it allows more than yours.")
            self.role = role

    def deactivate(self, *, by=None):
        """Close the account until it is reactivated; its sessions end at once (R-60)."""
        with self.an_administrator_remains():
            self._require_rank(by)
            self.deactivated_at = self.deactivated_at or utcnow()
            self.auth_epoch += 1
        UserSession.end_all(self)

    def reactivate(self, *, by=None):
        self._require_rank(by)
        self.deactivated_at = None

    def delete(self, *, by=None):
        with self.an_administrator_remains():
            self._require_rank(by)
            db.session.delete(self)

    def _require_rank(self, by):
        """Refuse an act that `by` may not do by now: both may have changed while they waited."""
        db.session.flush()
        if by is None:
            db.session.refresh(self)
            return
        model = type(self)
        there = [db.session.get(model, id, populate_existing=True) for id in (by.id, self.id)]
        if not (all(there) and by.is_active and by.may_act_on(self)):
            raise Refused("You may not act on yourself or on someone of higher rank.")

    @classmethod
    def administrators(cls):
        """The ids of those who can administer: confirmed, active, with a role that grants ADMIN."""
        mighty = Role.granting(Permission.ADMIN).with_only_columns(Role.id).order_by(None)
        active = cls.confirmed_at.is_not(None), cls.deactivated_at.is_(None)
        return select(cls.id).where(cls.role_id.in_(mighty), *active)

    @classmethod
    @contextmanager
    def an_administrator_remains(cls):
        """Do what the block does, unless it would leave the site without an administrator (R-82).

        Whoever tries at the same moment waits on the rows of the roles, then sees what we did.
        """
        db.session.execute(select(Role.id).order_by(Role.id).with_for_update(key_share=True))
        had_one = db.session.scalar(cls.administrators().limit(1)) is not None
        with db.session.begin_nested():
            yield
            db.session.flush()
            if had_one and db.session.scalar(cls.administrators().limit(1)) is None:
                raise Refused("This would leave nobody who can administer; make another one first.")

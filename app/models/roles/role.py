"""Roles: a name for a mask of permissions."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, Select, func, select, text
from sqlalchemy.orm import WriteOnlyMapped, relationship

from ...extensions import Model, db
from ...permissions import DEFAULT_ROLE, ROLES, Permission
from ..audit.actions import Action
from ..audit.entry import SITE, AuditEntry
from ..fields import NEVER_TWICE
from .management import RoleChanges


class Role(RoleChanges, Model):
    """Exactly one role is the default, which newcomers get: an index in the database sees to it."""

    __tablename__ = "roles"
    __table_args__ = (
        CheckConstraint("permissions >= 0", name="permissions_not_negative"),
        Index(
            "ix_roles_default",
            "default",
            unique=True,
            sqlite_where=text('"default"'),
            postgresql_where=text('"default"'),
        ),
        NEVER_TWICE,
    )

    users: WriteOnlyMapped[Any] = relationship("User", viewonly=True, foreign_keys="User.role_id")
    returning: WriteOnlyMapped[Any] = relationship(
        "User", viewonly=True, foreign_keys="User.former_role_id"
    )
    invitations: WriteOnlyMapped[Any] = relationship("Invitation", viewonly=True)
    requests: WriteOnlyMapped[Any] = relationship("RoleRequest", viewonly=True)

    def __init__(self, **values: Any) -> None:
        values.setdefault("permissions", 0)
        super().__init__(**values)

    def __repr__(self) -> str:
        return f"<Role {self.name!r}>"

    @classmethod
    def insert_roles(cls) -> None:
        """Create or refresh the built-in roles in place; custom roles stay as they are."""
        for name, (permissions, index, description) in ROLES.items():
            role = cls.named(name) or cls(name=name, permissions=-1)
            before = role.permissions
            role.permissions, role.index, role.description = int(permissions), index, description
            db.session.add(role)
            db.session.flush()
            role._note_seeding(before)
        if cls.get_default() is None and (usual := cls.named(DEFAULT_ROLE)):
            usual.default = True
        db.session.commit()

    def _note_seeding(self, before: int) -> None:
        """Write into the log what came of seeding; `before` is the former mask, or negative."""
        if before == self.permissions:
            return
        act, names = (
            (Action.CREATE, []) if before < 0 else (Action.CHANGE, Permission.names(before))
        )
        said: dict[str, Any] = dict(before=" ".join(names), after=" ".join(self.permission_names))
        AuditEntry.record(act, self, by=SITE, **said)

    def count_holders(self) -> int:
        return count(self.users.select())

    def count_bound(self) -> int:
        """How many hold the role, or will return to it."""
        return count(self.bound())


def count(rows: Select) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0

"""The columns of a role, and the methods that depend on nothing else."""

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import Select, String, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ...permissions import Permission
from ..fields import Id


class RoleColumns:
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
    default: Mapped[bool] = mapped_column(default=False)
    permissions: Mapped[int] = mapped_column(default=0)
    index: Mapped[str] = mapped_column(String(64), default="main.index")
    requestable: Mapped[bool] = mapped_column(default=False)  # whether members may request it

    users: Any  # write-only relationships of Role
    returning: Any
    invitations: Any
    requests: Any

    @classmethod
    def named(cls, name: str) -> Self | None:
        return db.session.scalar(select(cls).filter_by(name=name))

    @classmethod
    def get_default(cls) -> Self | None:
        return db.session.scalar(select(cls).where(cls.default))

    @classmethod
    def people(cls) -> type[Any]:
        """Return the User model, which is defined above this file."""
        return cls.users.property.mapper.class_

    @classmethod
    def all(cls) -> Sequence[Self]:
        return db.session.scalars(select(cls).order_by(cls.permissions, cls.name)).all()

    @classmethod
    def granting(cls, permission: Permission) -> Select:
        """Select the roles with a permission, those with the fewest permissions first."""
        mask = cls.permissions.bitwise_and(int(permission))
        return select(cls).where(mask == int(permission)).order_by(cls.permissions, cls.name)

    @property
    def permission_names(self) -> list[str]:
        return Permission.names(self.permissions)

    def has_permission(self, permission: Permission) -> bool:
        return self.permissions & permission == permission

    def add_permission(self, permission: int) -> None:
        self.permissions |= int(permission)

    def remove_permission(self, permission: int) -> None:
        self.permissions &= ~int(permission)

    def reset_permissions(self) -> None:
        self.permissions = 0

    def covers(self, other: Self) -> bool:
        """Return whether this role has all permissions of the other."""
        return other.permissions & ~self.permissions == 0

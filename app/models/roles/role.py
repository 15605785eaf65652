"""Roles: a name for a mask of permissions."""

from sqlalchemy import CheckConstraint, Index, String, func, select, text
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from ...extensions import Model, db
from ...permissions import DEFAULT_ROLE, ROLES, Permission
from ..audit.actions import Action
from ..audit.entry import SITE, AuditEntry
from ..fields import NEVER_TWICE, Id
from .management import RoleChanges
from .rules import RoleRules


class Role(RoleChanges, RoleRules, Model):
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

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
    default: Mapped[bool] = mapped_column(default=False)
    permissions: Mapped[int] = mapped_column(default=0)
    index: Mapped[str] = mapped_column(String(64), default="main.index")
    requestable: Mapped[bool] = mapped_column(default=False)  # whether members may ask for it

    users: WriteOnlyMapped["User"] = relationship(  # noqa: F821
        viewonly=True, foreign_keys="User.role_id"
    )
    returning: WriteOnlyMapped["User"] = relationship(  # noqa: F821
        viewonly=True, foreign_keys="User.former_role_id"
    )
    invitations: WriteOnlyMapped["Invitation"] = relationship(viewonly=True)  # noqa: F821
    requests: WriteOnlyMapped["RoleRequest"] = relationship(viewonly=True)  # noqa: F821

    def __init__(self, **values):
        values.setdefault("permissions", 0)
        super().__init__(**values)

    def __repr__(self):
        return f"<Role {self.name!r}>"

    @classmethod
    def named(cls, name):
        return db.session.scalar(select(cls).filter_by(name=name))

    @classmethod
    def get_default(cls):
        return db.session.scalar(select(cls).where(cls.default))

    @classmethod
    def people(cls):
        """The model of those who hold roles, which stands above this file."""
        return cls.users.property.mapper.class_

    @classmethod
    def all(cls):
        return db.session.scalars(select(cls).order_by(cls.permissions, cls.name)).all()

    @classmethod
    def granting(cls, permission):
        """The roles that hold the permission, the least mighty first."""
        mask = cls.permissions.bitwise_and(int(permission))
        return select(cls).where(mask == int(permission)).order_by(cls.permissions, cls.name)

    @classmethod
    def insert_roles(cls):
        """Create or refresh the built-in roles in place; custom roles stay as they are."""
        for name, (permissions, index, description) in ROLES.items():
            role = cls.named(name) or cls(name=name, permissions=-1)
            before = role.permissions
            role.permissions, role.index, role.description = int(permissions), index, description
            db.session.add(role)
            db.session.flush()
            role._note_seeding(before)
        if cls.get_default() is None:
            cls.named(DEFAULT_ROLE).default = True
        db.session.commit()

    def _note_seeding(self, before):
        """Write into the log what came of seeding; `before` is the former mask, or negative."""
        if before == self.permissions:
            return
        act, names = (
            (Action.CREATE, []) if before < 0 else (Action.CHANGE, Permission.names(before))
        )
        said = dict(before=" ".join(names), after=" ".join(self.permission_names))
        AuditEntry.record(act, self, by=SITE, **said)

    @property
    def permission_names(self):
        return Permission.names(self.permissions)

    def has_permission(self, permission):
        return self.permissions & permission == permission

    def add_permission(self, permission):
        self.permissions |= int(permission)

    def remove_permission(self, permission):
        self.permissions &= ~int(permission)

    def reset_permissions(self):
        self.permissions = 0

    def covers(self, other):
        """Whether this role allows all that the other one does (`other & ~mine == 0`)."""
        return other.permissions & ~self.permissions == 0

    def count_holders(self):
        return count(self.users.select())

    def count_bound(self):
        """How many hold the role, or will return to it."""
        return count(self.bound())


def count(rows):
    return db.session.scalar(select(func.count()).select_from(rows.subquery()))

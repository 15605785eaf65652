"""Checks of roles and people: the built-in roles, the default role, an administrator."""

from sqlalchemy import select

from ..extensions import db
from ..models import Role, User
from ..permissions import ROLES, STAFF, Permission
from .finding import BAD, GOOD, NOTE, check


@check("Built-in roles")
def built_in_roles():
    roles = {role.name: role for role in Role.all()}
    missing = [name for name in ROLES if name not in roles]
    if missing:
        return BAD, f"Missing: {', '.join(missing)}.", "flask deploy"
    drifted = [name for name in ROLES if roles[name].permissions != ROLES[name][0]]
    if drifted:
        words = f"Changed permissions: {', '.join(drifted)}."
        return BAD, words, "flask deploy"
    kept = {name: (roles[name].index, roles[name].description) for name in ROLES}
    edited = [name for name in ROLES if kept[name] != ROLES[name][1:]]
    if edited:
        words = f"Changed landing page or description: {', '.join(edited)}."
        return NOTE, words, "flask deploy"
    return GOOD, f"{', '.join(ROLES)} are correct"


@check("Default role")
def default_role():
    defaults = [role for role in Role.all() if role.default]
    names = ", ".join(role.name for role in defaults)
    if len(defaults) != 1:
        return BAD, f"One role must be the default, not {len(defaults)} {names}.", "flask deploy"
    if staff := Permission.names(defaults[0].permissions & STAFF):
        words = f"New members get {names}, which allows {' and '.join(staff)}."
        return BAD, words, "Make another role the default, in Roles"
    return GOOD, f"New members get {names}"


@check("People without a role")
def without_role():
    if db.session.scalar(select(User.id).where(User.role_id.is_(None)).limit(1)) is None:
        return GOOD, "none"
    number = User.count(User.role_id.is_(None))
    return BAD, f"{number:,}: they can’t do anything.", "flask deploy"


@check("Administrators")
def administrators():
    """Whether someone can administer: confirmed and active."""
    some = db.session.scalars(User.administrators().limit(2)).all()
    if not some:
        return (
            BAD,
            "Nobody can administer. It takes the role, an active account and a confirmed email.",
            "flask roles add EMAIL Administrator; flask users activate or confirm EMAIL",
        )
    if len(some) == 1:
        return GOOD, "one; consider adding a second"
    return GOOD, "more than one"

"""Who may enter: each decorator guards a view and leaves its policy on it, for the access map."""

from dataclasses import dataclass
from functools import wraps

from flask import redirect, url_for
from flask_login import current_user
from werkzeug.exceptions import Forbidden

from .extensions import login_manager
from .permissions import Permission


@dataclass(frozen=True)
class Policy:
    """Who may enter an endpoint: `everyone`, `visitors`, `members`, or holders of a permission."""

    who: str
    permission: Permission | None = None

    def admits(self, user):
        if self.who == "visitors":
            return not user.is_authenticated
        if self.who == "members":
            return user.is_authenticated
        return self.permission is None or user.can(self.permission)


EVERYONE, VISITORS, MEMBERS = Policy("everyone"), Policy("visitors"), Policy("members")


class PermissionMissing(Forbidden):
    """A 403 that knows which permission was asked for."""

    def __init__(self, permission):
        super().__init__()
        self.permission = permission


def require(policy):
    """Return None where the person may enter, or the answer to give; raise PermissionMissing."""
    if policy.admits(current_user):
        return None
    if policy is VISITORS:
        return redirect(url_for("main.index"))
    if not current_user.is_authenticated:
        return login_manager.unauthorized()
    raise PermissionMissing(policy.permission)


def public(view):
    """Open to everyone."""
    view.policy = EVERYONE
    return view


def visitors_only(view):
    """For people who are not signed in; members are sent home."""
    return _guard(view, VISITORS)


def login_required(view):
    """Visitors are asked to sign in, and come back afterwards."""
    return _guard(view, MEMBERS)


def permission_required(permission):
    """Visitors are asked to sign in; members without the permission get a 403 that names it."""
    return lambda view: _guard(view, Policy("permission", permission))


def admin_required(view):
    return permission_required(Permission.ADMIN)(view)


def gate(blueprint, permission):
    """Guard every view of a blueprint, before any of them runs."""
    blueprint.policy = Policy("permission", permission)
    blueprint.before_request(lambda: require(blueprint.policy))


def _guard(view, policy):
    @wraps(view)
    def guarded(*args, **kwargs):
        refusal = require(policy)
        return view(*args, **kwargs) if refusal is None else refusal

    guarded.policy = policy
    return guarded

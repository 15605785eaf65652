"""Who may enter: each decorator guards a view and leaves its policy on it, for the access map."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce, wraps
from operator import or_
from typing import Any, Protocol, Self, TypeVar, cast

from flask import Blueprint, abort, redirect, url_for
from flask_login import current_user
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from .extensions import login_manager
from .models.site.setting import settings_at_hand
from .permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])

OPENS, OWN_ONLY = "opens", "own only"
SIGN_IN, HOME, REFUSED = "asked to sign in", "sent home", "refused (403)"
CLOSED = "closed just now"  # as signing up is while only the invited may join
NARROWER = ("everyone", "readers", "members", "permission", "own")


class Visitor(Protocol):
    """What a policy asks of a person, who may be signed in or not."""

    @property
    def is_authenticated(self) -> bool: ...

    def can(self, permission: Permission) -> bool: ...


class Contradiction(ValueError):
    """Two policies guard one view, and nobody can meet both."""


@dataclass(frozen=True)
class Policy:
    """Who may enter an endpoint.

    `everyone`; `readers`: everyone or members, as the settings say; `visitors`: who is not signed
    in; `members`; `own`: members, each to what is theirs; `permission`: holders of one.
    """

    who: str
    permission: Permission | None = None
    signing_up: bool = False  # visitors, and only while the settings let strangers sign up

    def outcome(self, user: Visitor) -> str:
        """Return what the person meets at the door, in words; the access map shows them."""
        if self.who == "visitors" and user.is_authenticated:
            return HOME
        if self.signing_up and not settings_at_hand().takes_sign_ups:
            return CLOSED
        if self.who in ("visitors", "everyone"):
            return OPENS
        if self.who == "readers" and not settings_at_hand().members_only:
            return OPENS
        if not user.is_authenticated:
            return SIGN_IN
        if self.permission is not None and not user.can(self.permission):
            return REFUSED
        return OWN_ONLY if self.who == "own" else OPENS

    def admits(self, user: Visitor) -> bool:
        return self.outcome(user) in (OPENS, OWN_ONLY)

    def and_also(self, other: Self | None) -> Self:
        """Return the policy of a view that both guard; Contradiction where nobody could enter."""
        if other is None:
            return self
        both = {self.who, other.who}
        if "visitors" in both and both - {"visitors", "everyone"}:
            raise Contradiction("for visitors only, and for others only")
        who = "visitors" if "visitors" in both else max(both, key=NARROWER.index)
        permissions = [p for p in (self.permission, other.permission) if p is not None]
        signing_up = self.signing_up or other.signing_up
        permission = reduce(or_, permissions) if permissions else None
        return replace(self, who=who, permission=permission, signing_up=signing_up)


EVERYONE, VISITORS, MEMBERS = Policy("everyone"), Policy("visitors"), Policy("members")
READERS, OWN, SIGN_UP = Policy("readers"), Policy("own"), Policy("visitors", signing_up=True)


class PermissionMissing(Forbidden):
    """A 403 that knows which permission was asked for."""

    def __init__(self, permission: Permission | None) -> None:
        super().__init__()
        self.permission = permission


class KeptBack(Forbidden):
    """A 403 for a member whom a sanction keeps from writing, or from coming in."""


class SignUpClosed(Forbidden):
    """A 403 for strangers who want to sign up while only the invited may join, or nobody."""


def require(policy: Policy) -> Response | None:
    """Return None where the person may enter, or the answer to give; raise PermissionMissing."""
    outcome = policy.outcome(current_user)
    if outcome == HOME:
        return redirect(url_for("main.index"))
    if outcome == CLOSED:
        raise SignUpClosed
    if outcome == SIGN_IN:
        return login_manager.unauthorized()
    if outcome == REFUSED:
        raise _refusal(policy.permission)
    return None


def _refusal(permission: Permission | None) -> Forbidden:
    """Say which permission the role lacks; or else that a sanction takes it."""
    role = current_user.current_role
    granted = role is not None and role.has_permission(permission)
    return KeptBack() if granted else PermissionMissing(permission)


def require_permission(permission: Permission) -> None:
    """Guard one act of a view that is open to more; visitors are asked to sign in."""
    if refusal := require(Policy("permission", permission)):
        abort(refusal)


def require_speech() -> None:
    """Refuse who may not write where others read it, because of a sanction."""
    if not current_user.may_speak:
        raise KeptBack


def allow(answer: bool) -> None:
    """Refuse with 403 where a question about the object, such as `editable_by`, was answered no."""
    if not answer:
        abort(403)


def public(view: View) -> View:
    """Open to everyone, but for what other guards of the view say."""
    view.policy = EVERYONE.and_also(getattr(view, "policy", None))  # type: ignore[attr-defined]
    return view


def visitors_only(view: View) -> View:
    """For people who are not signed in; members are sent home."""
    return _guard(view, VISITORS)


def while_sign_up_is_open(view: View) -> View:
    """For visitors, in the modes of registration in which strangers may sign up."""
    return _guard(view, SIGN_UP)


def login_required(view: View) -> View:
    """Visitors are asked to sign in, and come back afterwards."""
    return _guard(view, MEMBERS)


def readable(view: View) -> View:
    """Open to everyone or, where the settings say so, to members only."""
    return _guard(view, READERS)


def own_things(view: View) -> View:
    """For members; the view finds only what is theirs, and 404s the rest."""
    return _guard(view, OWN)


def permission_required(permission: Permission) -> Callable[[View], View]:
    """Visitors are asked to sign in; members without the permission get a 403 that names it."""
    return lambda view: _guard(view, Policy("permission", permission))


def admin_required(view: View) -> View:
    return permission_required(Permission.ADMIN)(view)


def gate(blueprint: Blueprint, permission: Permission) -> None:
    """Guard every view of a blueprint, before any of them runs."""
    policy = Policy("permission", permission)
    blueprint.policy = policy  # type: ignore[attr-defined]
    blueprint.before_request(lambda: require(policy))


def _guard(view: View, policy: Policy) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        refusal = require(policy)
        return view(*args, **kwargs) if refusal is None else refusal

    guarded.policy = policy.and_also(getattr(view, "policy", None))  # type: ignore[attr-defined]
    return cast(View, guarded)

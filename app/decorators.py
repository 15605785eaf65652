"""Decorators that guard views, and leave their policy on the view for the access map."""

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
    """What a policy needs to know of a person, signed in or not."""

    @property
    def is_authenticated(self) -> bool: ...

    def can(self, permission: Permission) -> bool: ...


class Contradiction(ValueError):
    """Two policies on one view that nobody can satisfy together."""


@dataclass(frozen=True)
class Policy:
    """Who may enter an endpoint.

    `who` is `everyone`; `readers`, everyone or members depending on the settings; `visitors`,
    people who are not signed in; `members`; `own`, members who find only what is theirs; or
    `permission`, those who have it.
    """

    who: str
    permission: Permission | None = None
    signing_up: bool = False  # only while the settings allow sign-ups

    def outcome(self, user: Visitor) -> str:
        """Return what happens to the person, in words for the access map."""
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
        """Return both policies combined; raise Contradiction if nobody could satisfy them."""
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
    """A 403 that names the missing permission."""

    def __init__(self, permission: Permission | None) -> None:
        super().__init__()
        self.permission = permission


class KeptBack(Forbidden):
    """A 403 for a member whose sanction forbids writing, or access."""


class SignUpClosed(Forbidden):
    """A 403 for sign-ups while the settings allow none, or only invitations."""


def require(policy: Policy) -> Response | None:
    """Return None if the current user may enter, else a redirect; or raise a Forbidden."""
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
    """Return the error: the role lacks the permission, or a sanction takes it away."""
    role = current_user.current_role
    granted = role is not None and role.has_permission(permission)
    return KeptBack() if granted else PermissionMissing(permission)


def require_permission(permission: Permission) -> None:
    """Guard one action within a view that is open to more people."""
    if refusal := require(Policy("permission", permission)):
        abort(refusal)


def require_speech() -> None:
    """Raise KeptBack if a sanction forbids the current user to write in public."""
    if not current_user.may_speak:
        raise KeptBack


def allow(answer: bool) -> None:
    """Abort with 403 if the answer of a rule, such as `editable_by`, is no."""
    if not answer:
        abort(403)


def public(view: View) -> View:
    """Open to everyone, unless another guard of the view says otherwise."""
    view.policy = EVERYONE.and_also(getattr(view, "policy", None))  # type: ignore[attr-defined]
    return view


def visitors_only(view: View) -> View:
    """Only for people who are not signed in; members are redirected to the home page."""
    return _guard(view, VISITORS)


def while_sign_up_is_open(view: View) -> View:
    """Only for visitors, and only while the settings allow sign-ups."""
    return _guard(view, SIGN_UP)


def login_required(view: View) -> View:
    """Only for members; visitors are asked to sign in and then return to the page."""
    return _guard(view, MEMBERS)


def readable(view: View) -> View:
    """Open to everyone or, if the settings say so, to members only."""
    return _guard(view, READERS)


def own_things(view: View) -> View:
    """Only for members; the view looks among their own things, and answers 404 for others."""
    return _guard(view, OWN)


def permission_required(permission: Permission) -> Callable[[View], View]:
    """Only for holders of the permission; other members get a 403 that names it."""
    return lambda view: _guard(view, Policy("permission", permission))


def admin_required(view: View) -> View:
    return permission_required(Permission.ADMIN)(view)


def gate(blueprint: Blueprint, permission: Permission) -> None:
    """Require a permission for every view of a blueprint."""
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

"""The access map: how each endpoint answers each kind of person.

It is computed from the policies that guard the views, and from what unconfirmed and suspended
members must deal with first.
"""

import re
from dataclasses import dataclass

from flask import current_app
from werkzeug.routing import Rule

from ..decorators import CLOSED, HOME, OPENS, OWN_ONLY, REFUSED, SIGN_IN, Policy
from ..models import Role
from ..permissions import Permission
from .policies import comes_first

CONVERTER = re.compile(r"<[^<>]*:(\w+)>")
LET_IN = (OPENS, OWN_ONLY)
CONFIRM = "must confirm first"
STANDING = "sent to their standing"
FIRST = {"auth.unconfirmed": CONFIRM, "account.standing": STANDING}
OUTCOMES = (OPENS, OWN_ONLY, SIGN_IN, HOME, CONFIRM, STANDING, CLOSED, REFUSED)
POLICIES = {
    "everyone": "open",
    "readers": "readers",
    "visitors": "visitors only",
    "members": "signed in",
    "own": "own content",
}


@dataclass(frozen=True)
class Kind:
    """A kind of person, with the attributes of a user that the guards use."""

    key: str  # in URLs and files
    name: str
    role: Role | None = None
    is_authenticated: bool = True
    is_confirmed: bool = True
    is_suspended: bool = False

    awaits_approval = is_silenced = False
    password_due_at = None

    def can(self, permission: Permission) -> bool:
        granted = self.role is not None and self.role.has_permission(permission)
        return granted and not self.is_suspended


@dataclass(frozen=True)
class Door:
    """An endpoint: its methods and URLs, its policy, and how it answers each kind of person."""

    endpoint: str
    methods: tuple[str, ...]
    urls: tuple[str, ...]
    policy: str
    outcomes: dict[str, str]  # words by the key of a kind

    def opens_to(self, key: str) -> bool:
        return self.outcomes[key] in LET_IN


def kinds_of(roles: list[Role]) -> list[Kind]:
    """Return the kinds: visitor, unconfirmed, suspended, and one for each role."""
    default = next((role for role in roles if role.default), None)
    visitor = Kind("visitor", "Visitor", is_authenticated=False, is_confirmed=False)
    newcomer = Kind("unconfirmed", "Unconfirmed", default, is_confirmed=False)
    suspended = Kind("suspended", "Suspended", default, is_suspended=True)
    return [
        visitor,
        newcomer,
        suspended,
        *(Kind(f"role {role.name}", role.name, role) for role in roles),
    ]


def access_map(kinds: list[Kind]) -> list[Door]:
    """Return a `Door` for each endpoint, sorted by name."""
    rules: dict[str, list[Rule]] = {}
    for rule in current_app.url_map.iter_rules():
        rules.setdefault(rule.endpoint, []).append(rule)
    return [_door(endpoint, rules[endpoint], kinds) for endpoint in sorted(rules)]


def policy_in_words(policy: Policy) -> str:
    """Return what a policy requires, and its permissions, in words."""
    names = " and ".join(Permission.names(policy.permission or 0))
    if policy.who == "permission":
        return names
    return f"{POLICIES[policy.who]} with {names}" if names else POLICIES[policy.who]


def short(url: str) -> str:
    """Return a URL rule without its converters: <id> for <id:id>."""
    return CONVERTER.sub(r"<\1>", url)


def _door(endpoint: str, rules: list[Rule], kinds: list[Kind]) -> Door:
    policy = current_app.extensions["access"][endpoint]
    methods = {method for rule in rules for method in rule.methods or ()} - {"HEAD", "OPTIONS"}
    return Door(
        endpoint=endpoint,
        methods=tuple(sorted(methods)),
        urls=tuple(sorted(rule.rule for rule in rules)),
        policy=policy_in_words(policy),
        outcomes={kind.key: _outcome(endpoint, policy, kind) for kind in kinds},
    )


def _outcome(endpoint: str, policy: Policy, kind: Kind) -> str:
    return FIRST.get(comes_first(endpoint, kind) or "") or policy.outcome(kind)

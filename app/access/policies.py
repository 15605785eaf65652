"""The policies of all endpoints. The site does not start if an endpoint has none."""

import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

from flask import Flask, current_app
from flask_login import current_user

from ..decorators import Contradiction, Policy, public
from ..models.users.user import User

SERVED_BY_LIBRARIES = ("static", "bootstrap.static")
OUTSIDE_THE_FENCES = {
    *SERVED_BY_LIBRARIES,
    "main.avatar",
    "main.moment_js",
    "main.picture",
    "main.healthz",
    "main.readyz",
    "account.end_view_as",
    "account.unsubscribe",
    "account.keep_account",
    "dev.mailbox",
    "auth.logout",
}
# For suspended members, besides auth.*: the reason, their data, an appeal.
WHILE_SUSPENDED = {
    "account.appeal",
    "account.appeal_comment",
    "account.appeal_post",
    "account.appeal_sanction",
    "account.ask_for_data",
    "account.data",
    "account.delete_account",
    "account.download_data",
    "main.page",
    "account.standing",
}
# For everyone while the site is frozen: sign in and out, keep the account safe, appeal.
WHILE_FROZEN = {
    "auth.change_password",
    "auth.change_email",
    "auth.confirm",
    "auth.login",
    "auth.logout",
    "auth.password_strength",
    "auth.resend_confirmation",
    "auth.reset",
    "auth.reset_request",
    "auth.revert_email",
    "account.appeal",
    "account.appeal_comment",
    "account.appeal_post",
    "account.appeal_sanction",
    "account.end_other_sessions",
    "account.end_session",
    "account.end_view_as",
    "account.open_notification",
    "account.unsubscribe",
    "account.keep_account",
}
WHILE_VIEWING = {
    "auth.logout",
    "account.end_view_as",
}  # for administrators who view the site as another role
WHERE_A_PASSWORD_IS_DUE = OUTSIDE_THE_FENCES | {"auth.change_password", "auth.password_strength"}


def init_app(app: Flask) -> None:
    for endpoint in SERVED_BY_LIBRARIES:
        app.view_functions[endpoint] = _declared_public(app.view_functions[endpoint])
    app.extensions["access"] = {rule.endpoint: None for rule in app.url_map.iter_rules()}
    for endpoint in app.extensions["access"]:
        app.extensions["access"][endpoint] = policy_of(app, endpoint)
    missing = [name for name, policy in app.extensions["access"].items() if policy is None]
    if missing:
        raise RuntimeError(
            "Nobody has said who may enter "
            + ", ".join(f"{name} ({_place(app.view_functions[name])})" for name in sorted(missing))
            + ". Put public, login_required or permission_required on the line above the view,"
            " or a gate on its blueprint."
        )
    app.add_template_global(may_open)


def policy_of(app: Flask, endpoint: str) -> Policy:
    """Return the combined policy of the guards of a view; None if it has none.

    Guards are the gates of its blueprint and of the blueprints around that, and its decorators.
    """
    names = endpoint.split(".")[:-1]
    inward = [".".join(names[: n + 1]) for n in range(len(names))]
    guarded = [*map(app.blueprints.get, inward), app.view_functions[endpoint]]
    policies = [getattr(thing, "policy", None) for thing in guarded]
    try:
        return reduce(lambda policy, other: other.and_also(policy), filter(None, policies), None)
    except Contradiction as error:
        place = _place(app.view_functions[endpoint])
        raise RuntimeError(f"Nobody may enter {endpoint} ({place}): it is {error}.") from None


def may_open(endpoint: str, user: User | None = None) -> bool:
    """Return whether the user, by default the current one, may open an endpoint."""
    user = current_user._get_current_object() if user is None else user
    policy = current_app.extensions["access"].get(endpoint)
    return policy is not None and policy.admits(user) and comes_first(endpoint, user) is None


def comes_first(endpoint: str, user: Any) -> str | None:
    """Return the endpoint that a member must deal with first; None if there is none."""
    if not user.is_authenticated or endpoint in OUTSIDE_THE_FENCES:
        return None
    if user.password_due_at and endpoint not in WHERE_A_PASSWORD_IS_DUE:
        return "auth.change_password"
    if endpoint.startswith("auth."):
        return None
    if not user.is_confirmed:
        return "auth.unconfirmed"
    if user.awaits_approval:
        return "auth.waiting"
    if user.is_suspended and endpoint not in WHILE_SUSPENDED:
        return "account.standing"
    return None


def _declared_public(view: Callable[..., Any]) -> Callable[..., Any]:
    def served(**values: Any) -> Any:
        return view(**values)

    return public(served)


def _place(view: Callable[..., Any]) -> str:
    view = inspect.unwrap(view)
    return f"{inspect.getsourcefile(view)}:{inspect.getsourcelines(view)[1]}"

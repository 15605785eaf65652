"""The access map: which policy guards which endpoint. Without one, the site does not start."""

import inspect

from flask import current_app
from flask_login import current_user

from .decorators import public

SERVED_BY_LIBRARIES = ("static", "bootstrap.static")
OUTSIDE_THE_FENCES = {
    *SERVED_BY_LIBRARIES,
    "main.avatar",
    "main.moment_js",
    "main.healthz",
    "main.readyz",
    "dev.mailbox",
    "auth.logout",
}
WHERE_A_PASSWORD_IS_DUE = OUTSIDE_THE_FENCES | {"auth.change_password", "auth.password_strength"}


def init_app(app):
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


def policy_of(app, endpoint):
    """Return the policy left on the view, else that of its blueprint's gate, else None."""
    view = app.view_functions[endpoint]
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    return getattr(view, "policy", None) or getattr(blueprint, "policy", None)


def may_open(endpoint, user=current_user):
    """Whether the person may enter: the question that links and landing pages ask."""
    policy = current_app.extensions["access"].get(endpoint)
    return policy is not None and policy.admits(user) and comes_first(endpoint, user) is None


def comes_first(endpoint, user):
    """Return the endpoint of what a member has to do before this one; None where nothing."""
    if not user.is_authenticated or endpoint in OUTSIDE_THE_FENCES:
        return None
    if user.password_due_at and endpoint not in WHERE_A_PASSWORD_IS_DUE:
        return "auth.change_password"
    if not user.is_confirmed and not endpoint.startswith("auth."):
        return "auth.unconfirmed"
    return None


def _declared_public(view):
    def served(**values):
        return view(**values)

    return public(served)


def _place(view):
    view = inspect.unwrap(view)
    return f"{inspect.getsourcefile(view)}:{inspect.getsourcelines(view)[1]}"

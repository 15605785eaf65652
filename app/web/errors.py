"""Error handlers, which answer with a page, or with JSON if the client prefers it."""

import time
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, render_template, request, url_for
from flask.globals import request_ctx
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from humanize import naturalsize
from sqlalchemy.exc import (
    DataError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)
from werkzeug.exceptions import Forbidden, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..access.policies import may_open
from ..decorators import KeptBack, PermissionMissing, Policy
from ..extensions import db, limiter, login_manager
from ..models import Role, RoleRequest
from ..models.fields import iso
from ..permissions import Permission
from ..text.dates import end_date
from .requests import actor, is_local, this_page
from .typed import came_from_here, park, typed_fields, typed_texts

TITLES = {
    400: "We couldn’t read that request",
    401: "Please sign in",
    403: "You don’t have access",
    404: "Page not found",
    405: "That’s not possible here",
    409: "That didn’t work",
    413: "That’s too large",
    414: "That link is too long",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "The site is temporarily unavailable",
}
WORDS = {
    400: "Something about it isn’t right. Go back and try again.",
    401: "You need to sign in for this.",
    403: "Your account doesn’t allow this.",
    404: "The page may have moved, or the link may have a typo.",
    405: "This link doesn’t accept that kind of request.",
    413: "You can send up to {} at once.",
    414: "Shorten it and try again. Search uses the first 200 characters.",
    429: "We limit this to prevent abuse.",
    500: "It’s our fault. We’ve logged the problem with the number below.",
    503: "Try again in a moment. Nothing you saved is lost.",
}
STALE_TITLE = "This form has expired"
STALE_FORM = (
    "You signed in or out after opening it. Open it again. Your browser’s Back button may bring"
    " back what you typed."
)
KEPT_FORM = (
    "You signed in or out after opening it. We kept what you typed: go back to the form, check it,"
    " and send it."
)
KEPT_TEXT = "You signed in or out after opening it. Your text is below: send it again."
SILENCED = "You’re silenced{}: you can read but not write."
SUSPENDED = "Your account is suspended{}."
GONE = "This was deleted or hidden in the meantime."
AWAY = OperationalError, InterfaceError, ProgrammingError, TimeoutError
LONGEST_ACCEPT = 1000
DATABASE_AWAY = 5  # seconds for Retry-After


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(KeptBack, show_sanction)
    app.register_error_handler(PermissionMissing, show_missing_permission)
    app.register_error_handler(RateLimitExceeded, show_limit)
    app.register_error_handler(DataError, show_bad_data)
    for kind in AWAY:
        app.register_error_handler(kind, show_database_away)
    app.register_error_handler(Exception, show_fault)


def show(error: HTTPException) -> BaseResponse | HTTPException:
    """Handle any HTTP error; redirects and responses made by a view are returned unchanged."""
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    facts: dict[str, Any] = {}
    if error.code in (403, 409) and error.description != Forbidden.description:
        facts["words"] = error.description  # the view gave a reason
    if error.code in (403, 404, 409, 413, 429):
        facts |= kept_text()
    if error.code == 404 and "kept" in facts:
        facts["words"] = GONE
    if seconds := getattr(error, "retry_after", None):
        facts["retry_after"] = seconds
    if error.code == 400 and current_app.debug and "not trusted" in (error.description or ""):
        facts["words"] = f"{error.description} Name this host in TRUSTED_HOSTS to allow it."
    if error.code == 413:
        facts |= way_back()
        facts["words"] = WORDS[413].format(
            naturalsize(request.max_content_length or 0, format="%.0f")
        )
    if request_ctx.url_adapter is None:  # an unknown Host, so no URL was matched
        request_ctx.url_adapter, facts["bare"] = current_app.url_map.bind(""), True
    response = answer(error.code, **facts)
    response.allow.update(getattr(error, "valid_methods", None) or ())
    return response


def kept_text() -> dict[str, Any]:
    """Return what was typed into a refused form, for the error page, and where the form was.

    Only for members, or if the browser says that a page of this site sent the form.
    """
    texts = typed_texts()
    if not texts or not (current_user.is_authenticated or came_from_here()):
        return {}
    return {"kept": texts, "before": page_before()}


def page_before() -> str | None:
    """Return the path of the referring page if it is on this site."""
    path = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    return path if is_local(path) else None


def show_stale_form(error: CSRFError) -> BaseResponse:
    """Handle an expired CSRF token: show what was typed again, with a fresh token (R-12).

    That is safe for members, since forms of other sites are sent without their cookie, and if the
    browser says that a page of this site sent the form. Visitors get it back after signing in.
    """
    is_member = current_user.is_authenticated
    if not (is_member or came_from_here()):
        return answer(400, title=STALE_TITLE, words=STALE_FORM, **way_back())
    if not is_member and park() and not (request.endpoint or "").startswith("auth."):
        return login_manager.unauthorized()
    facts: dict[str, Any] = {"words": STALE_FORM, **way_back()}
    text = request.form.get("body")
    if text and "back" in facts and is_member and list(typed_texts()) == ["Your text"]:
        facts |= dict(
            typed=text,
            version=request.form.get("version"),
            key=request.form.get("key", ""),
            words=KEPT_TEXT,
        )
    elif "back" in facts and typed_fields():
        facts |= dict(fields=typed_fields(), words=KEPT_FORM)
    return answer(400, title=STALE_TITLE, **facts)


def way_back() -> dict[str, Any]:
    """Return the URL of the form that was sent, as `back`, if it can be opened by GET."""
    back = this_page()
    is_page = request.url_rule is not None and "GET" in (request.url_rule.methods or ())
    return {"back": back} if is_page and is_local(back) else {}


def show_missing_permission(error: PermissionMissing) -> Response:
    """Name all missing permissions, including those that the policy of the endpoint requires."""
    policy: Policy | None = current_app.extensions["access"].get(request.endpoint)
    nothing = Permission(0)
    asked = (error.permission or nothing) | ((policy and policy.permission) or nothing)
    held = current_user.current_role.permissions if current_user.current_role else 0
    holders = db.session.scalars(Role.granting(asked)).all()
    facts = ways_to_ask(holders) if may_open("account.ask_for_role") else {}
    facts["missing"] = Permission.names(asked & ~held)
    facts |= kept_text()
    return answer(403, holders=[role.name for role in holders], **facts)


def show_sanction(error: KeptBack) -> Response:
    """Name the sanction, its end, and the page with its reason."""
    until = current_user.kept_until
    end = f" until {end_date(until)}" if until else ""
    words = (SUSPENDED if current_user.is_suspended else SILENCED).format(end)
    facts = {"until": iso(until) if until else None, **kept_text()}
    facts["standing"] = url_for("account.standing")
    return answer(403, title="Your account is restricted", words=words, **facts)


def ways_to_ask(roles: Iterable[Role]) -> dict[str, Any]:
    """Return the roles that the member can request, or the one whose request is pending."""
    roles = [role for role in roles if role.requestable]
    if not roles or current_user.viewed_role is not None:
        return {"ask": []}  # viewing the site as another role
    asked = RoleRequest.open_of(actor())
    if asked is None:
        return {"ask": [_way(role) for role in roles]}
    return {"ask": [], "waits": _way(asked.role)}


def _way(role: Role) -> dict[str, str]:
    return {"role": role.name, "url": url_for("account.ask_for_role", id=role.id)}


def show_limit(error: RateLimitExceeded) -> Response:
    """Handle the general limit on writing, which Flask-Limiter counts."""
    limit = limiter.current_limit
    seconds = max(1, int(limit.reset_at - time.time())) if limit else 60
    return answer(429, retry_after=seconds, **kept_text())


def show_bad_data(error: DataError) -> Response:
    """Handle a value that PostgreSQL refuses and that no form has caught."""
    db.session.rollback()
    return answer(400)


def show_database_away(error: Exception) -> Response:
    words = getattr(error, "orig", None) or error.__class__.__name__
    ours = isinstance(error, ProgrammingError)  # a missing table, or a bug
    current_app.logger.error("The database did not answer: %s", words, exc_info=ours)
    db.session.remove()
    return answer(503, retry_after=DATABASE_AWAY, bare=True)


def show_fault(error: Exception) -> Response:
    current_app.logger.exception("request %s failed", g.get("request_id", "-"))
    db.session.remove()
    return answer(500, bare=True)


def answer(
    code: int,
    *,
    title: str | None = None,
    words: str | None = None,
    retry_after: float | None = None,
    bare: bool = False,
    **facts: Any,
) -> Response:
    """Return the error as a page or as JSON; with `bare`, without queries."""
    title = title or TITLES.get(code, "That didn’t work")
    facts = {"code": code, "title": title, **facts}
    facts["words"] = words or WORDS.get(code, "Go back and try again.")
    facts["request_id"] = g.get("request_id", "-")
    if retry_after:
        facts["retry_after"] = retry_after
    if bare:
        g.database_away = True
        g._login_user = login_manager.anonymous_user()  # else Flask-Login queries the database
    if prefers_json():
        response = jsonify(error=facts)
    else:
        try:
            page = render_template("errors/error.html", bare=bare, **facts)
        except AWAY as error:  # while loading the user
            return show_database_away(error)
        response = current_app.make_response(page)
    response.status_code = code
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def prefers_json() -> bool:
    if len(request.headers.get("Accept", "")) > LONGEST_ACCEPT:
        return False  # parsing it would take longer than rendering the page
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]

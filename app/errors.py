"""Errors, as a page, and with the same facts as JSON where JSON was asked for."""

import time

from flask import current_app, g, jsonify, render_template, request
from flask.globals import request_ctx
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import (
    DataError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)
from werkzeug.exceptions import HTTPException

from .decorators import PermissionMissing
from .extensions import db, limiter, login_manager
from .models import Role
from .permissions import Permission
from .security import is_local

TITLES = {
    400: "That request could not be read",
    401: "Please sign in",
    403: "You may not open this",
    404: "There is nothing here",
    405: "That cannot be done here",
    413: "That is too much at once",
    429: "Too many tries",
    500: "Something broke",
    503: "The site is not well just now",
}
WORDS = {
    400: "Something in it cannot be meant as it came. Go back, and try once more.",
    401: "This is for people who are signed in.",
    403: "Your account does not allow this.",
    404: "The page may have moved, or the address has a typing mistake.",
    405: "This address takes requests of another kind.",
    413: "A request may hold one megabyte at most.",
    429: "To keep guessing and flooding out, this has a limit.",
    500: "The fault is ours. It has been noted, with the number below.",
    503: "Please try again in a moment; nothing that you had saved is lost.",
}
STALE_TITLE = "This form is out of date"
STALE_FORM = (
    "You have signed in or out since it was opened. Open it again; if you had typed something"
    " long, your browser's Back button brings it back."
)
AWAY = OperationalError, InterfaceError, ProgrammingError, TimeoutError
LONGEST_ACCEPT = 1000
DATABASE_AWAY = 5  # seconds after which to try again


def init_app(app):
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(PermissionMissing, show_missing_permission)
    app.register_error_handler(RateLimitExceeded, show_limit)
    app.register_error_handler(DataError, show_bad_data)
    for kind in AWAY:
        app.register_error_handler(kind, show_database_away)
    app.register_error_handler(Exception, show_fault)


def show(error):
    """Answer any HTTP error; redirects and answers that a view made itself pass as they are."""
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    facts = {}
    if seconds := getattr(error, "retry_after", None):
        facts["retry_after"] = seconds
    if error.code == 400 and current_app.debug and "not trusted" in (error.description or ""):
        facts["words"] = f"{error.description} Name this host in TRUSTED_HOSTS to allow it."
    if request_ctx.url_adapter is None:  # the Host is none of ours, so no address was looked up
        request_ctx.url_adapter, facts["bare"] = current_app.url_map.bind(""), True
    response = answer(error.code, **facts)
    response.allow.update(getattr(error, "valid_methods", None) or ())
    return response


def show_stale_form(error):
    back = request.full_path.rstrip("?")
    facts = {"back": back} if is_local(back) and "GET" in request.url_rule.methods else {}
    return answer(400, title=STALE_TITLE, words=STALE_FORM, **facts)


def show_missing_permission(error):
    held = current_user.role.permissions if current_user.role else 0
    names = Permission.names(error.permission & ~held)
    holders = db.session.scalars(Role.granting(error.permission)).all()
    return answer(403, missing=names, holders=[role.name for role in holders])


def show_limit(error):
    """The loose limit on writing, which the extension counts."""
    limit = limiter.current_limit
    return answer(429, retry_after=max(1, int(limit.reset_at - time.time())) if limit else 60)


def show_bad_data(error):
    """PostgreSQL refuses what no column can hold. Forms catch it first; this is the net below."""
    db.session.rollback()
    return answer(400)


def show_database_away(error):
    words = getattr(error, "orig", None) or error.__class__.__name__
    ours = isinstance(error, ProgrammingError)  # a table that is missing, or a fault of ours
    current_app.logger.error("The database did not answer: %s", words, exc_info=ours)
    db.session.remove()
    return answer(503, retry_after=DATABASE_AWAY, bare=True)


def show_fault(error):
    current_app.logger.exception("request %s failed", g.get("request_id", "-"))
    db.session.remove()
    return answer(500, bare=True)


def answer(code, *, title=None, words=None, retry_after=None, bare=False, **facts):
    """Return the error page, or its JSON twin; `bare` asks the database nothing."""
    title = title or TITLES.get(code, "That did not work")
    facts = {"code": code, "title": title, **facts}
    facts["words"] = words or WORDS.get(code, "Please go back and try again.")
    facts["request_id"] = g.get("request_id", "-")
    if retry_after:
        facts["retry_after"] = retry_after
    if bare:
        g._login_user = login_manager.anonymous_user()  # else Flask-Login asks the database
    if prefers_json():
        response = jsonify(error=facts)
    else:
        try:
            page = render_template("errors/error.html", bare=bare, **facts)
        except AWAY as error:  # on the way to who is reading
            return show_database_away(error)
        response = current_app.make_response(page)
    response.status_code = code
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def prefers_json():
    if len(request.headers.get("Accept", "")) > LONGEST_ACCEPT:
        return False  # reading it would take longer than the page
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]

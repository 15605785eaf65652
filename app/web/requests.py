"""Requests: WSGI middleware, refusal of malformed input, security headers, and a safe `next`."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from posixpath import normpath
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, abort, current_app, g, has_request_context, redirect, request
from flask_login import current_user
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from wtforms import Field

from ..access.policies import may_open
from ..extensions import Model, db, login_manager
from ..models.users.user import AnonymousUser, User
from ..security.rate_limits import ASKED_AGAIN
from .cookies import name_by_port

Answer = TypeVar("Answer")
View = TypeVar("View", bound=Callable[..., Any])

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
LONGEST_FORM = 256 * 1024  # bytes; files are sent as multipart
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
POLICY_WORDS = "; ".join(f"{name} {source}" for name, source in POLICY.items())
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
VIEWED = "viewed_role"  # the session key for the role in “view as”
LOCAL_PATH = re.compile(
    r"/(?!/)[!-\[\]-~]*"
)  # printable ASCII without backslash, which browsers treat as a slash


class Body:
    """The body of a request, whose errors while reading become a 400, as the client causes them.

    Servers raise their own errors, such as for a chunk with an invalid size (R-89).
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, *size: int) -> bytes:
        return self._ask(self._stream.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._ask(self._stream.readline, *size)

    def readlines(self, *hint: int) -> list[bytes]:
        return self._ask(self._stream.readlines, *hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _ask(self, question: Callable[..., Answer], *values: int) -> Answer:
        try:
            return question(*values)
        except HTTPException:
            raise
        except Exception as error:
            raise ClientDisconnected from error


def guard_body(wsgi_app: WSGIApplication) -> WSGIApplication:
    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = environ["wsgi.input"] and Body(environ["wsgi.input"])
        return wsgi_app(environ, start_response)

    return guarded


def mount(wsgi_app: WSGIApplication, path: str, *, has_proxy: bool) -> WSGIApplication:
    """Return a WSGI app that serves the site under a path, and redirects other paths below it.

    A proxy that strips the path must send it as X-Forwarded-Prefix.
    """

    def mounted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ["PATH_INFO"]
        is_stripped = has_proxy and environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/") == path
        if not environ.get("SCRIPT_NAME"):
            if f"{asked}/".startswith(f"{path}/"):
                environ["PATH_INFO"] = asked[len(path) :]
            elif not is_stripped:
                question = environ.get("QUERY_STRING")
                there = f"{path}{quote(asked)}" + (f"?{question}" if question else "")
                return redirect(there, 308)(environ, start_response)
            environ["SCRIPT_NAME"] = path
        return wsgi_app(environ, start_response)

    return mounted


def init_app(app: Flask) -> None:
    served: WSGIApplication = guard_body(app.wsgi_app)
    if app.config["COOKIES_BY_PORT"]:
        served = name_by_port(served)
    if app.config["APPLICATION_ROOT"] != "/":
        root, has_proxy = app.config["APPLICATION_ROOT"], app.config["PROXY_COUNT"] > 0
        served = mount(served, root, has_proxy=has_proxy)
    if proxies := app.config["PROXY_COUNT"]:
        served = ProxyFix(served, x_for=proxies, x_proto=proxies, x_host=0)
    app.wsgi_app = served  # type: ignore[assignment,method-assign] # as Flask's documentation does
    app.before_request(number_request)
    app.before_request(allow_upload)
    app.before_request(refuse_junk)
    app.after_request(set_headers)
    app.add_template_global(csp_nonce)
    app.add_template_global(this_page)
    app.add_template_global(site_link)


def number_request() -> None:
    g.request_id = secrets.token_hex(8)


def takes_files(largest: int) -> Callable[[View], View]:
    """Decorate a view to accept a body of up to `largest` bytes; see `allow_upload`."""

    def mark(view: View) -> View:
        view.largest_upload = largest  # type: ignore[attr-defined]
        return view

    return mark


def allow_upload() -> None:
    """Raise the limit on the body for views that take files, if the user may open them.

    It must run first, as the first access to a form reads all of the body.
    """
    endpoint = request.endpoint or ""
    largest = getattr(current_app.view_functions.get(endpoint), "largest_upload", None)
    if largest and request.mimetype == MULTIPART and may_open(endpoint):
        request.max_content_length = largest


def refuse_junk() -> None:
    """Abort with 400 for text with control characters such as NUL, or invalid UTF-8 (R-86)."""
    if request.endpoint is None:
        return  # no view will read it
    texts = [request.path, *_texts(request.args)]
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        if request.mimetype == URLENCODED:
            body = request.get_data()
            if len(body) > LONGEST_FORM:
                abort(413)
            if is_broken(body):
                abort(400, "The text is not UTF-8.")
        if (
            None in request.form or None in request.files
        ):  # Flask-WTF expects each name to be a string
            abort(400, "A field has no name.")
        texts += _texts(request.form)
        texts += [file.filename or "" for file in request.files.values()]
    if is_broken(request.query_string) or any(is_junk(text) for text in texts):
        abort(400, "The text holds characters that cannot be stored.")


def is_broken(encoded: bytes) -> bool:
    """Return whether percent-encoded bytes are invalid UTF-8, which Werkzeug would keep as %FF."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return True
    return False


def is_junk(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return False
    if "\ufffd" in text:  # Werkzeug's replacement for invalid UTF-8
        return True
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text)


def set_headers(response: Response) -> Response:
    policy, headers = POLICY_WORDS, response.headers
    if nonce := g.get("csp_nonce"):
        policy = policy.replace("script-src", f"script-src 'nonce-{nonce}'")
    headers["Content-Security-Policy"] = policy
    headers.update(HEADERS)
    if "token" in (request.view_args or {}):  # the URL of such a page is secret
        headers["Referrer-Policy"] = "no-referrer"
    headers["X-Request-ID"] = g.get("request_id", "-")
    if current_app.config["SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if request.environ.get("SERVER_SOFTWARE", "").startswith("Werkzeug"):
        headers["Server"] = "Offbrand"  # hides the versions of the development server
    return response


def csp_nonce() -> str:
    """Return the nonce of this request; once used, it becomes part of the policy."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def is_local(target: str | None) -> bool:
    """Return whether a `next` leads to a page of this site in every browser (R-01)."""
    if not target or not LOCAL_PATH.fullmatch(target):
        return False
    path, root = target.partition("?")[0], request.script_root if has_request_context() else ""
    if "//" in path:
        return False
    return not root or f"{normpath(unquote(path))}/".startswith(f"{root}/")


def this_page() -> str:
    """Return the path and query string of this request, in a form that `is_local` accepts."""
    return with_question(quote(request.script_root + request.path))


def with_question(path: str) -> str:
    """Return a path with the query string of this request."""
    question = quote(request.query_string, safe="!$%&'()*+,/:;=?@")
    return f"{path}?{question}" if question else path


def back_to(default: str | None) -> str | None:
    """Return the `next` of the form if it is local, else the default."""
    wanted = request.form.get("next")
    return wanted if is_local(wanted) else default


def actor() -> User | AnonymousUser:
    """Return the current user: the object itself, not Flask-Login's proxy."""
    return current_user._get_current_object()


def read_for_change(thing: Model) -> None:
    """On a POST, lock the row and read it again, so that the form compares the row it changes.

    See conflicts.py.
    """
    if request.method == "POST":
        db.session.refresh(thing, with_for_update={"of": type(thing), "key_share": True})


def undo() -> None:
    """Roll back. If the user was deleted meanwhile, go on as a visitor."""
    person = actor()
    db.session.rollback()
    try:
        person.id  # noqa: B018 - which queries the database again
    except ObjectDeletedError:
        g._login_user = login_manager.anonymous_user()


def right_password(person: User, field: Field) -> bool:
    """Return whether the field has the user's password; else set the field's error."""
    ASKED_AGAIN.take(person.id)
    if person.verify_password(field.data):
        ASKED_AGAIN.clear(person.id)
        return True
    field.errors = ["That’s not your password."]
    return False


def site_link(endpoint: str, **values: Any) -> str:
    """Return an absolute URL on the configured site, whatever the Host header says (R-03)."""
    site = urlsplit(current_app.config["SITE_URL"] or _place_of_request())
    adapter = current_app.url_map.bind(
        site.netloc, script_name=site.path or "/", url_scheme=site.scheme
    )
    return adapter.build(endpoint, values, force_external=True)


def _place_of_request() -> str:
    """Return the root URL of the request; outside of requests, one for SERVER_NAME."""
    if request:
        return request.root_url.rstrip("/")
    host = current_app.config["SERVER_NAME"] or f"localhost:{current_app.config['PORT']}"
    return f"http://{host}{current_app.config['APPLICATION_ROOT']}".rstrip("/")


def _texts(values: MultiDict[str, str]) -> Iterator[str]:
    for name, many in values.lists():
        yield name or ""  # parts of a multipart body may have no name
        yield from many

"""Headers on every answer, junk refused before any view, a safe `next`, and who acts."""

import re
import secrets
import unicodedata
from urllib.parse import unquote_to_bytes

from flask import abort, current_app, g, request
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

URLENCODED = "application/x-www-form-urlencoded"
LONGEST_FORM = 256 * 1024  # bytes; longer ones are for files, which come in parts
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
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
LOCAL_PATH = re.compile(
    r"/(?!/)[!-\[\]-~]*"
)  # printable ASCII without backslash: browsers bend that


def init_app(app):
    if proxies := app.config["PROXY_COUNT"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)
    app.before_request(number_request)
    app.before_request(refuse_junk)
    app.after_request(set_headers)
    app.add_template_global(csp_nonce)


def number_request():
    g.request_id = secrets.token_hex(8)


def refuse_junk():
    """400 for text that no form of ours can mean: NUL and other controls, broken UTF-8 (R-86)."""
    if request.endpoint is None:
        return  # nothing will read it
    texts = [request.path, *_texts(request.args)]
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        if request.mimetype == URLENCODED:
            body = request.get_data()
            if len(body) > LONGEST_FORM:
                abort(413)
            if is_broken(body):
                abort(400, "The text is not UTF-8.")
        texts += _texts(request.form)
        texts += [file.filename or "" for file in request.files.values()]
    if is_broken(request.query_string) or any(is_junk(text) for text in texts):
        abort(400, "The text holds characters that cannot be stored.")


def is_broken(encoded):
    """Whether percent-encoded bytes are no UTF-8; Werkzeug would spell them out as %FF."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return True
    return False


def is_junk(text):
    if text.isascii() and text.isprintable():
        return False
    if "\ufffd" in text:  # what Werkzeug makes of broken UTF-8
        return True
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text)


def set_headers(response):
    policy = dict(POLICY)
    if nonce := g.get("csp_nonce"):
        policy["script-src"] += f" 'nonce-{nonce}'"
    headers = response.headers
    headers["Content-Security-Policy"] = "; ".join(f"{k} {v}" for k, v in policy.items())
    headers.update(HEADERS)
    if "token" in (request.view_args or {}):  # the address of such a page is a secret
        headers["Referrer-Policy"] = "no-referrer"
    headers["X-Request-ID"] = g.get("request_id", "-")
    if current_app.config["SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if request.environ.get("SERVER_SOFTWARE", "").startswith("Werkzeug"):
        headers["Server"] = "Offbrand"  # the development server would tell its versions
    return response


def csp_nonce():
    """Return this request's nonce; the policy names it once a template has asked for it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def is_local(target):
    """Whether a browser that follows this `next` stays on this host (R-01)."""
    if not target or not LOCAL_PATH.fullmatch(target):
        return False
    return "//" not in target.partition("?")[0]


def actor():
    """Return the person who acts: the model, not Flask-Login's proxy for it."""
    return current_user._get_current_object()


def site_link(endpoint, **values):
    """Return a link that names the configured site, whatever Host a request claims (R-03)."""
    base = current_app.config["SITE_URL"]
    if base is None:
        host = current_app.config["SERVER_NAME"] or "localhost:5000"
        base = request.host_url if request else f"http://{host}"
    scheme, _, host = base.rstrip("/").partition("://")
    adapter = current_app.url_map.bind(host, url_scheme=scheme)
    return adapter.build(endpoint, values, force_external=True)


def _texts(values):
    for name, many in values.lists():
        yield name or ""  # a part of a multipart body may have none
        yield from many

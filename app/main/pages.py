"""The landing page, and what pages are made of."""

import re

from flask import abort, current_app, render_template
from flask_moment import moment

from ..avatars import identicon
from ..decorators import public
from ..extensions import db
from ..models import User
from .blueprint import main

NEWEST = 12
AVATAR_KEY = re.compile(r"[0-9a-f]{32}")
A_YEAR = "public, max-age=31536000, immutable"


@main.route("/")
@public
def index():
    """Visitors are welcomed; members see who is here and what they can do."""
    newest = db.session.scalars(User.newest().limit(NEWEST)).all()
    return render_template("main/index.html", newest=newest)


@main.route("/avatar/<key>.svg")
@public
def avatar(key):
    """Return the picture of a key; it says nothing about whose it is."""
    if not AVATAR_KEY.fullmatch(key):
        abort(404)
    return _asset(identicon(key), "image/svg+xml", A_YEAR)


@main.route("/moment.js")
@public
def moment_js():
    """Serve Flask-Moment's script as a file of ours, so that the policy needs no inline script."""
    return _asset(moment.flask_moment_js(), "text/javascript", "public, max-age=86400")


def _asset(body, mimetype, caching):
    response = current_app.response_class(body, mimetype=mimetype)
    response.headers["Cache-Control"] = caching
    return response

"""The home page with its feeds, and identicons."""

import re

from flask import abort, current_app, redirect, render_template, request, url_for
from flask_moment import moment

from ..decorators import login_required, public, require_permission
from ..extensions import db
from ..images.identicon import identicon
from ..models import Post
from ..models.reading.feed import ALL, FOLLOWED, everything, followed
from ..models.site.setting import current_settings
from ..permissions import Permission
from ..web.requests import actor
from ..web.templating import post_url
from .blueprint import main
from .forms import PostForm
from .writing import page_with_form, publish_once

AVATAR_KEY = re.compile(r"[0-9a-f]{32}")
A_YEAR = "public, max-age=31536000, immutable"


@main.route("/", methods=["GET", "POST"])
@public
def index():
    """Welcome visitors; show members their feed and a form."""
    person = actor()
    if request.method == "POST":
        require_permission(Permission.WRITE)
    form = PostForm() if person.can(Permission.WRITE) else None  # a form starts a session
    if form and form.validate_on_submit() and (post := publish_once(Post, form)):
        in_feed = url_for("main.index", _anchor=f"post-{post.id}")
        return redirect(post_url(post.id) if post.is_held else in_feed)
    page = render_template("main/index.html", page=home_feed(person), form=form)
    return page_with_form(page, form)


def home_feed(person):
    """Return a page of the chosen feed; None if visitors can’t read."""
    settings = current_settings()
    if not person.is_authenticated:
        return None if settings.members_only else everything(person, size=settings.posts_per_page)
    choice = followed if person.home_feed == FOLLOWED else everything
    return choice(person, size=settings.posts_per_page)


@main.route("/feed", methods=["POST"])
@login_required
def choose_feed():
    choice = request.form.get("feed")
    if choice in (ALL, FOLLOWED):
        actor().home_feed = choice
        db.session.commit()
    return redirect(url_for("main.index"))


@main.route("/avatar/<key>.svg")
@public
def avatar(key):
    """Return the identicon of a key, which reveals no name."""
    if not AVATAR_KEY.fullmatch(key):
        abort(404)
    return _asset(identicon(key), "image/svg+xml", A_YEAR)


@main.route("/moment.js")
@public
def moment_js():
    """Serve Flask-Moment’s inline script as a file, as the content security policy requires."""
    return _asset(moment.flask_moment_js(), "text/javascript", "public, max-age=86400")


def _asset(body, mimetype, caching):
    response = current_app.response_class(body, mimetype=mimetype)
    response.headers["Cache-Control"] = caching
    return response

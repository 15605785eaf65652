"""Likes and bookmarks."""

from flask import abort, redirect, render_template, url_for
from sqlalchemy.exc import IntegrityError

from ..decorators import allow, login_required
from ..extensions import db
from ..models import Bookmark, Like, Post
from ..models.reading.bookmarks import bookmarked
from ..models.site.setting import current_settings
from ..web.actions import report_result
from ..web.requests import actor, back_to
from .blueprint import main
from .writing import find_content


@main.route("/post/<id:id>/like", methods=["POST"])
@login_required
def like(id):
    return mark(id, Like.add)


@main.route("/post/<id:id>/unlike", methods=["POST"])
@login_required
def unlike(id):
    return mark(id, Like.remove)


@main.route("/post/<id:id>/bookmark", methods=["POST"])
@login_required
def bookmark(id):
    return mark(id, Bookmark.add)


@main.route("/post/<id:id>/unbookmark", methods=["POST"])
@login_required
def unbookmark(id):
    return mark(id, Bookmark.remove)


@main.route("/bookmarks")
@login_required
def bookmarks():
    page = bookmarked(actor(), size=current_settings().posts_per_page)
    return render_template("main/bookmarks.html", page=page)


def mark(id, verb, words=None, same=None):
    """Set or remove a mark on a post, and return to the page; flash `words` if given.

    `same`: where nothing was changed.
    """
    post = find_content(Post, id)
    allow(post.markable_by(actor()))
    try:
        done = verb(post, by=actor())
    except IntegrityError:  # purged a moment ago
        db.session.rollback()
        abort(404)
    db.session.commit()
    if words:
        report_result(done, words, same)
    return redirect(back_to(url_for("main.post", id=id)))

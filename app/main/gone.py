"""The page of a hidden or deleted post, for people who commented on it."""

from flask import abort, render_template

from ..extensions import db
from ..models import Comment, Post
from ..web.requests import actor


def gone_post(id):
    """Show why a post is gone, with the viewer’s own comments; 404 for others."""
    post, person = db.session.get(Post, id), actor()
    comments = db.session.scalars(Comment.of_author_on(id, person)).all() if post else []
    if not comments:
        abort(404)
    return render_template("main/gone_post.html", post=post, comments=comments), 404

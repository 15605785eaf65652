"""Posts with their comments: writing, editing, deleting, closing."""

from flask import abort, redirect, render_template, request, url_for

from ..decorators import login_required, readable, require_permission
from ..models import Comment, Post
from ..models.reading.thread import post_card, thread
from ..models.site.setting import current_settings
from ..permissions import Permission
from ..web.requests import actor
from ..web.templating import content_url
from .blueprint import main
from .comments import comment_place, quoted
from .forms import CommentForm
from .gone import gone_post
from .writing import change_own, edit, find_content, page_with_form, publish_once


@main.route("/post/<id:id>", methods=["GET", "POST"])
@readable
def post(id):
    form = CommentForm()
    if form.is_submitted():
        require_permission(Permission.COMMENT)
    post = post_card(id, actor())
    if post is None:
        return gone_post(id)
    if "quote" in request.args and not form.is_submitted() and post.commentable_by(actor()):
        form.body.data = quoted(post)
    if post.commentable_by(actor()) and form.validate_on_submit():
        if comment := publish_once(Comment, form, post):
            return redirect(comment_place(comment))
        post = find_card(id)
    page = thread(id, actor(), size=current_settings().posts_per_page)
    refused = form.is_submitted() and not post.commentable_by(actor())
    facts = dict(post=post, comments=page, form=form, refused=refused)
    return page_with_form(render_template("main/post.html", **facts), form, 403 if refused else 200)


@main.route("/post/<id:id>/edit", methods=["GET", "POST"])
@login_required
def edit_post(id):
    return edit(find_content(Post, id), content_url)


@main.route("/post/<id:id>/delete", methods=["POST"])
@login_required
def delete_post(id):
    post = find_content(Post, id)
    change_own(post.delete, post.deletable_by, "Post deleted.", "The post was already deleted.")
    return redirect(url_for("main.index"))


@main.route("/post/<id:id>/close", methods=["POST"])
@login_required
def close_post(id):
    post, same = find_content(Post, id), "The post was already closed to comments."
    change_own(post.close, post.closable_by, "Post closed to comments.", same)
    return redirect(url_for("main.post", id=id))


@main.route("/post/<id:id>/open", methods=["POST"])
@login_required
def open_post(id):
    post, same = find_content(Post, id), "The post was already open to comments."
    change_own(post.reopen, post.closable_by, "Post open to comments again.", same)
    return redirect(url_for("main.post", id=id))


def find_card(id):
    """Return the card of a post that the viewer can see; else 404."""
    return post_card(id, actor()) or abort(404)

"""Comments: links to one, editing and deleting."""

from flask import flash, redirect, request, url_for

from ..decorators import login_required, readable
from ..extensions import db
from ..models import Comment
from ..models.reading.thread import page_with
from ..models.site.setting import current_settings
from ..web.requests import actor, back_to
from .blueprint import main
from .writing import change_own, edit, find_content, quote


@main.route("/comment/<id:id>")
@readable
def comment(id):
    """Redirect to the comment on the page of its post."""
    comment = find_content(Comment, id)
    if actor().is_authenticated and comment.author and actor().has_muted(comment.author):
        flash(f"You muted {comment.author.username}, so this comment isn’t shown.", "info")
    return redirect(comment_place(comment))


@main.route("/comment/<id:id>/edit", methods=["GET", "POST"])
@login_required
def edit_comment(id):
    return edit(find_content(Comment, id), comment_place)


@main.route("/comment/<id:id>/delete", methods=["POST"])
@login_required
def delete_comment(id):
    comment = find_content(Comment, id)
    same = "The comment was already deleted."
    change_own(comment.delete, comment.deletable_by, "Comment deleted.", same)
    return redirect(back_to(url_for("main.post", id=comment.post_id, _anchor="comments")))


def comment_place(comment):
    """Return the URL of the page of the post that shows the comment."""
    after = page_with(comment, actor(), size=current_settings().posts_per_page)
    place = dict(id=comment.post_id, _anchor=f"comment-{comment.id}")
    return url_for("main.post", after=after, **place)


def quoted(post):
    """Return a quotation of the comment named in the query string, or "".

    It has to be one of this post that everybody may read.
    """
    id = request.args.get("quote", "")
    if not (id.isascii() and id.isdigit() and len(id) < 10):
        return None
    here = Comment.id == int(id), Comment.post_id == post.id
    comment = db.session.scalar(db.select(Comment).where(*here, *Comment.shown()))
    return quote(comment) if comment else None

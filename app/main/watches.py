"""Watching a post: being notified of its comments."""

from ..decorators import login_required
from ..models import Watch
from .blueprint import main
from .marks import mark


@main.route("/post/<id:id>/watch", methods=["POST"])
@login_required
def watch(id):
    words = "You’ll be notified of new comments.", "You’re already watching this post."
    return mark(id, Watch.start, *words)


@main.route("/post/<id:id>/unwatch", methods=["POST"])
@login_required
def unwatch(id):
    words = "You’re no longer watching this post.", "You weren’t watching this post."
    return mark(id, Watch.stop, *words)

"""Watching a post: being told of each answer to it."""

from ..decorators import login_required
from ..models import Watch
from .blueprint import main
from .marks import mark


@main.route("/post/<int(max=2147483647):id>/watch", methods=["POST"])
@login_required
def watch(id):
    words = "You are told of new answers to this post.", "You were watching this post already."
    return mark(id, Watch.start, *words)


@main.route("/post/<int(max=2147483647):id>/unwatch", methods=["POST"])
@login_required
def unwatch(id):
    words = "You are no longer told of answers to this post.", "You were not watching this post."
    return mark(id, Watch.stop, *words)

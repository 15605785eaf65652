"""Watching a post: being told of each answer to it."""

from ..decorators import login_required
from ..models import Watch
from .blueprint import main
from .marks import mark


@main.route("/post/<int(max=2147483647):id>/watch", methods=["POST"])
@login_required
def watch(id):
    return mark(id, Watch.start, "You are told of new answers to this post.")


@main.route("/post/<int(max=2147483647):id>/unwatch", methods=["POST"])
@login_required
def unwatch(id):
    return mark(id, Watch.stop, "You are no longer told of answers to this post.")

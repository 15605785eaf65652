"""A member’s own pending posts and comments."""

from flask import render_template

from ..decorators import own_things
from ..models.moderation.approval_queue import held_texts
from ..web.requests import actor
from .blueprint import main

AT_MOST = 100


@main.route("/held")
@own_things
def held():
    return render_template("main/held.html", texts=held_texts(most=AT_MOST, of=actor()))

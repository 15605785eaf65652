"""Profiles."""

from flask import abort, render_template

from ..decorators import public
from ..models import User
from ..security import actor
from .blueprint import main


@main.route("/user/<username>")
@public
def user(username):
    person = User.with_username(username)
    if person is None or not person.visible_to(actor()):
        abort(404)
    return render_template("main/user.html", user=person, own=person == actor())

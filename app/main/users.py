"""Profiles."""

from flask import abort, render_template

from ..decorators import readable
from ..models import User
from ..models.reading.feed import written_by
from ..models.reading.profile import Profile
from ..models.reading.user_comments import user_comments_of
from ..models.site.setting import current_settings
from ..web.requests import actor
from .blueprint import main


@main.route("/user/<username>")
@readable
def user(username):
    profile, viewer = find_profile(username), actor()
    page = written_by(profile.user, viewer, size=current_settings().posts_per_page)
    facts = dict(profile=profile, own=profile.user == viewer)
    return render_template("main/user.html", user=profile.user, page=page, **facts)


@main.route("/user/<username>/comments")
@readable
def user_comments(username):
    person = find_user(username)
    page = user_comments_of(person, actor(), size=current_settings().posts_per_page)
    return render_template("main/user_comments.html", user=person, page=page)


def find_profile(username):
    """Return the profile of a member whom the viewer can see; else 404."""
    profile = Profile.find(username, actor())
    if profile is None:
        abort(404)
    return profile


def find_user(username):
    """Return a member whom the viewer can see; else 404."""
    person = User.with_username(username)
    if person is None or not person.visible_to(actor()):
        abort(404)
    return person

"""Following: lists of followers, follow and unfollow."""

from flask import abort, flash, redirect, render_template
from sqlalchemy.exc import IntegrityError

from ..decorators import permission_required, readable
from ..extensions import db
from ..models.errors import Refused
from ..models.reading import user_cards
from ..models.site.setting import current_settings
from ..permissions import Permission
from ..web.requests import actor, back_to
from ..web.templating import profile_url
from .blueprint import main
from .users import find_user


@main.route("/user/<username>/follow", methods=["POST"])
@permission_required(Permission.FOLLOW)
def follow(username):
    words = "You’re now following {}.", "You’re already following {}."
    return act_on_member(find_user(username), actor().follow, *words)


@main.route("/user/<username>/unfollow", methods=["POST"])
@permission_required(Permission.FOLLOW)
def unfollow(username):
    words = "You unfollowed {}.", "You’re not following {}."
    return act_on_member(find_user(username), actor().unfollow, *words)


@main.route("/user/<username>/followers")
@readable
def followers(username):
    person = find_user(username)
    page = user_cards.followers(person, actor(), size=current_settings().posts_per_page)
    facts = dict(user=person, page=page, total=person.follower_count)
    return render_template("main/followers.html", **facts)


@main.route("/user/<username>/following")
@readable
def following(username):
    person = find_user(username)
    page = user_cards.followed(person, actor(), size=current_settings().posts_per_page)
    facts = dict(user=person, page=page, total=person.following_count)
    return render_template("main/following.html", **facts)


def act_on_member(person, verb, changed, same):
    """Call a verb on a member, flash the outcome, and return to the page of the button."""
    name, default = person.username, profile_url(person)
    try:
        words = changed if verb(person) else same
        db.session.commit()
    except Refused as error:
        db.session.rollback()
        flash(str(error), "warning")
    except IntegrityError:  # deleted a moment ago
        db.session.rollback()
        abort(404)
    else:
        flash(words.format(name), "success")
    return redirect(back_to(default))

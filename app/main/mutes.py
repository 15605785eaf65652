"""Muting members, and the list of muted ones."""

from flask import render_template

from ..decorators import login_required
from ..models.reading import user_cards
from ..models.site.setting import current_settings
from ..web.requests import actor
from .blueprint import main
from .follows import act_on_member
from .users import find_user

MUTED_ALREADY = "You already muted {}."
MUTED = (
    "You muted {0}. You won’t see their posts or comments. You can unmute them in your settings."
)


@main.route("/user/<username>/mute", methods=["POST"])
@login_required
def mute(username):
    return act_on_member(find_user(username), actor().mute, MUTED, MUTED_ALREADY)


@main.route("/user/<username>/unmute", methods=["POST"])
@login_required
def unmute(username):
    words = "You unmuted {}.", "{} isn’t muted."
    return act_on_member(find_user(username), actor().unmute, *words)


@main.route("/settings/muted")
@login_required
def muted():
    page = user_cards.muted(actor(), size=current_settings().posts_per_page)
    return render_template("main/muted.html", page=page)

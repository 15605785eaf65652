"""Fences: where members can go while unconfirmed, suspended, or with a password to change."""

from flask import redirect, request, url_for
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from ..access.policies import OUTSIDE_THE_FENCES, WHILE_FROZEN, WHILE_VIEWING, comes_first
from ..decorators import KeptBack
from ..extensions import db
from ..models.site.setting import current_settings
from ..web.errors import answer, kept_text, prefers_json
from ..web.frozen_forms import is_frozen_for
from ..web.requests import actor, this_page
from .blueprint import auth
from .wanted import keep

FIRST = {
    "auth.change_password": "Choose a new password first.",
    "auth.unconfirmed": "Confirm your email first.",
    "auth.waiting": "Your request to join is still pending.",
}


READING = ("GET", "HEAD", "OPTIONS")
ONLY_LOOKING = (
    "You’re viewing the site as another role, so you can’t change anything."
    " Select “Exit preview” above, then try again."
)
FROZEN = "You can still read and sign in."


def ping(person):
    """Record the visit; if the database takes no writes, go on without."""
    try:
        person.ping()
    except OperationalError:
        db.session.rollback()


@auth.before_app_request
def keep_within():
    """Record the visit, and redirect the member to what must come first."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in OUTSIDE_THE_FENCES or not current_user.is_authenticated:
        return None
    person = actor()
    ping(person)
    first = comes_first(endpoint, person)
    if first == "account.standing" and prefers_json():
        raise KeptBack
    if first and prefers_json():
        return answer(403, words=FIRST[first])
    if first in FIRST and request.method == "GET" and endpoint != "main.index":
        keep(this_page())
    return redirect(url_for(first)) if first else None


@auth.before_app_request
def refuse_while_frozen():
    """While the site is read-only, only staff can write."""
    endpoint = request.endpoint
    if request.method in READING or endpoint is None or endpoint in WHILE_FROZEN:
        return None
    if not is_frozen_for(current_user):
        return None
    words = current_settings().freeze_text or FROZEN
    return answer(403, title="The site is read-only", words=words, **kept_text())


@auth.before_app_request
def refuse_while_viewing():
    """While viewing as another role, administrators can only read."""
    if request.method in READING or request.endpoint in WHILE_VIEWING | {None}:
        return None
    if current_user.viewed_role is None:
        return None
    return answer(403, title="You’re in a preview", words=ONLY_LOOKING, **kept_text())

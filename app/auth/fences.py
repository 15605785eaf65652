"""Where members may go before they have confirmed their address, or while a new password is due."""

from flask import redirect, request, url_for
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from ..access import OUTSIDE_THE_FENCES, comes_first
from ..errors import answer, prefers_json
from ..extensions import db
from ..security import actor
from .blueprint import auth

FIRST = {
    "auth.change_password": "A new password is due first.",
    "auth.unconfirmed": "The address has to be confirmed first.",
}


def ping(person):
    """That someone was here is worth a write, but no refusal where the database takes none."""
    try:
        person.ping()
    except OperationalError:
        db.session.rollback()


@auth.before_app_request
def keep_within():
    """Note that the member is here, and lead them to what has to come first."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in OUTSIDE_THE_FENCES or not current_user.is_authenticated:
        return None
    person = actor()
    ping(person)
    first = comes_first(endpoint, person)
    if first and prefers_json():
        return answer(403, words=FIRST[first])
    return redirect(url_for(first)) if first else None

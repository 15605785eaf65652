"""Where members may go before they have confirmed their address, or while a new password is due."""

from flask import redirect, request, url_for
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from ..extensions import db
from ..security import actor
from .blueprint import auth

ALWAYS = {
    "static",
    "bootstrap.static",
    "main.avatar",
    "main.moment_js",
    "main.healthz",
    "main.readyz",
    "dev.mailbox",
    "auth.logout",
}
PASSWORD_DUE = ALWAYS | {"auth.change_password", "auth.password_strength"}


def ping(person):
    """That someone was here is worth a write, but no refusal where the database takes none."""
    try:
        person.ping()
    except OperationalError:
        db.session.rollback()


@auth.before_app_request
def keep_within():
    """Note that the member is here, and lead them to what has to come first."""
    if request.endpoint is None or request.endpoint in ALWAYS or not current_user.is_authenticated:
        return None
    person = actor()
    ping(person)
    if person.password_due_at and request.endpoint not in PASSWORD_DUE:
        return redirect(url_for("auth.change_password"))
    if not person.is_confirmed and request.blueprint != "auth":
        return redirect(url_for("auth.unconfirmed"))
    return None

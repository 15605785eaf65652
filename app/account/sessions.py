"""The signed-in devices of a member."""

from flask import abort, flash, redirect, render_template, url_for
from flask_login import logout_user

from ..decorators import login_required, own_things
from ..extensions import db
from ..models import UserSession
from ..web.requests import actor
from .blueprint import account


@account.route("/settings/sessions")
@login_required
def sessions():
    return render_template("account/sessions.html", sessions=UserSession.of(actor()))


@account.route("/settings/sessions/<id:id>/end", methods=["POST"])
@own_things
def end_session(id):
    """Sign out one device, which may be the current one."""
    row = db.session.get(UserSession, id)
    if row is None or row.user_id != actor().id:
        abort(404)
    row.end()
    if row.is_current:
        logout_user()
    db.session.commit()
    flash("Device signed out.", "success")
    return redirect(url_for("auth.login" if row.is_current else "account.sessions"))


@account.route("/settings/sessions/end-others", methods=["POST"])
@login_required
def end_other_sessions():
    ended = UserSession.end_all(actor(), keep=actor().session)
    db.session.commit()
    if ended == 0:
        words = "No other devices were signed in."
    elif ended == 1:
        words = "Signed out one other device."
    else:
        words = f"Signed out {ended} other devices."
    flash(words, "success")
    return redirect(url_for("account.sessions"))

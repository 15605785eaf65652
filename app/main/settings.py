"""A member's own profile and signed-in devices."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import logout_user

from ..decorators import login_required, own_things, require_speech
from ..extensions import db
from ..models import UserSession
from ..web.requests import actor, read_for_change
from .blueprint import main
from .forms import ProfileForm, SilentProfileForm
from .writing import act


@main.route("/settings/profile", methods=["GET", "POST"])
@login_required
def edit_profile():
    person = actor()
    if "about_me" in request.form:
        require_speech()
    read_for_change(person)
    form = ProfileForm(obj=person) if person.may_speak else SilentProfileForm(obj=person)
    if form.validate_on_submit():
        act(save, person, form)
        flash("Your profile is updated.", "success")
        return redirect(url_for("main.user", username=person.username))
    return render_template("main/edit_profile.html", form=form)


def save(person, form):
    """Take over what the form holds; Silenced where a sanction has come a moment ago."""
    form.populate_obj(person)
    if "about_me" in form:
        person.require_speech()


@main.route("/settings/sessions")
@login_required
def sessions():
    return render_template("main/sessions.html", sessions=UserSession.of(actor()))


@main.route("/settings/sessions/<int(max=2147483647):id>/end", methods=["POST"])
@own_things
def end_session(id):
    """End one device; the one in use is signed out like any other."""
    row = db.session.get(UserSession, id)
    if row is None or row.user_id != actor().id:
        abort(404)
    row.end()
    if row.is_current:
        logout_user()
    db.session.commit()
    flash("That device is signed out.", "success")
    return redirect(url_for("auth.login" if row.is_current else "main.sessions"))


@main.route("/settings/sessions/end-others", methods=["POST"])
@login_required
def end_other_sessions():
    ended = UserSession.end_all(actor(), keep=actor().session)
    db.session.commit()
    if ended == 0:
        words = "No other device was signed in."
    elif ended == 1:
        words = "One other device is signed out."
    else:
        words = f"{ended} other devices are signed out."
    flash(words, "success")
    return redirect(url_for("main.sessions"))

"""Changing a password, and resetting a forgotten one."""

from flask import flash, jsonify, redirect, render_template, request, url_for

from ..decorators import login_required, public, visitors_only
from ..email import rehearse_reset_password, send_password_changed, send_reset_password
from ..extensions import db
from ..models import User
from ..security import passwords
from ..security.networks import network_of
from ..security.rate_limits import MAILS_ASKED, MAILS_TO, PASSWORD_CHANGES, STRENGTH
from ..web.requests import actor, right_password
from .blueprint import auth
from .forms import ChangePasswordForm, ResetForm, ResetRequestForm
from .links import answer_dead_link
from .wanted import take

MAYBE_SENT = "If an account has this email, we sent it a link to choose a new password."
NAMES = ("email", "username", "first_name", "last_name")


@auth.route("/change-password", methods=["GET", "POST"])
@login_required
def change_password():
    person, form = actor(), ChangePasswordForm()
    if form.validate_on_submit() and right_password(person, form.old_password):
        PASSWORD_CHANGES.take(person.id)
        if person.change_password(form.password.data, keep=person.session):
            if person.is_confirmed:  # else the address may be a stranger's
                send_password_changed(person)
            db.session.commit()
            flash("Password changed. All other devices are signed out.", "success")
            return redirect(take() or url_for("main.index"))
        form.old_password.errors = ["Your password was just changed elsewhere. Try again."]
    due = person.password_due_at is not None
    asked = due and person.was_asked_for_new_password
    return render_template("auth/change_password.html", form=form, due=due, asked=asked)


@auth.route("/reset-password", methods=["GET", "POST"])
@visitors_only
def reset_request():
    """Respond alike, in text and time, whether or not the email is known (R-69)."""
    form = ResetRequestForm()
    if form.validate_on_submit():
        MAILS_ASKED.take(network_of(request))
        person = User.with_email(form.email.data)
        if person and person.is_active and MAILS_TO.is_open(person.email):
            send_reset_password(person)
        else:
            rehearse_reset_password(form.email.data)
        db.session.commit()
        flash(MAYBE_SENT, "mail")
        return redirect(url_for("auth.login"))
    return render_template("auth/reset_request.html", form=form)


@auth.route("/reset-password/<token>", methods=["GET", "POST"])
@public
def reset(token):
    link = User.read_link("reset", token)
    if not link.verdict:
        return answer_dead_link("reset", link.verdict)
    form = ResetForm(link.user)
    if form.validate_on_submit():
        verdict = User.reset_password(token, form.password.data)
        if not verdict:
            return answer_dead_link("reset", verdict)
        send_password_changed(link.user)
        db.session.commit()
        flash("Password changed. Sign in with your new password.", "success")
        return redirect(url_for("auth.login"))
    return render_template("auth/reset.html", form=form, owner=link.user)


@auth.route("/password-strength", methods=["POST"])
@public
def password_strength():
    """Rate a password in words while it is typed."""
    STRENGTH.take(network_of(request))
    password = passwords.normalized(request.form.get("password", ""))[: passwords.LONGEST]
    names = [request.form.get(name, "")[:254] for name in NAMES]
    score, words = passwords.strength(password, names)
    accepted = score >= passwords.GOOD_ENOUGH and len(password) >= passwords.SHORTEST
    if len(password) < passwords.SHORTEST:
        words = f"Use at least {passwords.SHORTEST} characters."
    return jsonify(score=score, words=words, accepted=accepted)

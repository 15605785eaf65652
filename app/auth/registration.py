"""Signing up, confirming the email, and waiting for approval."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from ..decorators import SignUpClosed, login_required, public, while_sign_up_is_open
from ..email import send_already_registered, send_confirmation
from ..extensions import db
from ..models import User
from ..models.site.setting import current_settings
from ..security.networks import network_of
from ..security.rate_limits import MAILS_TO, NOTICES_TO, SIGN_UP
from ..text.dates import date_time
from ..text.names import readable_address
from ..web.errors import answer, prefers_json
from ..web.requests import actor
from .blueprint import auth
from .forms import NAME_TAKEN, ApplicationForm, RegistrationForm, sign_up_key
from .links import answer_dead_link
from .wanted import take

SENT = "Check your inbox: we sent a confirmation link to {}."
FIELDS = ("email", "username", "first_name", "last_name", "password")
CLOSED = {
    "invitation": ("By invitation only", "You need an invitation to join."),
    "closed": ("Registration is closed", "We aren’t accepting new members right now."),
}


@auth.route("/register", methods=["GET", "POST"])
@while_sign_up_is_open
def register():
    """The response doesn’t reveal whether the email is known; its owner gets an email (R-33)."""
    by_approval = current_settings().registration == "approval"
    form = ApplicationForm() if by_approval else RegistrationForm()
    if form.validate_on_submit():
        SIGN_UP.take(network_of(request))
        if not form.use_mark():
            return render_template("auth/register.html", form=form)
        if create_account(form):
            flash(SENT.format(readable_address(form.email.data)), "mail")
            return redirect(url_for("auth.login"))
        form.username.errors = [NAME_TAKEN]
    return render_template("auth/register.html", form=form)


@auth.app_errorhandler(SignUpClosed)
def say_that_sign_up_is_closed(error):
    settings = current_settings()
    title, words = CLOSED.get(settings.registration) or paused(settings.freeze_ends_at)
    if prefers_json():
        return answer(403, title=title, words=words)
    return render_template("auth/no_sign_up.html", title=title, words=words), 403


def paused(end):
    """Return the message that a freeze stops sign-ups, with its end if known."""
    if end is None:
        return "Sign-up is paused", "The site is read-only, so nobody can sign up right now."
    return (
        "Sign-up is paused",
        f"The site is read-only, so nobody can sign up until {date_time(end)}.",
    )


@auth.route("/unconfirmed")
@login_required
def unconfirmed():
    if actor().is_confirmed:
        return redirect(url_for("main.index"))
    return render_template("auth/unconfirmed.html")


@auth.route("/waiting")
@login_required
def waiting():
    """The page for new members until someone decides; the fences redirect here."""
    person = actor()
    if not (person.is_confirmed and person.awaits_approval):
        return redirect(url_for("main.index"))
    return render_template("auth/waiting.html")


@auth.route("/confirm", methods=["POST"])
@login_required
def resend_confirmation():
    person = actor()
    if not person.is_confirmed:
        MAILS_TO.take(person.email)
        send_confirmation(person)
        db.session.commit()
        flash(SENT.format(readable_address(person.email)), "mail")
    return redirect(url_for("auth.unconfirmed"))


@auth.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token):
    link = User.read_link("confirm", token)
    if not link.verdict:
        return answer_dead_link("confirm", link.verdict)
    if request.method != "POST":  # HEAD too comes here, and changes nothing
        return render_template("auth/confirm.html", owner=link.user)
    link.user.confirm(token)
    db.session.commit()
    waits = link.user.awaits_approval
    then = "An administrator will review your request." if waits else "Welcome!"
    flash(f"Your email {readable_address(link.user.email)} is confirmed. {then}", "success")
    if not current_user.is_authenticated:
        return redirect(url_for("auth.login"))
    return redirect(take() or url_for("main.index"))


def create_account(form):
    """Create the account with its email in one transaction, or email the address’s owner.

    False: another took the name in this moment. The constraints decide who was first (R-34).
    """
    fields = {name: form[name].data for name in FIELDS}
    mode = "approval" if "reason" in form else "open"
    person = User(sign_up_key=sign_up_key(), sign_up_mode=mode, **fields)
    if "reason" in form:
        person.ask_for_approval(form.reason.data)
    try:
        with db.session.begin_nested():
            db.session.add(person)
        send_confirmation(person)
    except IntegrityError:
        person = User.with_email(form.email.data)
        if person and not form.was_sent_before(person) and NOTICES_TO.is_open(person.email):
            send_already_registered(person)
    db.session.commit()
    return person is not None

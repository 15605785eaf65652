"""Changing one’s email, and undoing a change."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from ..decorators import login_required, public
from ..email import (
    send_address_taken,
    send_change_email,
    send_email_changed,
    send_email_reverted,
    send_reset_password,
)
from ..extensions import db
from ..models import User
from ..security.networks import network_of
from ..security.rate_limits import MAILS_ASKED, MAILS_TO, NOTICES_TO
from ..text.names import readable_address
from ..web.requests import actor, right_password
from .blueprint import auth
from .forms import ChangeEmailForm
from .links import answer_dead_link


@auth.route("/change-email", methods=["GET", "POST"])
@login_required
def change_email_request():
    """Send a link to the new email. If it has an account, its owner is told instead (R-33)."""
    person, form = actor(), ChangeEmailForm()
    if form.validate_on_submit() and right_password(person, form.password):
        MAILS_ASKED.take(network_of(request))
        owner = User.with_email(form.email.data)
        if owner is None and MAILS_TO.is_open(form.email.data):
            send_change_email(person, form.email.data)
        elif owner and NOTICES_TO.is_open(owner.email):
            send_address_taken(owner)
        db.session.commit()
        address = readable_address(form.email.data)
        flash(f"Check your inbox: we sent a link to {address} to confirm the change.", "mail")
        return redirect(url_for("auth.change_email_request"))
    return render_template("auth/change_email_request.html", form=form)


@auth.route("/change-email/<token>", methods=["GET", "POST"])
@public
def change_email(token):
    link = User.read_link("change_email", token)
    if not link.verdict:
        return answer_dead_link("change_email", link.verdict)
    person, old_email = link.user, link.user.email
    was_proven = person.is_confirmed
    if request.method != "POST":
        return render_template("auth/change_email.html", owner=person, new_email=link.email)
    verdict = person.change_email(token)
    if not verdict:
        return answer_dead_link("change_email", verdict)
    if was_proven:  # a slip at the sign-up may belong to a stranger, who gets no way in
        send_email_changed(person, old_email)
    db.session.commit()
    flash(f"Your email is now {readable_address(person.email)}.", "success")
    return redirect(url_for("main.index" if current_user.is_authenticated else "auth.login"))


@auth.route("/revert-email/<token>", methods=["GET", "POST"])
@public
def revert_email(token):
    """Restore the account’s old email, then let the owner set a new password.

    A mail brings the same link, should the page be closed: the old password is void.
    """
    link = User.read_link("revert_email", token)
    if not link.verdict:
        return answer_dead_link("revert_email", link.verdict)
    if request.method != "POST":
        page = "auth/revert_email.html"
        return render_template(
            page, owner=link.user, old_email=link.email, new_email=link.user.email
        )
    left_email = link.user.email
    verdict = User.revert_email(token)
    if not verdict:
        return answer_dead_link("revert_email", verdict)
    send_email_reverted(link.user, left_email)
    send_reset_password(link.user)
    db.session.commit()
    flash(
        f"Your email is {readable_address(link.email)} again. All devices are signed out.",
        "success",
    )
    return redirect(url_for("auth.reset", token=link.user.generate_reset_token()))

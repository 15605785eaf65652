"""Accepting an invitation, and requesting a new link if it expired."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from ..decorators import public
from ..email import send_invitation
from ..extensions import db
from ..models import Invitation
from ..models.audit.entry import SITE
from ..models.users.invitation_acceptance import NameTaken
from ..models.users.rank import Refused
from ..security.networks import network_of
from ..security.rate_limits import MAILS_ASKED, MAILS_TO, SIGN_UP
from ..security.tokens import Verdict
from .blueprint import auth
from .forms import NAME_TAKEN, JoinForm, sign_up_key
from .links import answer_dead_link

FIELDS = ("username", "first_name", "last_name", "password")
JOINED = "You’ve joined! Sign in with your new username and password."
MAYBE_SENT = "If the invitation is still open, we emailed a new link."


@auth.route("/join/<token>", methods=["GET", "POST"])
@public
def join(token):
    way = Invitation.read_link(token)
    invitation = way.invitation
    if not way.verdict:
        return to_sign_in() if is_ours(invitation) else answer_dead_link("join", way.verdict)
    if current_user.is_authenticated or invitation.account_in_the_way():
        return render_template("auth/cannot_join.html", invitation=invitation)
    form = JoinForm(invitation.email)
    if form.validate_on_submit():
        SIGN_UP.take(network_of(request))
        if response := let_in(invitation, form):
            return response
    return render_template("auth/join.html", form=form, invitation=invitation)


@auth.route("/join/<token>/again", methods=["POST"])
@public
def join_again(token):
    """Send a new link to the same email. The response is always the same."""
    MAILS_ASKED.take(network_of(request))
    way = Invitation.read_link(token)
    if way.verdict is Verdict.EXPIRED and way.invitation.is_pending:
        renew(way.invitation)
    flash(MAYBE_SENT, "mail")
    return redirect(url_for("auth.login"))


def let_in(invitation, form):
    """Create the account; return None if the form must be shown again."""
    fields = {name: form[name].data for name in FIELDS}
    try:
        person = invitation.join(sign_up_key=sign_up_key(), **fields)
        db.session.commit()
    except NameTaken:
        db.session.rollback()
        form.username.errors = [NAME_TAKEN]
        return None
    except Refused:
        db.session.rollback()
        return render_template("auth/cannot_join.html", invitation=invitation)
    if person or is_ours(invitation):
        return to_sign_in()
    return answer_dead_link("join", Verdict.BAD)


def is_ours(invitation):
    """Whether this visit just joined with the invitation: a double click (R-96)."""
    key, person = sign_up_key(), invitation and invitation.joined
    return person is not None and key is not None and person.sign_up_key == key


def to_sign_in():
    flash(JOINED, "success")
    return redirect(url_for("auth.login"))


def renew(invitation):
    seen = invitation.times_sent
    try:
        if MAILS_TO.is_open(invitation.email) and invitation.resend(by=SITE, times_sent=seen):
            send_invitation(invitation)
        db.session.commit()
    except Refused:  # it was used or revoked in this moment
        db.session.rollback()

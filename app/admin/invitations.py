"""Invitations: send, list, send again, revoke."""

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..email import send_invitation
from ..extensions import db
from ..models import Invitation, Role
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..security.rate_limits import MAILS_TO
from ..text.names import readable_address
from ..web.actions import attempt, report_result
from ..web.requests import actor
from .blueprint import admin
from .invitation_forms import InvitationForm


@admin.route("/invitations")
def invitations():
    """Pending invitations or, with `show=all`, all of them."""
    show = "all" if request.args.get("show") == "all" else "pending"
    rows = select(Invitation) if show == "all" else Invitation.pending()
    people = joinedload(Invitation.invited_by), joinedload(Invitation.joined)
    newest = [Invitation.created_at, Invitation.id]
    page = page_of(rows.options(*people), newest, size=current_settings().posts_per_page)
    return render_template("admin/invitations.html", page=page, show=show, me=actor())


@admin.route("/invitations/new", methods=["GET", "POST"])
def invite():
    form = InvitationForm([role for role in Role.all() if actor().may_grant(role)])
    if form.validate_on_submit():
        with attempt(form) as done:
            words = invite_all(form, db.session.get(Role, form.role.data))
        if done:
            flash(words, "mail")
        return redirect(url_for("admin.invitations"))
    return render_template("admin/invite.html", form=form)


@admin.route("/invitations/<id:id>/resend", methods=["POST"])
def resend_invitation(id):
    """Send a new link. The form has the number of times sent, so a double click sends one."""
    invitation = db.get_or_404(Invitation, id)
    with attempt() as done:
        words = "New link sent to {}."
        if invitation.resend(by=actor(), times_sent=request.form.get("times_sent", type=int)):
            MAILS_TO.take(invitation.email)
            send_invitation(invitation)
        elif "times_sent" not in request.form:
            abort(400)
        else:
            words = "A new link was just sent to {}. Not sent again."
    if done:
        flash(words.format(readable_address(invitation.email)), "mail")
    return redirect(url_for("admin.invitations"))


@admin.route("/invitations/<id:id>/revoke", methods=["POST"])
def revoke_invitation(id):
    invitation = db.get_or_404(Invitation, id)
    with attempt() as done:
        revoked = invitation.revoke(by=actor())
    if done:
        whose = f"The invitation for {readable_address(invitation.email)}"
        words = f"{whose} was revoked.", f"{whose} was already revoked."
        report_result(revoked, *words)
    return redirect(url_for("admin.invitations"))


def invite_all(form, role):
    """Invite everyone on the form; return a sentence about who was invited and who not."""
    sent, problems = 0, []
    for address in form.good:
        if not MAILS_TO.is_open(address):
            problems.append(f"{address} (too many emails in an hour)")
            continue
        invitation = Invitation.send(address, role, by=actor(), greeting=form.greeting.data or "")
        if invitation is None:
            problems.append(f"{address} (just invited by someone else)")
            continue
        send_invitation(invitation)
        sent += 1
    words = "1 invitation sent." if sent == 1 else f"{sent} invitations sent."
    return f"{words} Not invited: {', '.join(problems)}." if problems else words

"""Requesting a role, if an administrator allows it."""

from flask import abort, flash, redirect, render_template, url_for

from ..decorators import login_required, own_things
from ..extensions import db
from ..models import Role, RoleRequest
from ..models.users.rank import Refused
from ..web.actions import attempt
from ..web.requests import actor
from ..web.typed import refuse
from .blueprint import account
from .forms import RoleRequestForm

ASKED = "Request sent to the administrators. We’ll email you the decision."


@account.route("/roles/<id:id>/ask", methods=["GET", "POST"])
@login_required
def ask_for_role(id):
    """Show the form, unless a request is open or the role would add nothing."""
    role, person, form = db.get_or_404(Role, id), actor(), RoleRequestForm()
    asked, latest = RoleRequest.open_of(person), RoleRequest.latest_of(person, role)
    if not role.requestable and latest is None:
        abort(404)
    why_not = RoleRequest.why_not_for(person, role)
    if why_not is not None and form.is_submitted():
        refuse(why_not, form)
    if why_not is None and form.validate_on_submit():
        ask(person, role, form)
        return redirect(url_for("account.ask_for_role", id=id))
    facts = dict(asked=asked, latest=latest, why_not=why_not)
    facts["losses"] = RoleRequest.losses_of(person, role)
    return render_template("account/ask_for_role.html", role=role, form=form, **facts)


@account.route("/roles/requests/<id:id>/withdraw", methods=["POST"])
@own_things
def withdraw_role_request(id):
    asked = db.session.get(RoleRequest, id)
    if asked is None or asked.user_id != actor().id:
        abort(404)
    withdrawn = asked.withdraw()
    db.session.commit()
    flash("Request withdrawn." if withdrawn else "It was already decided.", "info")
    return redirect(url_for("account.ask_for_role", id=asked.role_id))


def ask(person, role, form):
    """Send the request and flash the outcome."""
    with attempt(form) as done:
        asked = RoleRequest.ask(person, role, form.reason.data)
        if asked.role_id != role.id:
            other = f"You already asked for {asked.role.name}. Withdraw that request first."
            raise Refused(other)
    if done:
        flash(ASKED, "success")

"""Sanctions: imposing and lifting them."""

from flask import abort, flash, redirect, render_template, request, url_for

from ..email import send_sanction_lifted, send_sanctioned
from ..extensions import db
from ..models import Sanction, User
from ..models.site.setting import current_settings
from ..text.dates import end_date
from ..web.actions import attempt, report_result
from ..web.requests import actor
from .blueprint import moderation
from .sanction_forms import LiftForm, SanctionForm

SHOWN = 50  # of what was imposed before, the newest


@moderation.route("/people/<username>/sanction", methods=["GET", "POST"])
def sanction(username):
    person, form = find_person(username), SanctionForm(actor())
    if form.validate_on_submit() and impose(person, form):
        return redirect(url_for("moderation.person", username=person.username))
    if not form.is_submitted():
        form.reason.data = current_settings().categories.get(request.args.get("rule"))
    before = db.session.scalars(Sanction.of(person).limit(SHOWN)).all()
    facts = dict(user=person, form=form, sanctions=before, rules=current_settings().categories)
    return render_template("moderation/sanction.html", **facts)


@moderation.route("/sanctions/<id:id>/lift", methods=["GET", "POST"])
def lift_sanction(id):
    sanction, form = db.get_or_404(Sanction, id), LiftForm()
    if words := actor().why_not_sanction(sanction.user):
        abort(403, words)
    if form.validate_on_submit():
        lift(sanction, form)
        return redirect(url_for("moderation.person", username=sanction.user.username))
    return render_template("moderation/lift_sanction.html", sanction=sanction, form=form)


def find_person(username):
    """Return a person whom the moderator can sanction; 403 with the reason if they can’t."""
    person = User.with_username(username)
    if person is None:
        abort(404)
    if words := actor().why_not_sanction(person):
        abort(403, words)
    return person


def impose(person, form):
    """Impose and commit; return False, with an error in the form, if it was refused."""
    values = dict(reason=form.reason.data, until=form.end, form_key=form.key.data)
    with attempt(at=form.kind) as done:
        made = Sanction.impose(person, form.kind.data, by=actor(), **values)
        form.remember_zone(actor())
        if made.is_new:
            send_sanctioned(made)
    if not done:
        return False
    if made.is_new or (made.kind, made.reason) == (form.kind.data, form.reason.data):
        end = f" until {end_date(made.until)}" if made.until else ""
        flash(f"{person.username} received a {made.kind}{end}.", "success")
    else:
        flash("Already submitted. Nothing was added.", "warning")
    return True


def lift(sanction, form):
    """Lift, commit and flash the outcome."""
    reason = form.reason.data
    with attempt(form) as done:
        lifted = sanction.lift(by=actor(), reason=reason)
        if lifted:
            send_sanction_lifted(sanction, reason)
    if done:
        whose = f"The {sanction.kind} of {sanction.user.username}"
        report_result(lifted, f"{whose} was lifted.", f"{whose} was already lifted.")

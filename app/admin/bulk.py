"""Bulk actions on people, previewed before they are done."""

from functools import partial
from itertools import groupby

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from ..email import send_reset_password, send_role_changed
from ..extensions import db
from ..models import AuditEntry, Role
from ..models.audit.actions import Action
from ..models.fields import iso, utcnow
from ..models.users.bulk import MOST, act_on_each, rehearse
from ..models.users.rank import Refused
from ..security.rate_limits import MAILS_TO
from ..web.requests import actor
from .blueprint import admin
from .people_forms import BulkForm, PeopleForm
from .user_acts import ACTS
from .users import filled_in, show_people

NAMED = 5  # people and reasons that a message has room for
MAILS = {  # act: the mail about it
    "role": lambda outcome: send_role_changed(outcome.person, outcome.before),
    "reset-link": lambda outcome: send_reset_password(outcome.person, by_staff=True),
}


@admin.route("/users/bulk", methods=["POST"])
def preview_bulk():
    people, form = forms()
    ids = chosen(people, form)
    if not ids:
        return show_people(people, form)
    outcomes = rehearse(ids, partial(act, form))
    doable = [outcome.id for outcome in outcomes if outcome.is_done]
    values = dict(form=form, outcomes=outcomes, doable=doable, args=filled_in(people))
    return render_template("admin/preview_bulk.html", **values, now=iso(utcnow()))


@admin.route("/users/bulk/do", methods=["POST"])
def act_on_users():
    people, form = forms()
    ids = chosen(people, form)
    if not ids:
        return show_people(people, form)
    outcomes = act_on_each(ids, partial(act_once, form))
    for outcome in outcomes:
        tell(form, outcome)
    db.session.commit()
    flash(summary(form, outcomes), "success" if all(o.is_done for o in outcomes) else "warning")
    return redirect(url_for("admin.users", **filled_in(people)))


def forms():
    roles = Role.all()
    return PeopleForm(roles), BulkForm(roles, actor())


def chosen(people, form):
    """Return the ids of the chosen people; none if the form is invalid."""
    if not (people.validate() and form.validate()):
        return []
    if not form.everybody.data:
        return form.people.data
    found = people.wanted.find()
    if found.total is None or found.total > MOST:
        form.people.errors = [f"More than {MOST} people. Narrow your search first."]
        return []
    return db.session.scalars(select(found.people.id)).all()


def act(form, person):
    values = dict(by=actor(), reason=form.reason.data)
    if form.act.data == "role":
        person.change_role(form.roles[form.new_role.data], until=form.moment, **values)
    else:
        verb, *_ = ACTS[form.act.data]
        verb(person, **values)


def act_once(form, person):
    """Do it once: actions are safe to repeat, but a link isn’t sent again by a second click."""
    act(form, person)
    if form.act.data == "reset-link":
        earlier = AuditEntry.about(person).where(
            AuditEntry.action == Action.SEND_RESET_LINK,
            AuditEntry.number.is_not(None),
            AuditEntry.created_at >= form.previewed_at,
        )
        if db.session.scalar(earlier.limit(1)):
            raise Refused(f"{person.username} was just sent a link.")
        if not MAILS_TO.is_open(person.email):
            raise Refused(f"{person.username} was sent three links in the last hour.")


def tell(form, outcome):
    """Send the email of the action, if it was done."""
    mail = MAILS.get(form.act.data)
    if mail and outcome.is_done:
        mail(outcome)


def summary(form, outcomes):
    """Return a summary of what was done and what was not."""
    done = sum(outcome.is_done for outcome in outcomes)
    gone = sum(outcome.person is None for outcome in outcomes)
    refusals = sorted(outcome.refusal for outcome in outcomes if outcome.refusal)
    so_already = len(outcomes) - done - gone - len(refusals)
    words = [f"{form.label}: {done} of {len(outcomes)} done."]
    words += [f"{so_already} needed no change."] if so_already else []
    words += (
        [f"{gone} {'account was' if gone == 1 else 'accounts were'} deleted meanwhile."]
        if gone
        else []
    )
    words += [f"{len(refusals)} refused."] if refusals else []
    counted = [(reason, len(list(same))) for reason, same in groupby(refusals)]
    words += [f"{reason} ({count})" for reason, count in counted[:NAMED]]
    return " ".join(words)

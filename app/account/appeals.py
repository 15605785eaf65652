"""Appeals of members against a sanction or a hiding."""

from math import ceil

from flask import abort, redirect, render_template, url_for
from werkzeug.exceptions import TooManyRequests

from ..decorators import own_things
from ..extensions import db
from ..forms import MessageForm
from ..models import Appeal, AppealMessage, Comment, Post, Sanction
from ..security.rate_limits import APPEAL_MESSAGES
from ..web.actions import act
from ..web.requests import actor
from ..web.typed import refuse
from .blueprint import account

TOO_MANY = "You’ve sent a lot of messages this hour. Send this one in {} minutes."


@account.route("/standing/sanction/<id:id>/appeal", methods=["GET", "POST"])
@own_things
def appeal_sanction(id):
    sanction = db.session.get(Sanction, id)
    if sanction is None or sanction.user_id != actor().id:
        abort(404)
    return appeal_against(sanction)


@account.route("/standing/post/<id:id>/appeal", methods=["GET", "POST"])
@own_things
def appeal_post(id):
    return appeal_against(find_own(Post, id))


@account.route("/standing/comment/<id:id>/appeal", methods=["GET", "POST"])
@own_things
def appeal_comment(id):
    return appeal_against(find_own(Comment, id))


@account.route("/standing/appeal/<id:id>", methods=["GET", "POST"])
@own_things
def appeal(id):
    """The conversation, with a form while it is open."""
    appeal, form = db.session.get(Appeal, id), MessageForm()
    if appeal is None or appeal.user_id != actor().id:
        abort(404)
    if form.validate_on_submit() and has_room(form):
        act(appeal.say, by=actor(), body=form.body.data, form_key=form.key.data)
        return redirect(place_of(appeal))
    facts = dict(appeal=appeal, messages=AppealMessage.of(appeal).all(), form=form)
    return render_template("account/appeal.html", **facts), status_of(form)


def appeal_against(matter):
    """The form, or the conversation if there already is one."""
    there, form = Appeal.of(matter), MessageForm()
    if there and not form.is_submitted():
        return redirect(place_of(there))
    why_not = None if there else Appeal.why_not_against(matter)
    if why_not is not None and form.is_submitted():
        refuse(why_not, form)
    if why_not is None and form.validate_on_submit() and has_room(form):
        values = dict(by=actor(), body=form.body.data, form_key=form.key.data)
        return redirect(place_of(act(Appeal.open, matter, **values)))
    facts = dict(matter=matter, form=form, why_not=why_not)
    if matter.noun == "sanction":
        facts["text_too"] = Appeal.text_with(matter)
    elif sanction := Appeal.sanction_with(matter):
        facts |= dict(matter=sanction, text_too=matter)
    return render_template("account/appeal_against.html", **facts), status_of(form)


def find_own(cls, id):
    """Return the member’s own content, if they didn’t delete it; else 404."""
    text = db.session.get(cls, id)
    if text is None or not text.is_by(actor()) or text.is_deleted:
        abort(404)
    return text


def has_room(form):
    """Count a message; if there were too many, show it at the field and keep the text."""
    try:
        APPEAL_MESSAGES.take(actor().id)
    except TooManyRequests as error:
        form.body.errors = [TOO_MANY.format(ceil(error.retry_after / 60))]
        form.too_many = True
    return not form.too_many


def status_of(form):
    return 429 if form.too_many else 200


def place_of(appeal):
    return url_for("account.appeal", id=appeal.id)

"""Clean-ups: previewed, carried out as one action, and undone as one."""

from flask import abort, flash, redirect, render_template, request, url_for

from ..email import send_clean_up_undone, send_cleaned_up
from ..extensions import db
from ..jobs.clean_ups import carry_out_now
from ..models import CleanUp
from ..models.errors import Refused
from ..models.moderation.clean_up import UnderWay
from ..models.moderation.clean_up_scope import count_written, newest_written
from ..web.requests import actor
from ..web.typed import refuse
from .acts import moderate
from .blueprint import moderation
from .forms import CleanUpForm, PreviewForm, ReasonForm
from .people import find_person

PREVIEWED = 20  # texts


@moderation.route("/people/<username>/clean-up", methods=["GET", "POST"])
def start_clean_up(username):
    user = find_person(username)
    if words := actor().why_not_act_on(user):
        abort(403, words)
    form = CleanUpForm() if request.method == "POST" else PreviewForm()
    unasked = request.method != "POST" and "since" not in request.args
    is_right = not unasked and form.validate()
    if unasked or form.since.errors:
        return render_template("moderation/start_clean_up.html", user=user, form=form, numbers=None)
    if is_right and request.method == "POST" and (clean_up := ask(user, form)):
        return redirect(url_for("moderation.clean_up", id=clean_up.id))
    facts = dict(numbers=count_written(user, form.moment))
    facts |= dict(texts=newest_written(user, form.moment, PREVIEWED))
    if request.method != "POST":
        form = CleanUpForm(formdata=None, since=form.since.data)
    return render_template("moderation/start_clean_up.html", user=user, form=form, **facts)


@moderation.route("/clean-ups/<id:id>")
def clean_up(id):
    return show_clean_up(db.get_or_404(CleanUp, id), ReasonForm())


@moderation.route("/clean-ups/<id:id>/undo", methods=["POST"])
def undo_clean_up(id):
    row, form = db.get_or_404(CleanUp, id), ReasonForm()
    if not form.validate_on_submit():
        return show_clean_up(row, form)
    reason = form.reason.data
    words = f"Undoing the clean-up after {row.user.username}."
    values = dict(reason=reason, words=words, form=form)
    if moderate(row.undo, tell=lambda: tell(row, send_clean_up_undone, reason=reason), **values):
        carry_out_now(row)
    return redirect(url_for("moderation.clean_up", id=id))


def show_clean_up(row, form):
    """Show the page; `form` has the reason for undoing it."""
    facts = dict(clean_up=row, forbidden=actor().why_not_act_on(row.user))
    return render_template("moderation/clean_up.html", form=form, **facts)


def ask(user, form):
    """Start the clean-up, and finish it if it is short; None if it was refused.

    While somebody else is at it, the form says who, and keeps what was typed.
    """
    try:
        values = dict(by=actor(), reason=form.reason.data)
        row, is_new = CleanUp.ask(user, form.moment, **values)
        if is_new:
            tell(row, send_cleaned_up)
        db.session.commit()
        words = f"Hiding everything {user.username} wrote since {form.since.data}"
        flash(f"{words}." if is_new else f"{words}. Already in progress.", "success")
    except UnderWay as refusal:
        db.session.rollback()
        form.form_errors.append(str(refusal))
        form.under_way = refusal.clean_up.id
        return None
    except Refused as refusal:
        refuse(refusal, form)
        return None
    carry_out_now(row)
    return row


def tell(row, send, **values):
    if row.user.is_reached_by_mail:
        send(row, by=actor(), **values)

"""Appeals for staff: the pending ones, the conversation, and the decision."""

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, lazyload

from ..email import send_appeal_answered, send_appeal_decided
from ..extensions import db
from ..forms import MessageForm
from ..models import Appeal, AppealMessage, Case, Comment, Post, Sanction
from ..models.errors import Refused
from ..models.moderation.appeal_decision import CONFIRMED, LIFTED
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.actions import attempt
from ..web.requests import actor, undo
from .blueprint import moderation
from .sanction_forms import DecisionForm

DONE = {
    LIFTED: "Accepted: {}’s appeal. They have been notified.",
    CONFIRMED: "Declined: {}’s appeal. They have been notified.",
}


@moderation.route("/appeals")
def appeals():
    """Open appeals, oldest first, or decided ones, newest first."""
    decided, size = request.args.get("state") == "decided", current_settings().posts_per_page
    if decided:
        page = page_of(with_matter(Appeal.decided()), [Appeal.decided_at, Appeal.id], size=size)
    else:
        columns = [Appeal.created_at, Appeal.id]
        page = page_of(with_matter(Appeal.waiting()), columns, size=size, descending=False)
    return render_template("moderation/appeals.html", page=page, decided=decided)


@moderation.route("/appeals/<id:id>", methods=["GET", "POST"])
def appeal(id):
    appeal, form = db.get_or_404(Appeal, id), MessageForm()
    if form.validate_on_submit():
        say(appeal, form)
        return redirect(url_for("moderation.appeal", id=id))
    return show_appeal(appeal, form)


@moderation.route("/appeals/<id:id>/decide", methods=["POST"])
def decide_on_appeal(id):
    appeal, form = db.get_or_404(Appeal, id), DecisionForm()
    if not form.validate_on_submit():
        return show_appeal(appeal, decision=form)
    outcome = LIFTED if form.lift.data else CONFIRMED
    with attempt(form) as done:
        appeal.decide(outcome, by=actor(), answer=form.reason.data)
        send_appeal_decided(appeal)
    if done:
        flash(DONE[outcome].format(appeal.user.username), "success")
    return redirect(url_for("moderation.appeal", id=id))


def show_appeal(appeal, form=None, decision=None):
    return render_template(
        "moderation/appeal.html",
        appeal=appeal,
        messages=AppealMessage.of(appeal).all(),
        form=form or MessageForm(formdata=None),
        decision=decision or DecisionForm(formdata=None),
        why_not=appeal.why_not_decided_by(actor()) if appeal.is_open else None,
        reports=reports_about(appeal),
        me=actor(),
    )


def say(appeal, form):
    """Answer and notify the member. If it’s too late, 403 with the text kept."""
    try:
        message = appeal.say(by=actor(), body=form.body.data, form_key=form.key.data)
        if message.is_new and message.by_staff:
            send_appeal_answered(message)
        db.session.commit()
    except Refused as error:
        undo()
        abort(403, str(error))


def with_matter(statement):
    """Load what each appeal is about in one query."""
    return statement.options(
        joinedload(Appeal.sanction).options(lazyload(Sanction.user)),
        joinedload(Appeal.post).options(lazyload(Post.author)),
        joinedload(Appeal.comment).options(lazyload(Comment.author)),
    )


def reports_about(appeal):
    """Return how many people reported what led to this."""
    reports = select(func.coalesce(func.sum(Case.report_count), 0))
    if appeal.sanction:
        return db.session.scalar(reports.where(Case.id == appeal.sanction.case_id))
    if appeal.post_id or appeal.comment_id:
        here = (
            Case.post_id == appeal.post_id
            if appeal.post_id
            else Case.comment_id == appeal.comment_id
        )
        return db.session.scalar(reports.where(here))
    return 0

"""A case: the reports, what happened before, and the decision."""

from functools import partial

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import false, select

from ..email import send_sanctioned
from ..extensions import db
from ..models import AuditEntry, Case, Report, Sanction
from ..models.audit.actions import Action
from ..models.moderation.case_queue import CaseList, neighbours_of, records_of, with_things
from ..models.moderation.sanction import IMPOSED
from ..text.diff import difference, shortened
from ..web.actions import attempt
from ..web.requests import actor
from .blueprint import moderation
from .case_forms import RulingForm
from .texts import tell_author

AT_MOST = 50  # reports on the page
BEFORE = 10  # of each kind of what happened before
NOT_HELD = "You weren’t holding this case."


@moderation.route("/case/<id:id>")
def case(id):
    case = find_case(id)
    return show_case(case, RulingForm(case, actor()))


@moderation.route("/case/<id:id>/claim", methods=["POST"])
def claim_case(id):
    case = find_case(id)
    do(lambda: case.claim(by=actor()))
    return redirect(url_for("moderation.case", id=id))


@moderation.route("/case/<id:id>/release", methods=["POST"])
def release_case(id):
    case = find_case(id)
    with attempt() as done:
        released = case.release(by=actor())
    if done:
        words = f"You released this: {called(case)}." if released else NOT_HELD
        flash(words, "success" if released else "warning")
    return redirect(url_for("moderation.queue"))


@moderation.route("/case/<id:id>/rule", methods=["POST"])
def rule_on_case(id):
    case = find_case(id)
    form = RulingForm(case, actor())
    if not form.validate():
        return show_case(case, form)
    if not do(rule, case, form, form=form, again=partial(is_ruled_on_by, id, actor().username)):
        return redirect(url_for("moderation.case", id=id))
    flash(f"{case.outcome.capitalize()}: {called(case)}. Your decision is in the log.", "success")
    following = CaseList.next_for(actor())
    if following is None:
        return redirect(url_for("moderation.queue"))
    return redirect(url_for("moderation.case", id=following.id))


def find_case(id):
    """Return a case; 404 if it is about the moderator."""
    here = select(Case).where(Case.id == id).options(*with_things())
    case = db.session.scalar(here)
    if case is None or case.person_id == actor().id:
        abort(404)
    return case


def called(case):
    """Return what a case is about, for messages: `a post by bob`."""
    name = case.person.username if case.person else "a deleted member"
    return name if case.noun == "user" else f"a {case.noun} by {name}"


def show_case(case, form):
    reports = db.session.scalars(Report.of(case).limit(AT_MOST)).all()
    return render_template(
        "moderation/case.html",
        case=case,
        form=form,
        reports=reports,
        changes=changes_since(reports, case.thing),
        around=neighbours_of(case.comment) if case.comment else None,
        record=records_of({case.person_id}).get(case.person_id),
        cases=before(Case.settled().where(*former(case)), Case.settled_at.desc()),
        sanctions=case.person and before(Sanction.of(case.person)),
        entries=case.person and before(others_about(case.person)),
        why_not=case.why_not_ruled_by(actor()),
        me=actor(),
    )


def former(case):
    """Yield the conditions of earlier cases about the same person or, without one, thing."""
    yield Case.id != case.id
    if case.person:
        yield Case.person_id == case.person_id
    elif case.thing:
        yield from Case.about(case.thing)
    else:
        yield false()


def others_about(person):
    """Return log entries about a person, without sanctions, which the page shows anyway."""
    entries = AuditEntry.moderation_about(person)
    return entries.where(AuditEntry.action.not_in([*IMPOSED.values(), Action.LIFT_SANCTION]))


def before(statement, *order):
    return db.session.scalars(statement.order_by(*order).limit(BEFORE)).all()


def changes_since(reports, thing):
    """Return {version: how the content differs from what was reported}."""
    if thing is None:
        return {}
    now = getattr(thing, "body", None) or getattr(thing, "about_me", "")
    texts = {report.version: report.body for report in reports}
    differing = {version: text for version, text in texts.items() if text != now}
    return {v: list(shortened(difference(text, now))) for v, text in differing.items()}


def rule(case, form):
    """Decide as the form says, and email the person concerned."""
    by, words = actor(), form.words
    form.remember_zone(by)
    if form.dismisses:
        case.dismiss(by=by, reason=words)
        return
    effects = case.uphold(by=by, reason=words, hides=form.hides, penalty=form.penalty)
    if effects.hidden:
        tell_author(Action.HIDE, case.thing, words)
    if effects.sanction:
        send_sanctioned(effects.sanction)


def is_ruled_on_by(id, username):
    """Whether a late decision is a second click, which has nothing to lose."""
    case = db.session.get(Case, id, populate_existing=True)
    return case is not None and case.settled_by == username


def do(verb, *values, form=None, again=None):
    """Call a verb and commit; return False if it was refused, with the reason shown.

    What was typed into the form is given back then, unless it was done by the same person `again`.
    """
    with attempt(form, unless=again) as done:
        verb(*values)
    return bool(done)

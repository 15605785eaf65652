"""Reports: reporting a post, comment or member, and the outcome."""

from flask import flash, redirect, render_template

from ..decorators import allow, login_required
from ..models import Comment, Post, Report
from ..models.moderation.case_queue import with_things
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..security.rate_limits import REPORTS
from ..web.actions import attempt
from ..web.requests import actor, this_page
from ..web.templating import content_url, profile_url
from .blueprint import main
from .comments import comment_place
from .forms import ReportForm
from .users import find_user
from .writing import find_content

THANKS = "Thanks for your report. A moderator will review it, and we’ll tell you the outcome."


@main.route("/post/<id:id>/report", methods=["GET", "POST"])
@login_required
def report_post(id):
    return report(find_content(Post, id), content_url)


@main.route("/comment/<id:id>/report", methods=["GET", "POST"])
@login_required
def report_comment(id):
    return report(find_content(Comment, id), comment_place)


@main.route("/user/<username>/report", methods=["GET", "POST"])
@login_required
def report_user(username):
    return report(find_user(username), profile_url)


@main.route("/reports")
@login_required
def reports():
    """A member’s own reports with their outcome, newest first."""
    mine = Report.by(actor()).options(*with_things(Report.case))
    page = page_of(mine, [Report.id], size=current_settings().posts_per_page)
    return render_template("main/reports.html", page=page)


def report(thing, place_of):
    """Show the form, or why the thing can’t be reported now; or report it."""
    allow(thing.reportable_by(actor()))
    form = ReportForm()
    if form.validate_on_submit():
        REPORTS.take(actor().id)
        told = tell_moderators(thing, form)
        return redirect(place_of(thing) if told else this_page())
    why_not = Report.why_not(thing, actor())
    noun, place = getattr(thing, "noun", "member"), place_of(thing)
    facts = dict(thing=thing, noun=noun, place=place, form=form, why_not=why_not)
    return render_template("main/report.html", **facts)


def tell_moderators(thing, form):
    """Report it and flash the outcome; return whether it was reported."""
    with attempt(form) as done:
        said = dict(category=form.category.data, reason=form.reason.data or "")
        Report.make(thing, by=actor(), **said)
    if done:
        flash(THANKS, "success")
    return bool(done)

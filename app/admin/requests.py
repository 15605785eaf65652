"""Requests: new members to approve, and roles to give."""

from flask import flash, redirect, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ..email import send_accepted, send_declined, send_role_accepted, send_role_declined
from ..extensions import db
from ..models import RoleRequest, User
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.actions import attempt
from ..web.requests import actor
from .blueprint import admin
from .invitation_forms import DecisionForm

MOST_SHOWN = 50  # requests for roles on the page, the oldest; others move up as these are decided
DECIDED = "This was already decided."


@admin.route("/requests")
def requests():
    return show_requests()


@admin.route("/requests/newcomers/<id:id>", methods=["POST"])
def decide_on_newcomer(id):
    person = db.session.get(User, id)
    waits = person is not None and person.awaits_approval
    return decide(answer_newcomer, person if waits else None, f"newcomer-{id}")


@admin.route("/requests/roles/<id:id>", methods=["POST"])
def decide_on_role_request(id):
    asked = db.session.get(RoleRequest, id)
    waits = asked is not None and asked.is_open
    return decide(answer_role_request, asked if waits else None, f"role-{id}")


def show_requests(form=None, about=None):
    """Show the page; `form` has what was typed for the request `about`."""
    unproven = User.approval_asked_at.is_not(None), User.confirmed_at.is_(None)
    oldest = [User.approval_asked_at, User.id]
    size = current_settings().posts_per_page
    return render_template(
        "admin/requests.html",
        newcomers=page_of(User.awaiting(), oldest, size=size, descending=False),
        unproven=User.count(*unproven),
        role_requests=db.session.scalars(oldest_role_requests()).all(),
        waiting=db.session.scalar(
            select(func.count()).select_from(RoleRequest.waiting().subquery())
        ),
        form=form or DecisionForm(formdata=None),
        about=about,
        me=actor(),
    )


def oldest_role_requests():
    former = joinedload(RoleRequest.user).joinedload(User.former_role)
    return RoleRequest.waiting().options(former).order_by(RoleRequest.id).limit(MOST_SHOWN)


def decide(answer, thing, about):
    """Decide as the form says; `thing` is None if nothing is pending any more."""
    form = DecisionForm()
    if thing is None:
        flash(DECIDED, "warning")
    elif not form.validate():
        return show_requests(form, about)
    else:
        with attempt(form) as done:
            message = answer(thing, form)
        if done:
            flash(message, "success")
    return redirect(url_for("admin.requests"))


def answer_newcomer(person, form):
    by, words = actor(), form.words.data or ""
    if form.accept.data:
        person.approve(by=by, reason=words)
        send_accepted(person, by, words)
        return f"{person.username} was accepted. We’ve emailed them."
    person.decline(by=by, reason=words)
    send_declined(person, by, words)
    return f"{person.username}’s request was declined. We’ve emailed them."


def answer_role_request(asked, form):
    by, words = actor(), form.words.data or ""
    if form.accept.data:
        asked.accept(by=by, answer=words)
        send_role_accepted(asked, by, words)
        return f"{asked.user.username}’s role is now {asked.role.name}. We’ve emailed them."
    asked.decline(by=by, answer=words)
    send_role_declined(asked, by, words)
    return f"{asked.user.username}’s request was declined. We’ve emailed them."

"""A member’s page for administrators."""

from flask import render_template
from sqlalchemy.orm import defer

from ..extensions import db
from ..models import AccountDeletion, AuditEntry, OutboxMail, Sanction, User, UserSession
from ..web.requests import actor
from .blueprint import admin
from .user_forms import ActForm

SHOWN = 20  # mails and entries of the log; the rest is a link away


@admin.route("/users/<id:id>")
def user(id):
    return show_user(db.get_or_404(User, id), ActForm())


def show_user(person, form):
    """Show the page; `form` has the reason."""
    mails = OutboxMail.newest().where(OutboxMail.user_id == person.id).limit(SHOWN)
    mails = mails.options(defer(OutboxMail.text), defer(OutboxMail.html))
    return render_template(
        "admin/user.html",
        user=person,
        form=form,
        forbidden=actor().why_not_act_on(person),
        deletion=AccountDeletion.of(person) if person.leaving_at else None,
        sanctions=db.session.scalars(Sanction.of(person)).all(),
        sessions=UserSession.of(person),
        entries=db.session.scalars(AuditEntry.about(person).limit(SHOWN)).all(),
        mails=db.session.scalars(mails).all(),
    )

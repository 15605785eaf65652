"""The queue of reports, oldest first."""

from datetime import timedelta

from flask import render_template
from sqlalchemy import select

from ..extensions import db
from ..models import User
from ..models.fields import utcnow
from ..models.moderation.case_queue import categories_of, first_reports_of, records_of
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.requests import actor
from .blueprint import moderation
from .case_forms import QueueForm

DAYS, AT_MOST = 30, 10


@moderation.route("/")
def queue():
    form = QueueForm()
    wanted = form.wanted(actor())
    size = current_settings().posts_per_page
    page = page_of(wanted.statement, wanted.columns, size=size, descending=wanted.settled)
    return render_template(
        "moderation/queue.html",
        form=form,
        page=page,
        records=records_of({case.person_id for case in page}),
        categories=categories_of(page.items),
        reported=first_reports_of(page.items),
        newcomers=db.session.scalars(newcomers()).all(),
        days=DAYS,
    )


def newcomers():
    """New members, newest first."""
    late = User.member_since >= utcnow() - timedelta(days=DAYS)
    newest = User.member_since.desc(), User.id.desc()
    return select(User).where(late).order_by(*newest).limit(AT_MOST)

"""The public log: acts of moderation, with what is private left out by rule."""

from flask import render_template
from sqlalchemy import select

from ..decorators import readable
from ..extensions import db
from ..models import AuditEntry, User
from ..models.setting import current_settings
from ..paging import page_of
from .blueprint import main


@main.route("/log")
@readable
def log():
    entries = AuditEntry.public().order_by(None)
    page = page_of(entries, [AuditEntry.id], size=current_settings().posts_per_page)
    return render_template("main/log.html", page=page, present=present_in(page))


def present_in(entries):
    """The ids of those in these entries whom everybody may see: nobody else is named."""
    shown = select(User.id).where(User.confirmed_at.is_not(None), User.approval_asked_at.is_(None))
    ids = {entry.target_id for entry in entries}
    return set(db.session.scalars(shown.where(User.id.in_(ids)))) if ids else set()

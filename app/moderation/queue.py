"""What waits for moderators: who is new."""

from datetime import timedelta

from flask import render_template
from sqlalchemy import select

from ..extensions import db
from ..models import User
from ..models.fields import utcnow
from .blueprint import moderation

DAYS, AT_MOST = 30, 50


@moderation.route("/")
def queue():
    people = db.session.scalars(newcomers()).all()
    return render_template("moderation/queue.html", newcomers=people, days=DAYS)


def newcomers():
    """Who joined of late, the newest first."""
    late = User.member_since >= utcnow() - timedelta(days=DAYS)
    newest = User.member_since.desc(), User.id.desc()
    return select(User).where(late).order_by(*newest).limit(AT_MOST)

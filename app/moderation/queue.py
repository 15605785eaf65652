"""What waits for moderators: who is new."""

from flask import render_template
from sqlalchemy import select

from ..extensions import db
from ..models import User
from .blueprint import moderation

NEWCOMERS = 50


@moderation.route("/")
def queue():
    newest = select(User).order_by(User.member_since.desc(), User.id.desc()).limit(NEWCOMERS)
    newcomers = db.session.scalars(newest).all()
    return render_template("moderation/queue.html", newcomers=newcomers)

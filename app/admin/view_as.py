"""Looking at the site with the mask of another role, never as another person."""

from flask import flash, redirect, session, url_for

from ..extensions import db
from ..models import Role
from ..models.users.rank import Refused
from ..web.requests import VIEWED, actor
from .blueprint import admin


@admin.route("/roles/<int(max=2147483647):id>/view", methods=["POST"])
def view_as(id):
    role = db.get_or_404(Role, id)
    try:
        actor().view_as(role)
    except Refused as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("admin.access"))
    db.session.commit()
    session[VIEWED] = role.id
    return redirect(url_for("main.index"))

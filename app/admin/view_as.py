"""Viewing the site as another role, never as another person."""

from flask import redirect, session, url_for

from ..extensions import db
from ..models import Role
from ..web.actions import attempt
from ..web.requests import VIEWED, actor
from .blueprint import admin


@admin.route("/roles/<id:id>/view", methods=["POST"])
def view_as(id):
    role = db.get_or_404(Role, id)
    with attempt() as done:
        actor().view_as(role)
    if not done:
        return redirect(url_for("admin.access"))
    session[VIEWED] = role.id
    return redirect(url_for("main.index"))

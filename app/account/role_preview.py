"""Ending the preview of another role."""

from flask import flash, redirect, session, url_for

from ..access.policies import may_open
from ..decorators import login_required
from ..extensions import db
from ..web.requests import VIEWED, actor
from .blueprint import account


@account.route("/settings/view-as/end", methods=["POST"])
@login_required
def end_view_as():
    person = actor()
    if person.viewed_role is not None:
        person.end_view_as()
        session.pop(VIEWED)
        db.session.commit()
        flash("You’re back in your own role.", "success")
    else:
        flash("You’re already in your own role.", "info")
    return redirect(url_for("admin.access" if may_open("admin.access") else "main.index"))

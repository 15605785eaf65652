"""Exporting people as CSV."""

from flask import current_app

from ..extensions import db
from ..imports import export
from ..models.fields import utcnow
from ..web.requests import actor
from .blueprint import admin


@admin.route("/users/export", methods=["POST"])
def export_people():
    """Stream the file. It is a POST, as it is recorded in the log."""
    lines = export.export_people(by=actor())
    db.session.commit()
    response = current_app.response_class(lines, mimetype="text/csv")
    filename = f"people-{utcnow():%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response

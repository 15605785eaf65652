"""People: a list to search, filter and sort."""

from flask import render_template, request

from ..models import Role
from ..models.users.bulk import MOST
from ..web.requests import actor
from .blueprint import admin
from .people_forms import BulkForm, PeopleForm

PER_PAGE = 50
CURSORS = ("after", "before")


@admin.route("/users")
def users():
    roles = Role.all()
    return show_people(PeopleForm(roles), BulkForm(roles, actor()))


def show_people(form, bulk):
    """Show the list that the query string asks for, with the form of bulk actions."""
    found = form.wanted.find() if form.validate() else None
    size = int(form.size.data) if found and "size" in request.args else PER_PAGE
    return render_template(
        "admin/users.html",
        form=form,
        bulk=bulk,
        found=found,
        page=found.page(size) if found else None,
        args=filled_in(form),
        here=filled_in(form) | {k: request.args[k] for k in CURSORS if k in request.args},
        most=MOST,
    )


def filled_in(form):
    """Return the filters that are set, as query string arguments."""
    return {f.name: request.args[f.name] for f in form if f.data and f.name in request.args}

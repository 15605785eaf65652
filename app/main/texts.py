"""Pages of the site, such as About, Rules and Privacy."""

from flask import abort, render_template

from ..decorators import public
from ..models import Page
from .blueprint import main


@main.route("/about", defaults={"slug": "about"})
@main.route("/rules", defaults={"slug": "rules"})
@main.route("/privacy", defaults={"slug": "privacy"})
@main.route("/page/<slug>")
@public
def page(slug):
    """A page of the site, open to everyone even on a members-only site."""
    page = Page.at(slug)
    if page is None:
        abort(404)
    return render_template("main/page.html", page=page)

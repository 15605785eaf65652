"""flask pages: the site's pages, such as About."""

import click
from sqlalchemy import select

from ..extensions import db
from ..models import Page, PageVersion
from .plain import Group

pages = Group("pages", help="The site's pages, such as About and Rules.")


@pages.command("list")
def list_():
    """List the pages and who last changed them."""
    for page in db.session.scalars(select(Page).order_by(Page.slug)):
        mark = " (removed)" if page.is_removed else ""
        changed = f"{page.current.created_at:%Y-%m-%d %H:%M} UTC by {page.current.author_name}"
        click.echo(f"{page.slug}{mark}: {page.title}; last changed {changed}")


@pages.command("render")
def render():
    """Update the stored HTML of pages after a change of the Markdown renderer.

    Readers always see the current rendering; this makes it quicker.
    """
    rendered = 0
    for id in db.session.scalars(PageVersion.outdated().with_only_columns(PageVersion.id)).all():
        db.session.get(PageVersion, id).render_again()
        db.session.commit()
        rendered += 1
    click.echo(f"{rendered} rendered again.")

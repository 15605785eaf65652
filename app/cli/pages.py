"""flask pages: the site's own texts."""

import click
from sqlalchemy import select

from ..extensions import db
from ..models import Page, PageVersion
from .plain import Group

pages = Group("pages", help="The site's own texts, such as About and Rules.")


@pages.command("list")
def list_():
    """List the pages, and who changed each last."""
    for page in db.session.scalars(select(Page).order_by(Page.slug)):
        mark = " (removed)" if page.is_removed else ""
        changed = f"{page.current.created_at:%Y-%m-%d %H:%M} UTC by {page.current.author_name}"
        click.echo(f"{page.slug}{mark}: {page.title}; last changed {changed}")


@pages.command("render")
def render():
    """Store again, in all versions, what an older renderer made. Readers see it right anyway."""
    rendered = 0
    for id in db.session.scalars(PageVersion.outdated().with_only_columns(PageVersion.id)).all():
        db.session.get(PageVersion, id).render_again()
        db.session.commit()
        rendered += 1
    click.echo(f"Rendered again: {rendered}.")

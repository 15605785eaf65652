"""flask fake: people to try the site with."""

import click
from flask import current_app
from flask.cli import with_appcontext

from ..extensions import db
from ..fake import make_people
from ..models import Role
from .plain import Command


@click.command("fake", cls=Command)
@click.option("--people", default=25, show_default=True, type=click.IntRange(1, 10_000))
@with_appcontext
def fake(people):
    """Fill a development site with believable members; they share one password."""
    if current_app.config["SECURE"]:
        raise click.ClickException("This makes accounts with a known password: not in production.")
    if Role.get_default() is None:
        raise click.ClickException("There are no roles yet; run flask deploy first.")
    made, password = make_people(people)
    db.session.commit()
    for person in made[:5]:
        click.echo(f"{person.username} <{person.email}>")
    click.echo(f"{len(made)} people; the password of each is: {password}")

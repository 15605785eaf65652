"""flask fake: a made-up community for development."""

import click
from flask import current_app
from flask.cli import with_appcontext

from ..extensions import db
from ..fake import make_community, make_peace, make_people, waiting
from ..models import Role
from .plain import Command


@click.command("fake", cls=Command)
@click.option("--people", default=25, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--posts", default=100, show_default=True, type=click.IntRange(0, 100_000))
@click.option("--comments", default=300, show_default=True, type=click.IntRange(0, 200_000))
@with_appcontext
def fake(people, posts, comments):
    """Fill a development site with made-up members, posts and comments.

    All members share one password. Two are moderators, with reports to review.
    """
    if current_app.config["SECURE"]:
        raise click.ClickException("Not in production: these accounts have a known password.")
    if Role.get_default() is None:
        raise click.ClickException("The database has no roles yet. Run flask deploy first.")
    made, password = make_people(people)
    numbers = make_community(made, posts=posts, comments=comments)
    db.session.commit()
    moderators = make_peace(made)
    db.session.commit()
    for person in made[:5]:
        click.echo(f"{person.username} <{person.email}>")
    click.echo(", ".join(f"{number:,} {noun}" for noun, number in numbers.items()))
    if moderators:
        names = " and ".join(person.username for person in moderators)
        click.echo(f"{names} are moderators; {waiting()} reports are waiting for them")
    click.echo(f"{len(made)} people, who all have the password: {password}")

"""flask fake: a community to try the site with."""

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
    """Fill a development site with believable members, who share one password.

    They write, answer, follow and like, in the order of time over the last year. Two of them
    moderate: some reports are settled, others wait.
    """
    if current_app.config["SECURE"]:
        raise click.ClickException("This makes accounts with a known password: not in production.")
    if Role.get_default() is None:
        raise click.ClickException("There are no roles yet; run flask deploy first.")
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
        click.echo(f"{names} moderate; {waiting()} things that members reported wait for them")
    click.echo(f"{len(made)} people; the password of each is: {password}")

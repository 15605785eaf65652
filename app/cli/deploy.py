"""flask deploy: bring the database up to date, as often and from as many hosts as one likes."""

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import text

from ..extensions import db
from ..models import Page, Role, User
from .plain import Command
from .users import new_username, set_password

LOCK = 0x0FFB  # the number that all deploys of one PostgreSQL database agree on


@click.command("deploy", cls=Command)
@with_appcontext
def deploy():
    """Migrate, seed roles, pages and the first administrator. Safe to run again."""
    with one_at_a_time():
        upgrade()
        Role.insert_roles()
        Page.insert_pages()
        given = User.give_missing_roles()
        db.session.commit()
        if given:
            click.echo(f"{given} people without a role have one now.")
        make_first_administrator()
    click.echo("The database is up to date.")


def make_first_administrator():
    """SUPERUSER_ID and SUPERUSER_PASSWORD name them; the password is good for one sign-in."""
    config = current_app.config
    email, password = config["SUPERUSER_ID"], config["SUPERUSER_PASSWORD"]
    if not email:
        return
    if User.with_email(email):
        click.echo("The first administrator is there already.")
        return
    if not password:
        raise click.ClickException("SUPERUSER_PASSWORD cannot be used. It is not set.")
    try:
        role = Role.named("Administrator")
        person = User.make(role=role, email=email, username=new_username(email))
    except ValueError as error:
        raise click.ClickException(f"SUPERUSER_ID must be an address. {error}") from None
    try:
        set_password(person, password)
    except ValueError as error:
        raise click.ClickException(f"SUPERUSER_PASSWORD cannot be used. {error}") from None
    person.require_new_password()
    person.prove_address()
    db.session.commit()
    click.echo(f"{person.username} ({person.email}) is the first administrator.")
    click.echo("A new password is asked for at the first sign-in.")


@contextmanager
def one_at_a_time():
    """Wait for other deploys: by a lock in PostgreSQL, or on a file beside the SQLite database."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            connection.execute(text("SET statement_timeout = 0; SET lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
                connection.invalidate()  # its time-outs were changed
        return
    path = Path(db.engine.url.database or os.devnull)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{path}.lock" if path.name != "null" else path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""flask deploy: bring the database up to date, from any number of hosts at once."""

import fcntl
import os
import re
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from ..doctor.database import current_heads, scripts_of
from ..extensions import db
from ..models import Page, Role, User
from .plain import Command
from .users import new_username, set_password

UNKNOWN_REVISION = (
    "The database is at revision {}, which this version of the code doesn’t know. Deploy the"
    " version that made it, or use another database."
)
NO_RECORD = (
    "The database has this site’s tables but no record of migrations, as db.create_all() leaves it."
    " To start over, empty it and run flask deploy. To keep the data, if this version of the code"
    " made it: flask db stamp head, then flask deploy."
)
PARTLY_OURS = (
    "The database has some of this site’s tables but no record of migrations. Missing: {}. Another"
    " version of the code made them by db.create_all(). Deploy that version and run"
    " flask db stamp head, or empty the database and run flask deploy."
)
SIDE_TABLE = re.compile(
    r"(users|posts|comments)_(words|search)(_(config|content|data|docsize|idx))?"
)
OTHERS = "The database has another application’s tables: {}. {}Use an empty database."
SHARE = " To share this one: flask deploy --shared."
LOCK = 0x0FFB  # the advisory lock of deploys, the same for all hosts


@click.command("deploy", cls=Command)
@click.option("--shared", is_flag=True, help="Use a database that another application uses too.")
@with_appcontext
def deploy(shared):
    """Migrate the database and create roles, pages and the first administrator.

    Safe to run again: do so after each update.
    """
    with one_at_a_time():
        if problem := problem_with_tables(shared):
            raise click.ClickException(problem)
        upgrade()
        Role.insert_roles()
        Page.insert_pages()
        given = User.give_missing_roles()
        db.session.commit()
        if given:
            click.echo(f"{given} people without a role got one.")
        make_first_administrator()
    click.echo("The database is up to date.")


def problem_with_tables(shared):
    """Return why the tables in the database can’t be migrated, or None."""
    found = inspect(db.engine)
    names = {*found.get_table_names(), *found.get_view_names()} - {"alembic_version"}
    tables = {name for name in names if not SIDE_TABLE.fullmatch(name)}
    ours = set(db.metadata.tables)
    alike = {name for name in tables if name.lower() in ours}  # SQLite takes them for the same
    try:
        revisions = set(current_heads())
    except SQLAlchemyError:
        return OTHERS.format(few(tables | {"alembic_version"}), "")
    finally:
        db.session.rollback()
    known = {script.revision for script in scripts_of().walk_revisions()}
    if unknown := revisions - known:
        return UNKNOWN_REVISION.format(", ".join(sorted(unknown)))
    if revisions or not tables:
        return None
    if ours <= tables:
        return NO_RECORD
    if len(alike) > len(ours) / 2:
        return PARTLY_OURS.format(few(ours - tables))
    if alike:
        return OTHERS.format(few(tables), f"Some have this site’s names: {few(alike)}. ")
    return None if shared else OTHERS.format(few(tables), "") + SHARE


def few(names):
    names = sorted(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def make_first_administrator():
    """Create the account of SUPERUSER_ID. SUPERUSER_PASSWORD works for one sign-in."""
    config = current_app.config
    email, password = config["SUPERUSER_ID"], config["SUPERUSER_PASSWORD"]
    if not email:
        return
    if User.with_email(email):
        click.echo("The first administrator already exists.")
        return
    if not password:
        raise click.ClickException("SUPERUSER_PASSWORD is not set.")
    try:
        role = Role.named("Administrator")
        person = User.make(role=role, email=email, username=new_username(email))
    except ValueError as error:
        raise click.ClickException(f"SUPERUSER_ID must be an email. {error}") from None
    try:
        set_password(person, password)
    except ValueError as error:
        raise click.ClickException(f"SUPERUSER_PASSWORD can’t be used. {error}") from None
    person.require_new_password()
    person.prove_address()
    db.session.commit()
    click.echo(f"{person.username} ({person.email}) is the first administrator.")
    click.echo("They’ll be asked for a new password when they first sign in.")


@contextmanager
def one_at_a_time():
    """Wait for other deploys: by a PostgreSQL lock, or a lock file beside a SQLite database."""
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

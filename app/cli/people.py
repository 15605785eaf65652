"""What the commands about people and roles share: find, or say in one sentence why not."""

import sys
from contextlib import contextmanager

import click

from ..extensions import db
from ..models import Role, User
from ..models.users.rank import Refused
from ..permissions import Permission


def short_enough(context, option, reason):
    if len(reason) > 500:
        raise click.BadParameter("Use at most 500 characters.")
    return reason


reason_option = click.option(
    "--reason", default="", callback=short_enough, help="Goes into the log; some acts are public."
)


def find_user(email):
    """Find a person by address or username; one clear sentence where there is none."""
    user = User.with_login(email)
    if user is None:
        raise click.ClickException(f"Nobody has the address or username {email}.")
    return user


def find_role(name):
    role = Role.named(name)
    if role is None:
        names = ", ".join(role.name for role in Role.all()) or "none yet: run flask deploy"
        raise click.ClickException(f"There is no role {name}; there are {names}.")
    return role


def read_permissions(names):
    try:
        return Permission.parse(names)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def one_change():
    """Commit what the block does, or change nothing and say why."""
    try:
        yield
        db.session.commit()
    except (Refused, ValueError) as error:
        db.session.rollback()
        raise click.ClickException(str(error)) from None


def read_line(prompt):
    """Ask for a password twice on a terminal; read one line where input comes from a pipe."""
    if sys.stdin.isatty():
        return click.prompt(prompt, hide_input=True, confirmation_prompt=True)
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise click.ClickException("Give a password with --password, or type it when asked.")
    return password

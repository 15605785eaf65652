"""Helpers of the commands about people and roles: find them, or say why not."""

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
    "--reason",
    default="",
    callback=short_enough,
    help="Shown in the log, for some actions in public.",
)


def find_user(email):
    """Return the person with an email or username. ClickException if there is none."""
    user = User.with_login(email)
    if user is None:
        raise click.ClickException(f"Nobody has the email or username {email}.")
    return user


def find_role(name):
    role = Role.named(name)
    if role is None:
        if not (roles := Role.all()):
            raise click.ClickException("There are no roles yet. Run flask deploy first.")
        names = ", ".join(role.name for role in roles)
        raise click.ClickException(f"There is no role {name}. Choose from: {names}.")
    return role


def read_permissions(names):
    try:
        return Permission.parse(names)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def one_change():
    """Commit what the block does. If it is refused, change nothing and say why."""
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

"""flask users: accounts, as an operator sees them."""

import re

import click
from sqlalchemy import select

from ..extensions import db
from ..models import User, UserSession
from ..names import username_key
from ..passwords import LONGEST, problem_with
from .people import find_role, find_user, one_change, read_line
from .plain import Group

users = Group("users", help="Accounts: make, find, open and close them.")


@users.command("create")
@click.option("--username", help="Made from the address where it is not given.")
@click.option("--password", help="Asked for where it is not given.")
@click.option("--role", help="The default role where it is not given.")
@click.argument("email")
def create(email, username, password, role):
    """Make an account that can be used at once: confirmed and active."""
    holder = {"role": find_role(role)} if role else {}
    if User.with_email(email):
        raise click.ClickException(f"The address {email} has an account already.")
    if username and User.with_username(username):
        raise click.ClickException(f"The username {username} is taken.")
    with one_change():
        person = User(email=email, username=username or new_username(email), **holder)
        set_password(person, password or read_line("Password"))
        person.prove_address()
        db.session.add(person)
    click.echo(f"Made {describe(person)}.")


@users.command("activate")
@click.argument("email")
def activate(email):
    """Open a deactivated account again."""
    person = find_user(email)
    if person.is_active:
        click.echo(f"{person.username} is active already.")
        return
    with one_change():
        person.reactivate()
    click.echo(f"{person.username} is active again.")


@users.command("deactivate")
@click.argument("email")
def deactivate(email):
    """Close an account and sign it out everywhere; nothing is deleted."""
    person = find_user(email)
    if not person.is_active:
        click.echo(f"{person.username} is deactivated already.")
        return
    with one_change():
        person.deactivate()
    click.echo(f"{person.username} is deactivated and signed out everywhere.")


@users.command("confirm")
@click.argument("email")
def confirm(email):
    """Take an address as proven, without a mail."""
    person = find_user(email)
    if person.is_confirmed:
        click.echo(f"{person.email} is confirmed already.")
        return
    with one_change():
        person.prove_address()
    click.echo(f"{person.email} is confirmed.")


@users.command("list")
@click.argument("text", default="")
def list_(text):
    """List accounts whose address or username holds TEXT; all, without it."""
    for person in db.session.scalars(User.search(text)):
        click.echo(describe(person))


@users.command("show")
@click.argument("email")
def show(email):
    """Show an account."""
    person = find_user(email)
    click.echo(describe(person))
    click.echo(f"  name           {person.full_name()}")
    click.echo(f"  member since   {person.member_since:%Y-%m-%d %H:%M} UTC")
    seen = f"{person.last_seen:%Y-%m-%d %H:%M} UTC" if person.last_seen else "never"
    click.echo(f"  last seen      {seen}")
    devices = UserSession.of(person)
    click.echo(f"  signed in on   {', '.join(row.device for row in devices) or 'no device'}")


@users.command("change-password")
@click.option("--password", help="Asked for where it is not given.")
@click.argument("email")
def change_password(email, password):
    """Set a password and sign the person out everywhere."""
    person = find_user(email)
    with one_change():
        set_password(person, password or read_line("New password"))
        UserSession.end_all(person)
    click.echo(f"The password of {person.username} is changed.")


@users.command("delete")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("email")
def delete(email, yes):
    """Delete an account for good."""
    person = find_user(email)
    if not yes:
        click.confirm(f"Delete {person.username} ({person.email}) for good?", abort=True)
    with one_change():
        person.delete()
    click.echo(f"{person.username} is deleted.")


def set_password(person, password):
    """Operators may set what they like; an easy one has to be changed at the next sign-in."""
    if len(password) > LONGEST or not password.strip():
        raise ValueError(f"A password has 1 to {LONGEST} characters.")
    person.password = password
    if problem := problem_with(password, [person.email, person.username]):
        person.require_new_password()
        click.echo(f"{problem} A new one is asked for at the next sign-in.", err=True)


def new_username(email):
    """Return a free username made from the address."""
    base = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9_.]", "", email.partition("@")[0])[:56] or "member"
    taken = select(User.username_key).where(User.username_key.startswith(username_key(base)))
    names = set(db.session.scalars(taken))
    numbered = (f"{base}{number or ''}" for number in range(10**6))
    return next(name for name in numbered if username_key(name) not in names)


def describe(person):
    marks = [person.role.name if person.role else "no role"]
    marks += [] if person.is_confirmed else ["not confirmed"]
    marks += [] if person.is_active else ["deactivated"]
    return f"{person.username} <{person.email}> {', '.join(marks)}"

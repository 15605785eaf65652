"""flask users: accounts."""

import click
from sqlalchemy import select

from .. import data_export
from ..extensions import db
from ..models import AccountDeletion, Role, User, UserSession
from ..models.users.listing import PeopleList
from ..security.passwords import LONGEST, is_too_long, problem_with
from ..text.names import username_from, username_key
from .people import find_role, find_user, one_change, read_line, reason_option
from .plain import Group

users = Group("users", help="Create, find, change and delete accounts.")


@users.command("create")
@click.option("--username", help="Default: made from the email.")
@click.option("--password", help="Default: asked for.")
@click.option("--role", help="Default: the default role.")
@click.argument("email")
def create(email, username, password, role):
    """Create an account that is confirmed and active.

    Example: flask users create --role Moderator mona@example.org
    """
    held = find_role(role) if role else Role.get_default()
    if User.with_email(email):
        raise click.ClickException(f"The email {email} already has an account.")
    if username and User.with_username(username):
        raise click.ClickException(f"The username {username} is taken.")
    with one_change():
        person = User.make(role=held, email=email, username=username or new_username(email))
        set_password(person, password or read_line("Password"))
        person.prove_address()
    click.echo(f"Created {describe(person)}.")


@users.command("activate")
@reason_option
@click.argument("email")
def activate(email, reason):
    """Reactivate an account."""
    person = find_user(email)
    if person.is_active:
        click.echo(f"{person.username} is already active.")
        return
    with one_change():
        person.reactivate(reason=reason)
    click.echo(f"{person.username} was reactivated.")


@users.command("deactivate")
@reason_option
@click.argument("email")
def deactivate(email, reason):
    """Deactivate an account and sign it out everywhere. Nothing is deleted."""
    person = find_user(email)
    if not person.is_active:
        click.echo(f"{person.username} is already deactivated.")
        return
    with one_change():
        person.deactivate(reason=reason)
    click.echo(f"{person.username} was deactivated and signed out everywhere.")


@users.command("confirm")
@reason_option
@click.argument("email")
def confirm(email, reason):
    """Confirm an email without sending one."""
    person = find_user(email)
    if person.is_confirmed:
        click.echo(f"{person.email} is already confirmed.")
        return
    with one_change():
        person.vouch_for_address(reason=reason)
    click.echo(f"{person.email} was confirmed.")


@users.command("list")
@click.argument("text", default="")
def list_(text):
    """List accounts whose names or email contain each word of TEXT, or all accounts."""
    people = PeopleList(words=text, order="username").find()
    for person in db.session.scalars(people.in_order.execution_options(yield_per=500)):
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
@click.option("--password", help="Default: asked for.")
@click.argument("email")
def change_password(email, password):
    """Set a password and sign the person out everywhere."""
    person = find_user(email)
    with one_change():
        set_password(person, password or read_line("New password"))
    click.echo(f"{person.username}’s password was changed.")


@users.command("delete")
@reason_option
@click.option("--yes", is_flag=True, help="Don’t ask for confirmation.")
@click.option("--remove-writing", is_flag=True, help="Delete their posts and comments too.")
@click.argument("email")
def delete(email, yes, remove_writing, reason):
    """Delete an account permanently."""
    person = find_user(email)
    if not yes:
        click.confirm(f"Permanently delete {person.username} ({person.email})?", abort=True)
    name = person.username
    with one_change():
        AccountDeletion.order(person, reason=reason, removes_writing=remove_writing)
    if data_export.delete_now(person):
        click.echo(f"{name} was deleted.")
    else:
        click.echo(f"{name} was closed and is being deleted, which can take a few minutes.")


def set_password(person, password):
    """Set a password. A weak one must be changed at the next sign-in."""
    if is_too_long(password) or not password.strip():
        raise ValueError(f"A password needs 1 to {LONGEST} characters.")
    person.assign_password(password)
    if problem := problem_with(password, [person.email, person.username]):
        person.require_new_password()
        click.echo(f"{problem} They’ll be asked for a new one at the next sign-in.", err=True)


def new_username(email):
    """Return a free username made from the email."""
    base = username_from(email)
    taken = select(User.username_key).where(User.username_key.startswith(username_key(base)))
    names = set(db.session.scalars(taken))
    numbered = (f"{base}{number or ''}" for number in range(10**6))
    return next(name for name in numbered if username_key(name) not in names)


def describe(person):
    marks = [person.role.name if person.role else "no role"]
    marks += [] if person.is_confirmed else ["not confirmed"]
    marks += [] if person.is_active else ["deactivated"]
    return f"{person.username} <{person.email}> {', '.join(marks)}"

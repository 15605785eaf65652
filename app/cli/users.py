"""flask users: accounts, as an operator sees them."""

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

users = Group("users", help="Accounts: make, find, open and close them.")


@users.command("create")
@click.option("--username", help="Made from the address where it is not given.")
@click.option("--password", help="Asked for where it is not given.")
@click.option("--role", help="The default role where it is not given.")
@click.argument("email")
def create(email, username, password, role):
    """Create an account that is confirmed and active."""
    held = find_role(role) if role else Role.get_default()
    if User.with_email(email):
        raise click.ClickException(f"The address {email} has an account already.")
    if username and User.with_username(username):
        raise click.ClickException(f"The username {username} is taken.")
    with one_change():
        person = User.make(role=held, email=email, username=username or new_username(email))
        set_password(person, password or read_line("Password"))
        person.prove_address()
    click.echo(f"Made {describe(person)}.")


@users.command("activate")
@reason_option
@click.argument("email")
def activate(email, reason):
    """Open a deactivated account again."""
    person = find_user(email)
    if person.is_active:
        click.echo(f"{person.username} is active already.")
        return
    with one_change():
        person.reactivate(reason=reason)
    click.echo(f"{person.username} is active again.")


@users.command("deactivate")
@reason_option
@click.argument("email")
def deactivate(email, reason):
    """Close an account and sign it out everywhere; nothing is deleted."""
    person = find_user(email)
    if not person.is_active:
        click.echo(f"{person.username} is deactivated already.")
        return
    with one_change():
        person.deactivate(reason=reason)
    click.echo(f"{person.username} is deactivated and signed out everywhere.")


@users.command("confirm")
@reason_option
@click.argument("email")
def confirm(email, reason):
    """Confirm an email without sending one."""
    person = find_user(email)
    if person.is_confirmed:
        click.echo(f"{person.email} is confirmed already.")
        return
    with one_change():
        person.vouch_for_address(reason=reason)
    click.echo(f"{person.email} is confirmed.")


@users.command("list")
@click.argument("text", default="")
def list_(text):
    """List accounts with each word of TEXT in a name or the address; all, without it."""
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
@click.option("--password", help="Asked for where it is not given.")
@click.argument("email")
def change_password(email, password):
    """Set a password and sign the person out everywhere."""
    person = find_user(email)
    with one_change():
        set_password(person, password or read_line("New password"))
    click.echo(f"The password of {person.username} is changed.")


@users.command("delete")
@reason_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--remove-writing", is_flag=True, help="What they wrote goes too, else it stays.")
@click.argument("email")
def delete(email, yes, remove_writing, reason):
    """Delete an account for good."""
    person = find_user(email)
    if not yes:
        click.confirm(f"Delete {person.username} ({person.email}) for good?", abort=True)
    name = person.username
    with one_change():
        AccountDeletion.order(person, reason=reason, removes_writing=remove_writing)
    if data_export.delete_now(person):
        click.echo(f"{name} is deleted.")
    else:
        click.echo(f"{name} is closed and being deleted; that may take some minutes.")


def set_password(person, password):
    """Operators may set what they like; an easy one has to be changed at the next sign-in."""
    if is_too_long(password) or not password.strip():
        raise ValueError(f"A password has 1 to {LONGEST} characters.")
    person.assign_password(password)
    if problem := problem_with(password, [person.email, person.username]):
        person.require_new_password()
        click.echo(f"{problem} A new one is asked for at the next sign-in.", err=True)


def new_username(email):
    """Return a free username made from the address."""
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

"""flask roles: who may do what."""

import click

from ..extensions import db
from ..models import Role, User
from ..permissions import ROLES, Permission
from .people import find_role, find_user, one_change, read_permissions
from .plain import Group

roles = Group("roles", help="Roles: make them, give them, and say what they allow.")


@roles.command("create")
@click.option("-p", "--permissions", default="", help="A list with commas, such as write,comment.")
@click.option("-d", "--description", default="", help="What the role is for.")
@click.argument("name")
def create(name, permissions, description):
    """Make a role."""
    mask = read_permissions(permissions)
    name = name.strip()
    if not 0 < len(name) <= 64 or len(description) > 200:
        raise click.ClickException("A name has 1 to 64 characters, a description at most 200.")
    if Role.named(name):
        raise click.ClickException(f"There is a role {name} already.")
    with one_change():
        db.session.add(Role(name=name, permissions=int(mask), description=description))
    click.echo(f"The role {name} allows {words_for(mask)}.")


@roles.command("list")
def list_():
    """List the roles, what they allow, and how many hold them."""
    for role in Role.all():
        mark = " (default)" if role.default else ""
        held = role.count_holders()
        click.echo(f"{role.name}{mark}: {words_for(role.permissions)}; held by {held}")


@roles.command("add")
@click.argument("email")
@click.argument("name")
def add(email, name):
    """Give a role that covers the one held; never takes a permission away."""
    person, role = find_user(email), find_role(name)
    held = person.role
    if held is role or (held and held.covers(role)):
        click.echo(f"Nothing changes: {person.username} is {held.name}, which covers {role.name}.")
        return
    if held and not role.covers(held):
        lost = words_for(held.permissions & ~role.permissions)
        raise click.ClickException(
            f"{person.username} is {held.name}, and {role.name} would take {lost} away. "
            f"A person has one role; to replace it: flask roles set {email} {name}"
        )
    give(person, role)


@roles.command("set")
@click.argument("email")
@click.argument("name")
def set_(email, name):
    """Replace the role a person holds."""
    give(find_user(email), find_role(name))


@roles.command("remove")
@click.argument("email")
@click.argument("name")
def remove(email, name):
    """Take a role away; the person returns to the default role."""
    person, role = find_user(email), find_role(name)
    if person.role is not role:
        held = person.role.name if person.role else "without a role"
        raise click.ClickException(f"{person.username} is {held}, not {role.name}.")
    give(person, Role.get_default())


@roles.command("add-permissions")
@click.argument("name")
@click.argument("permissions")
def add_permissions(name, permissions):
    """Let a role do more. PERMISSIONS is a list with commas."""
    role, mask = changeable(name), read_permissions(permissions)
    with one_change():
        role.add_permission(mask)
    click.echo(f"The role {role.name} allows {words_for(role.permissions)}.")


@roles.command("remove-permissions")
@click.argument("name")
@click.argument("permissions")
def remove_permissions(name, permissions):
    """Let a role do less. PERMISSIONS is a list with commas."""
    role, mask = changeable(name), read_permissions(permissions)
    with one_change(), User.an_administrator_remains():
        role.remove_permission(mask)
    click.echo(f"The role {role.name} allows {words_for(role.permissions)}.")


def give(person, role):
    with one_change():
        person.change_role(role)
    click.echo(f"{person.username} is {role.name} now.")


def changeable(name):
    """Built-in roles return to what they were with every deploy, so they are not changed here."""
    role = find_role(name)
    if role.name in ROLES:
        raise click.ClickException(f"{role.name} is built in; make a role of your own instead.")
    db.session.refresh(role, with_for_update=True)
    return role


def words_for(mask):
    return ", ".join(name.lower() for name in Permission.names(mask)) or "nothing"

"""flask roles: roles and their permissions."""

import click

from ..email import send_role_changed
from ..models import Role
from ..models.fields import at_midnight
from ..permissions import Permission
from .people import find_role, find_user, one_change, read_permissions, reason_option
from .plain import Group
from .role_files import apply_roles, differences, not_in, read_roles, write_roles

roles = Group("roles", help="Create roles, set their permissions and give them to people.")
until_option = click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The last day in UTC, such as 2026-09-01. Then the former role returns.",
)


@roles.command("create")
@click.option("-p", "--permissions", default="", help="Separated by commas, such as write,comment.")
@click.option("-d", "--description", default="", help="What the role is for.")
@click.argument("name")
def create(name, permissions, description):
    """Create a role.

    Example: flask roles create -p write,comment Writer
    """
    mask = read_permissions(permissions)
    with one_change():
        role = Role.create(name=name, permissions=int(mask), description=description)
    click.echo(f"The role {role.name} allows {words_for(mask)}.")


@roles.command("list")
def list_():
    """List roles with their permissions and how many people have them."""
    for role in Role.all():
        mark = " (default)" if role.default else ""
        held = role.count_holders()
        click.echo(f"{role.name}{mark}: {words_for(role.permissions)}; held by {held}")


@roles.command("add")
@until_option
@reason_option
@click.argument("email")
@click.argument("name")
def add(email, name, until, reason):
    """Give a person a role that allows at least what their current one does."""
    person, role = find_user(email), find_role(name)
    held = person.current_role
    if held is role or (held and held.covers(role)):
        click.echo(f"No change: {person.username} is {held.name}, which covers {role.name}.")
        return
    if held and not role.covers(held):
        lost = words_for(held.permissions & ~role.permissions)
        raise click.ClickException(
            f"{person.username} is {held.name}, and {role.name} would take {lost} away. "
            f"A person has one role; to replace it: flask roles set {email} {name}"
        )
    give(person, role, until, reason)


@roles.command("set")
@until_option
@reason_option
@click.argument("email")
@click.argument("name")
def set_(email, name, until, reason):
    """Replace a person’s role."""
    give(find_user(email), find_role(name), until, reason)


@roles.command("remove")
@reason_option
@click.argument("email")
@click.argument("name")
def remove(email, name, reason):
    """Take a person’s role away. They get the default role."""
    person, role = find_user(email), find_role(name)
    if person.current_role is not role:
        held = person.current_role.name if person.current_role else "without a role"
        raise click.ClickException(f"{person.username} is {held}, not {role.name}.")
    give(person, Role.get_default(), None, reason)


@roles.command("add-permissions")
@click.argument("name")
@click.argument("permissions")
def add_permissions(name, permissions):
    """Add permissions to a role.

    PERMISSIONS are separated by commas, such as write,comment.
    """
    role, mask = find_role(name), read_permissions(permissions)
    with one_change():
        role.grant(mask)
    click.echo(f"The role {role.name} allows {words_for(role.permissions)}.")


@roles.command("remove-permissions")
@click.argument("name")
@click.argument("permissions")
def remove_permissions(name, permissions):
    """Remove permissions from a role.

    PERMISSIONS are separated by commas, such as write,comment.
    """
    role, mask = find_role(name), read_permissions(permissions)
    with one_change():
        role.revoke(mask)
    click.echo(f"The role {role.name} allows {words_for(role.permissions)}.")


@roles.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True), default="-")
def export(file):
    """Write all roles to FILE as TOML, or print them."""
    file.write(write_roles())


@roles.command("diff")
@click.argument("file", type=click.File("rb"))
def diff(file):
    """Show the differences between FILE and the site; exit with 1 if there are any."""
    wanted = read(file)
    said = [*differences(wanted), *(f"{role.name}: only on the site." for role in not_in(wanted))]
    click.echo("\n".join(said) or "No differences.")
    if said:
        raise SystemExit(1)


@roles.command("apply")
@click.option("--delete", is_flag=True, help="Remove roles that nobody has and FILE doesn’t list.")
@click.argument("file", type=click.File("rb"))
def apply(file, delete):
    """Create and change roles to match FILE. Changes all of them or none."""
    wanted = read(file)
    said = list(differences(wanted))
    with one_change():
        apply_roles(wanted)
        said += [*remove_all(not_in(wanted))] if delete else []
    click.echo("\n".join(said) or "No changes.")


def read(file):
    try:
        return read_roles(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name}: {error}") from None


def remove_all(others):
    """Remove roles; yield a sentence about each."""
    for role in others:
        held = role.count_bound() and "people have it or will return to it."
        if why := held or role.why_not_delete(None):
            yield f"{role.name} was kept: {why}"
        else:
            role.delete()
            yield f"{role.name} was removed."


def give(person, role, until, reason):
    before = person.role_in_words
    with one_change():
        until = until and at_midnight(until.date())
        person.change_role(role, until=until, reason=reason)
        send_role_changed(person, before)
    click.echo(f"{person.username}’s role is now {person.role_in_words}.")


def words_for(mask):
    return ", ".join(name.lower() for name in Permission.names(mask)) or "nothing"

"""flask audit: the audit log."""

import click

from ..extensions import db
from ..models import AuditEntry
from ..models.audit.chain import AuditHead
from ..web.audit_words import said, target
from ..web.request_log import one_line
from .mail import NUMBER
from .plain import Group

audit = Group("audit", help="Read the audit log and verify that nobody changed it.")


@audit.command("verify")
@click.option(
    "--expect", metavar="NUMBER:HASH", help="An end of the log that verify printed earlier."
)
def verify(expect):
    """Check the whole log for changed or missing entries.

    Prints the end of the log. Note it down elsewhere: who can change the database could write the
    whole log anew, but not so that it ends in what you noted.
    """
    if fault := AuditEntry.verify():
        raise click.ClickException(f"Entry {fault.number} {fault.words}.")
    if expect and not AuditEntry.holds(expect):
        raise click.ClickException(f"The log doesn’t contain {expect}, which you expected.")
    number, hash = AuditHead.now()
    click.echo(f"{number} {'entry' if number == 1 else 'entries'} verified.")
    click.echo(f"{number}:{hash}")


@audit.command("list")
@click.option("--actor", help="Only actions by this username.")
@click.option("--action", help="Only this action, for example: 'change role'.")
@click.option("--limit", default=50, type=NUMBER, help="The most to show.", show_default=True)
def list_(actor, action, limit):
    """List audit log entries, newest first."""
    entries = AuditEntry.latest().limit(limit)
    if action:
        entries = entries.where(AuditEntry.action == action)
    if actor:
        entries = entries.where(AuditEntry.actor_name == actor)
    for entry in db.session.scalars(entries):
        click.echo(one_line(line_of(entry)))


def line_of(entry):
    when = f"{entry.number:>6}  {entry.created_at:%Y-%m-%d %H:%M}"
    what = f"{entry.actor_name}: {entry.action} {target(entry)}".rstrip()
    change = (
        f"{said(entry.before, entry)} → {said(entry.after, entry)}"
        if entry.before or entry.after
        else ""
    )
    return "  ".join(filter(None, [when, what, change, entry.reason]))

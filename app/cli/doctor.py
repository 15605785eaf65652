"""flask doctor: checks of the site, and how to fix what they find."""

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from ..doctor import BAD, examine
from ..web.request_log import one_line
from .plain import Command


@click.command("doctor", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--expect", metavar="NUMBER:HASH", help="An end of the log that verify printed earlier."
)
@with_appcontext
def doctor(as_json, expect):
    """Check the database, mail, configuration and counts; exit with 1 if something is bad.

    Each line says good, note or bad, followed by how to fix what isn’t good.
    """
    findings = examine(seconds=current_app.config["MAIL_TIMEOUT"], expect=expect)
    is_well = all(finding.state != BAD for finding in findings)
    if as_json:
        facts = {"well": is_well, "version": current_app.config["VERSION"]}
        facts["checks"] = [finding.as_dict() for finding in findings]
        click.echo(json.dumps(facts, indent=2))
    else:
        show(findings)
    raise SystemExit(0 if is_well else 1)


def show(findings):
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.state:<4}  {finding.name:<{width}}  {one_line(finding.words)}")
        if finding.cure:
            click.echo(f"{'':<{width + 6}}  → {one_line(finding.cure)}")

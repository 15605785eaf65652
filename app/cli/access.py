"""flask access: the access map as a table or file, and compared with a saved one."""

import click

from ..access.map import access_map, kinds_of, short
from ..models import Role
from .access_differences import differences
from .access_files import as_csv, as_json, as_rows, read_saved
from .plain import Command


@click.command("access", cls=Command)
@click.option("--json", "form", flag_value="json", help="Write the map as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Write the map as CSV.")
@click.option("--check", "file", metavar="FILE", help="Compare with a saved map.")
def access(form, file):
    """Show which role can open which endpoint, and the policy of each.

    With --check, a file that --json or --csv has written is held against the map of now. The
    differences are told in a sentence each, and the command fails where there are any.
    """
    if form and file is not None:
        raise click.ClickException("Use --check or --json/--csv, not both.")
    saved = None if file is None else read_saved(file)
    rows = rows_of_now()
    if saved is not None:
        compare(saved, rows, file)
    elif form:
        click.echo(as_json(rows) if form == "json" else as_csv(rows), nl=False)
    else:
        click.echo("\n".join(table(rows)))


def rows_of_now():
    roles = Role.all()
    if not roles:
        raise click.ClickException("The database has no roles yet. Run flask deploy first.")
    kinds = kinds_of(roles)
    return as_rows(access_map(kinds))


def compare(saved, rows, file):
    found = differences(saved, rows)
    if not found:
        click.echo(f"No differences from {file}.")
        return
    click.echo("\n".join(found))
    raise click.exceptions.Exit(1)


def table(rows):
    """Yield lines with aligned columns. URLs come last, as they are long."""
    columns = [column for column in rows[0] if column != "urls"] + ["urls"]
    lines = [[column.upper().removeprefix("ROLE ") for column in columns]]
    lines += [[*(row[column] for column in columns[:-1]), short(row["urls"])] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()

"""Access map files: JSON and CSV, written and read."""

import csv
import io
import json

import click

COLUMNS = ("endpoint", "methods", "urls", "policy", "visitor", "unconfirmed")
LATER = ("suspended",)  # columns that older files do not have
KNOWN = {*COLUMNS, *LATER}
ROLE = "role "  # in front of a role's name: so it is never taken for a column or a formula
LARGEST = 5_000_000  # bytes
NO_EXPORT = "{} is no access map; flask access --json and --csv write one."


def as_rows(doors):
    """Return the columns of a file, as a dictionary for each endpoint."""
    rows = []
    for door in doors:
        words = (door.endpoint, ", ".join(door.methods), " or ".join(door.urls), door.policy)
        rows.append(dict(zip(COLUMNS, words, strict=False)) | door.outcomes)
    return rows


def as_json(rows):
    return json.dumps({"access": rows}, indent=2, ensure_ascii=False) + "\n"


def as_csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_saved(file):
    """Return the rows of a file. ClickException if it is no access map."""
    text = read_text(file)
    try:
        is_json = text.lstrip().startswith(("{", "["))
        rows = json.loads(text)["access"] if is_json else list(csv.DictReader(io.StringIO(text)))
        require_rows(rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error):
        raise click.ClickException(NO_EXPORT.format(file)) from None
    return rows


def read_text(file):
    try:
        with open(file, "rb") as source:
            content = source.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no such name"
        raise click.ClickException(f"Can’t read {file}: {reason}.") from None
    if len(content) > LARGEST:
        raise click.ClickException(f"{file} is too large for an access map.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(NO_EXPORT.format(file)) from None


def require_rows(rows):
    """Raise ValueError unless these are endpoints, each once, with the columns of a map."""
    columns = set(rows[0]) if rows else set()
    others = columns - KNOWN
    if not columns >= set(COLUMNS) or not all(name.startswith(ROLE) for name in others):
        raise ValueError("other columns")
    for row in rows:
        if set(row) != columns or not all(isinstance(words, str) for words in row.values()):
            raise ValueError("another row")
    if len({row["endpoint"] for row in rows}) < len(rows):
        raise ValueError("an endpoint twice")

"""The access map in files: written as JSON or CSV, and read again whichever it was."""

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
    """Return a dictionary of words for each endpoint: the columns of a file."""
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
    """Return the rows of a file; one clear sentence where it holds none."""
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
        raise click.ClickException(f"{file} cannot be read: {reason}.") from None
    if len(content) > LARGEST:
        raise click.ClickException(f"{file} is larger than any access map.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(NO_EXPORT.format(file)) from None


def require_rows(rows):
    """ValueError where these are not endpoints, each once, with the same columns of words."""
    columns = set(rows[0]) if rows else set()
    others = columns - KNOWN
    if not columns >= set(COLUMNS) or not all(name.startswith(ROLE) for name in others):
        raise ValueError("other columns")
    for row in rows:
        if set(row) != columns or not all(isinstance(words, str) for words in row.values()):
            raise ValueError("another row")
    if len({row["endpoint"] for row in rows}) < len(rows):
        raise ValueError("an endpoint twice")

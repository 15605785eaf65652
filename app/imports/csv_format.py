"""The CSV format of people, the same for export and import.

A cell that a spreadsheet program would run as a formula is written with an apostrophe in front. It
stands wherever such a program may see a cell begin, also after a separator within a cell: programs
differ in what they split at. Reading takes off exactly what writing put there.
"""

import csv
import io
import re

COLUMNS = ("email", "username", "first_name", "last_name", "location")
COLUMNS += ("role", "confirmed", "active", "member_since", "last_seen")
INFORMATION = ("member_since", "last_seen")  # written for the reader, ignored when they come back
SEPARATORS = ",;\t"
BEGINS = r"(?<![^,;\t\r\n])"  # at the start, or behind what some program splits at
FORMULA = r"(?= *['=+\-@\t\r\n＝＋－＠])"
GUARD = re.compile(f"{BEGINS}{FORMULA}")
GUARDED = re.compile(f"{BEGINS}'{FORMULA}")
TOLD = re.compile(  # as Excel tells it, and as it saves that line again with the others
    r'[\r\n]*"?sep=(?P<separator>[,;\t])"?[ ,;\t]*(?:\r\n?|\n|\Z)', re.IGNORECASE
)
HEADINGS = {  # as address books and other programs have them
    **dict.fromkeys(("e_mail", "mail", "email_address", "e_mail_address"), "email"),
    **dict.fromkeys(("user_name", "user", "login"), "username"),
    **dict.fromkeys(("firstname", "given_name"), "first_name"),
    **dict.fromkeys(("lastname", "surname", "family_name"), "last_name"),
}
BOM = "\ufeff"
MOST_ROWS = 50_000
LONGEST_CELL = 10_000
MOST = 100  # columns that are looked at
FOREIGN = {
    b"\xff\xfe": "It’s UTF-16. Save it as “CSV UTF-8”.",
    b"\xfe\xff": "It’s UTF-16. Save it as “CSV UTF-8”.",
    b"PK\x03\x04": "It’s a workbook or archive, not text. Save it as “CSV UTF-8”.",
    b"\xd0\xcf\x11\xe0": "It’s a workbook, not text. Save it as “CSV UTF-8”.",
    b"\x1f\x8b": "It’s compressed. Unpack it first.",
}


class Unreadable(ValueError):
    """The file is no CSV of people. The message is for the person who uploaded it."""


def guarded(cell):
    return GUARD.sub("'", cell)


def unguarded(cell):
    return GUARDED.sub("", cell)


def content(rows):
    """Return the rows, each a list of texts, as lines of CSV."""
    lines = io.StringIO()
    csv.writer(lines).writerows([guarded(cell) for cell in row] for row in rows)
    return lines.getvalue()


def decoded(data):
    """Return the text of a file, or raise `Unreadable`, which names the line that is no UTF-8."""
    for start, words in FOREIGN.items():
        if data.startswith(start):
            raise Unreadable(words)
    if (at := data.find(b"\0")) >= 0:
        raise Unreadable(f"Line {_line_at(data, at)} contains binary data.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
        raise Unreadable(f"Line {line} isn’t UTF-8. Save the file as “CSV UTF-8”.") from None


def read(text):
    """Yield (line, cells): cells by their column; None in place of them where too many or too few.

    `Unreadable` says what is wrong with the file as a whole. Empty lines are left out.
    """
    lines = _lines(text)
    columns = _columns(_without_empty_end(next(lines, (1, []))[1]))
    count = 0
    for line, row in lines:
        count += 1
        if count > MOST_ROWS:
            raise Unreadable(f"It has more than {MOST_ROWS:,} people. Split it.")
        if len(row) > len(columns):  # a program may have saved empty columns at the end
            row = row[: len(columns)] + _without_empty_end(row[len(columns) :])
        fits = len(row) == len(columns)
        yield line, dict(zip(columns, map(unguarded, row), strict=True)) if fits else None
    if not count:
        raise Unreadable("It has no people: there are no lines below the column names.")


def _without_empty_end(cells):
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _lines(text):
    """Yield (number of the line where it begins, cells) of each row that is not empty."""
    separator, skipped = _separator(text), 0
    if told := TOLD.match(text):  # the number of its line stays counted
        text, skipped = text[told.end() :], 1
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1 + skipped
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                if any(len(cell) > LONGEST_CELL for cell in row):
                    raise Unreadable(
                        f"Line {line} has a cell that is too long. Is a quotation mark missing?"
                    )
                yield line, row
            line = rows.line_num + 1 + skipped
    except csv.Error:
        raise Unreadable(f"Line {line} isn’t valid CSV. Check its quotation marks.") from None


def _separator(text):
    """Return what the file says that it separates its cells by, else what its first line shows."""
    if told := TOLD.match(text):
        return told["separator"]
    first = re.search(r"[^\r\n]*", text.lstrip("\r\n"))[0]
    return max(SEPARATORS, key=first.count)


def _columns(header):
    names = [re.sub(r"[\s‐‑‒–-]+", "_", unguarded(name).strip().lower()) for name in header[:MOST]]
    names = [HEADINGS.get(name, name) for name in names]
    if "email" not in names:
        raise Unreadable("The first line must have the column names, including “email”.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Unreadable(f"This column appears twice: {_listed(twice)}.")
    if len(header) > MOST:
        raise Unreadable(f"It has more than {MOST} columns.")
    if unknown := [name for name in names if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise Unreadable(f"Unknown columns: {_listed(unknown)}. Use: {known}.")
    return names


def _listed(names):
    return ", ".join(f"“{name[:40]}”" for name in names[:5])


def _line_at(data, at):
    return data.count(b"\n", 0, at) + 1

"""The format: what is written is read again as it was, and no cell is alive in a spreadsheet."""

import csv
import io
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.imports import csv_format
from app.imports.csv_format import (
    BOM,
    COLUMNS,
    Unreadable,
    content,
    decoded,
    guarded,
    read,
    unguarded,
)

LIVE = tuple("=+-@＝＋－＠")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NASTY = st.text(alphabet="=+-@'\"\t\r\n ,;a1＝", max_size=12)
FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "＝1+1",
    "Bob;=1+1",
    "Bob,=1+1",
    "Bob\t@x",
    'Bob";=1+1',
    "'=1+1",
]


def parsed(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def people(text):
    return [cells for _, cells in read(text)]


@settings(max_examples=50)
@given(st.lists(TEXTS | NASTY, min_size=10, max_size=10))
@example(["a@x.org", "'", "''=", "=", "\r", '"', "'t Hooft", "a;b", " ", ""])
def test_whatever_stands_in_a_cell_comes_back_as_it_was(texts):
    cells = dict(zip(COLUMNS, [texts[0] + "x", *texts[1:]], strict=True))

    text = decoded((BOM + content([COLUMNS, cells.values()])).encode())

    assert people(text) == [cells]


@settings(max_examples=50)
@given(TEXTS | NASTY)
def test_guarding_is_undone_exactly(text):
    assert unguarded(guarded(text)) == text


@settings(max_examples=50)
@given(TEXTS | NASTY)
@example("a;=1")
def test_no_cell_begins_as_a_formula_does_whatever_it_is_split_at(text):
    for separator in ",;\t\n\r":
        for part in guarded(text).split(separator):
            assert not part.lstrip(" ").startswith(LIVE)


def test_a_cell_that_begins_with_such_a_mark_gets_an_apostrophe():
    cells = [f"{mark}x" for mark in (*LIVE, "\t", "\r", "\n", "'")]

    assert [guarded(cell) for cell in cells] == [f"'{cell}" for cell in cells]


def test_a_formula_is_text_in_every_spreadsheet_program():
    """Programs split at what their country splits at."""
    text = content([["a@example.org", "Bob", formula] for formula in FORMULAS])

    for separator in (",", ";", "\t"):
        cells = [cell for row in parsed(text, separator) for cell in row]
        assert [cell for cell in cells if cell.lstrip(' "').startswith(LIVE)] == []


def test_names_that_people_have_are_read_as_they_were_typed():
    names = ["O'Neil", "van 't Hooft", "'t Hooft", "Ana-Maria", "José", "李"]
    text = "email,last_name\n" + "".join(f"a@example.org,{name}\n" for name in names)

    assert [cells["last_name"] for cells in people(text)] == names


def test_separators_line_ends_and_marks_of_all_programs_are_read():
    rows = [["email", "Last Name"], ["a@example.org", "Åse"], ["b@example.org", "Bø"]]

    for separator, ends, bom in product(",;\t", ("\n", "\r\n", "\r"), ("", BOM)):
        data = (bom + ends.join(separator.join(row) for row in rows)).encode()
        names = [cells["last_name"] for cells in people(decoded(data))]
        assert names == ["Åse", "Bø"], (separator, ends, bom)


def test_the_line_by_which_excel_tells_its_separator_is_understood():
    """The commas of a heading do not decide then; and lines keep the numbers that they have."""
    for told in ("sep=;", '"sep=;"', "SEP=;"):
        rows = [*read(f"{told}\r\nemail;last_name\r\na@example.org;Smith, Jr., PhD, Esq.\r\n")]
        assert rows == [(3, {"email": "a@example.org", "last_name": "Smith, Jr., PhD, Esq."})]


def test_headings_of_other_programs_are_understood():
    for heading in ("E-Mail", "e-mail address", "Mail", "EMAIL", "Email Address"):
        assert people(f"{heading},Surname\na@example.org,Ek\n") == [
            {"email": "a@example.org", "last_name": "Ek"}
        ], heading
    with pytest.raises(Unreadable, match="twice: “email”"):
        people("email,E-Mail\na,b\n")


NO_TEXTS = [
    ("email\na@example.org".encode("utf-16"), "UTF-16"),
    ("email\na@example.org".encode("utf-16-be"), "Line 1 contains binary data"),
    ("email,last_name\na@example.org,x\nb@example.org,José\n".encode("latin-1"), "Line 3"),
    (b"PK\x03\x04\x14\0\0", "workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
    (b"\x1f\x8b\x08", "compressed"),
    (b"email\na@example.org\0", "Line 2 contains binary data"),
    (b"\x89PNG\r\n\x1a\n", "Line 1 isn’t UTF-8"),
]


def test_what_is_no_text_in_utf8_is_named_with_its_line():
    for data, words in NO_TEXTS:
        with pytest.raises(Unreadable, match=words):
            decoded(data)


NO_LISTS = [
    ("", "must have the column names"),
    ("\n\n", "must have the column names"),
    ("a@example.org,Alice\n", "must have the column names"),
    ("email\n", "has no people"),
    ("email\n\n \n", "has no people"),
    ("email,email\na,b\n", "twice: “email”"),
    ("email,Email \na,b\n", "twice: “email”"),
    ("email,fisrt_name\na,b\n", "“fisrt_name”. Use: email, username"),
    ("email,password\na,b\n", "“password”"),
    ("email" + "".join(f",c{i}" for i in range(99)) + ",c\na\n", "more than 100 columns"),
    ('email,last_name\na@example.org,"x\n', "Line 2 isn’t valid CSV"),
    ('email,last_name\na@example.org,"x"y\n', "Line 2 isn’t valid CSV"),
    ('email\n"' + "x" * 200_000 + '"\n', "Line 2 isn’t valid CSV"),
    ("email\n" + "x" * 20_000 + "\n", "Line 2 has a cell that is too long"),
]


def test_what_is_no_list_of_people_is_told_in_words():
    for text, words in NO_LISTS:
        with pytest.raises(Unreadable, match=words):
            people(text)


def test_a_file_holds_fifty_thousand_people(monkeypatch):
    monkeypatch.setattr(csv_format, "MOST_ROWS", 3)

    assert len(people("email\na\nb\nc\n")) == 3
    with pytest.raises(Unreadable, match="more than 3 people"):
        people("email\na\nb\nc\nd\n")


def test_lines_are_counted_as_an_editor_does():
    """Empty ones and those within quotes too."""
    text = 'email,location\n\na@example.org,"x\ny"\nb@example.org,x\n'

    assert [line for line, _ in read(text)] == [3, 5]


def test_a_line_of_another_shape_is_no_person():
    text = "email,last_name\na@example.org\nb@example.org,x,y\nc@example.org,z\n"

    assert [cells is None for cells in people(text)] == [True, True, False]


def test_what_spreadsheets_add_around_a_table_is_left_out():
    """Empty columns at the end, and a line of `sep=` that was saved with the others."""
    texts = [
        "email;username;;\na@example.org;a;;\n",
        "sep=; \nemail;username\na@example.org;a\n",
        "sep=;;;\nemail;username;;\na@example.org;a;;\n",
        "\nsep=;\nemail;username\na@example.org;a\n",
        "E‑Mail;username\na@example.org;a\n",
    ]
    for text in texts:
        (row,) = [cells for _, cells in read(text)]
        assert row == {"email": "a@example.org", "username": "a"}, text
    ((_, row),) = read("email,username\na@example.org,a,b\n")
    assert row is None

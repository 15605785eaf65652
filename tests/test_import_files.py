"""Uploads for the import: what is accepted, from whom, and what others are told."""

import gc
import io
import time
import tracemalloc

import pytest
from factories import make_user
from importing import (
    MULTIPART,
    NORA,
    PATH,
    all_but_the_file,
    confirm,
    file_of,
    part,
    upload,
    waiting,
)

from app.admin import imports
from app.extensions import db
from app.models import Role, User

MEGABYTE = 1024 * 1024


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    client.get("/")
    return client


NO_LISTS = {  # besides all that test_people_csv.py has read
    b"": "The first line must have the column names",
    file_of(NORA).encode("utf-16"): "It’s UTF-16.",
    file_of(NORA.replace("Nora", "Zoë")).encode("latin-1"): "Line 2 isn’t UTF-8.",
    b"PK\x03\x04" + bytes(1000): "It’s a workbook or archive",
    bytes(range(256)) * 100: "Line 1 contains binary data.",
    b"email\n\n": "It has no people",
    b"email,<b>\nx,1": "Unknown columns: “&lt;b&gt;”.",
}
LARGE_ONES = {
    b'email\n"' + b"x" * MEGABYTE: "Line 2 isn’t valid CSV",
    b'"' * MEGABYTE: "Line 1 isn’t valid CSV",
    b"," * MEGABYTE: "The first line must have the column names",
    b"email\n" + b"\n" * MEGABYTE: "It has no people",
    b"email\n" + b"x\n" * 50_001: "It has more than 50,000 people.",
}


@pytest.mark.parametrize("files", [NO_LISTS, pytest.param(LARGE_ONES, marks=pytest.mark.large)])
def test_what_is_no_list_of_people_is_told_in_words_and_leaves_no_trace(admin, files):
    before = all_but_the_file()

    for data, words in files.items():
        start, answer = time.thread_time(), upload(admin, data)
        assert (answer.status_code, words in answer.text) == (200, True), words
        assert time.thread_time() - start < 5

    assert waiting() is None and all_but_the_file() == before


NO_FILES = [
    ({}, "Choose a file."),
    ({"file": [("", b"email\na")]}, "Choose a file."),
    ({"file": "email\na"}, "Choose a file."),  # a text is no file
    ({"file": [("x.csv", b"email\na"), ("y.csv", b"email\na")]}, "more than once"),
]


def test_a_form_without_its_one_file_is_shown_again(admin):
    for body, words in NO_FILES:
        for name, files in body.items():
            if isinstance(files, list):
                body = {name: [(io.BytesIO(data), called) for called, data in files]}
        answer = admin.post(PATH, data=body, content_type="multipart/form-data")
        assert (answer.status_code, words in answer.text) == (200, True), body

    assert waiting() is None


def test_without_its_token_no_file_is_looked_at(strict_client, ada):
    """R-07: neither to upload nor to say yes."""
    strict_client.sign_in(ada)

    assert upload(strict_client, file_of(NORA)).status_code == 400
    for path in (f"{PATH}/1", f"{PATH}/1/cancel"):
        assert strict_client.post(path, data={"plan_hash": "x"}).status_code == 400


def test_a_file_with_junk_in_its_name_is_refused(admin):
    """R-86."""
    for name in ("a\0b.csv", "a\x1bb.csv", "a\ufffdb.csv"):
        assert upload(admin, file_of(NORA), name).status_code == 400


def test_a_file_may_be_called_anything(admin):
    for name in ("x" * 5000 + ".csv", "../../etc/passwd", "名.csv", "<b>.csv"):
        path = upload(admin, file_of(NORA), name).location
        assert waiting().filename == name[-200:]

    assert "<b>.csv" not in admin.get(path).text
    confirm(admin)
    assert User.with_username("nora") is not None


def body_of(size, start=b"email\n" + b"n@example.org\n" * 1000):
    head, tail = part(start), b"\r\n--b--\r\n"
    return head + b"\n" * (size - len(head) - len(tail)) + tail


def test_a_file_may_be_as_large_as_is_said(admin):
    """R-87: then it is looked at, and this one turns out to be an archive."""
    sizes = {8 * MEGABYTE: (200, True), 8 * MEGABYTE + 1: (413, False)}
    found, last = {}, ""
    for size in sizes:
        answer = admin.post(PATH, data=body_of(size, b"PK\x03\x04"), content_type=MULTIPART)
        found[size] = answer.status_code, "It’s a workbook" in answer.text
        last = answer.text

    assert found == sizes
    assert "You can send up to 8 MB at once." in last


def test_a_hundred_megabytes_are_refused_at_once_and_unread(admin):
    """R-87."""
    body, start = io.BytesIO(body_of(9 * MEGABYTE)), time.thread_time()
    environ = {"CONTENT_LENGTH": str(100 * MEGABYTE)}

    answer = admin.post(PATH, input_stream=body, content_type=MULTIPART, environ_overrides=environ)

    assert (answer.status_code, body.tell()) == (413, 0)
    assert "8 MB" in answer.text
    assert time.thread_time() - start < 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:[Uu]nclosed")
def test_of_a_body_in_chunks_no_more_than_that_is_read(admin):
    """R-87: nobody told its length beforehand."""
    body = io.BytesIO(body_of(9 * MEGABYTE))
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = admin.post(PATH, input_stream=body, content_type=MULTIPART, environ_overrides=environ)

    assert answer.status_code in (200, 400, 413)
    assert body.tell() <= 8 * MEGABYTE
    assert waiting() is None
    gc.collect()  # the temporary file of a body that was cut off, which Werkzeug leaves to this


def test_who_may_not_import_has_no_more_than_a_megabyte_read(client, mona, alice):
    """R-87: whom the door turns away, the site reads no large file for."""
    due = make_user(role="Administrator")
    due.require_new_password()
    closed = make_user(role="Administrator")
    unconfirmed = make_user(role="Administrator", confirmed=False)
    seen = {}
    for person in (None, alice, mona, due, closed, unconfirmed):
        if person:
            client.sign_in(person)
        if person is closed:
            closed.deactivate()
        body = io.BytesIO(body_of(2 * MEGABYTE))
        answer = client.post(PATH, input_stream=body, content_type=MULTIPART)
        seen[person] = (answer.status_code, body.tell())
        assert "You can send up to 1 MB at once." in answer.text

    assert set(seen.values()) == {(413, 0)}, seen


def test_everywhere_else_a_megabyte_is_the_most_for_administrators_too(admin):
    """R-87: nor is there more for what is no upload."""
    body = body_of(2 * MEGABYTE)
    knocks = [("/settings/profile", MULTIPART), (f"{PATH}/1", MULTIPART)]
    knocks += [(PATH, "application/x-www-form-urlencoded"), (PATH, "application/json")]

    for path, kind in knocks:
        assert admin.post(path, data=body, content_type=kind).status_code == 413, (path, kind)


def test_nonsense_in_the_address_of_the_review_breaks_nothing(admin):
    path = upload(admin, file_of(NORA)).location

    for query in (
        "after=x",
        "after=-1&before=2&after=1",
        "before=0",
        "kind=x",
        f"after={'9' * 5000}",
    ):
        assert admin.get(f"{path}?{query}").status_code == 200, query


def test_an_import_that_is_not_there_is_not_found(admin):
    for id in ("0", "2147483647", "2147483648", "-1", "x"):
        assert admin.get(f"{PATH}/{id}").status_code == 404, id


def test_markup_in_a_cell_is_text(admin):
    line = "<b>@example.org,<b>,<i>x</i>,,,<u>,<s>,"
    page = admin.get(upload(admin, file_of(line)).location).text

    assert all(tag not in page for tag in ("<b>", "<i>", "<u>", "<s>"))


def test_many_lines_are_shown_a_hundred_at_a_time(admin):
    lines = (f"n{i}@example.org,,N{i},N,,,," for i in range(250))
    path = upload(admin, file_of(*lines)).location

    page = admin.get(path)
    assert page.text.count("<tr>") == 101 and "n99@" in page.text and "n100@" not in page.text
    assert "n249@" in admin.get(f"{path}?after=201").text
    assert "No matching lines." in admin.get(f"{path}?kind=error").text


@pytest.mark.large
def test_twenty_thousand_new_people_come_in_one_go(admin):
    """In time, by what the processor worked; and the review shows a page of them."""
    lines = (f"n{i}@example{i % 99}.org,,Nora{i},Nilsen,Bergen,,," for i in range(20_000))
    text, start = file_of(*lines), time.thread_time()

    path = upload(admin, text).location
    page = admin.get(path).text
    confirm(admin, mail="y")
    took = time.thread_time() - start

    assert "Import 20000 lines" in page and len(page) < 100_000
    assert "at most 5,000 people at once" in page
    assert User.count(User.first_name.startswith("Nora")) == 20_000
    assert took < 40  # about 7 s on two quiet cores


@pytest.mark.large
def test_a_plan_of_many_lines_takes_little_memory(collected, ada):
    text = file_of(*(f"n{i}@example{i % 99}.org,,Nora{i},Nilsen,Oslo,,," for i in range(5000)))

    tracemalloc.start()
    imports.make_plan(text, by=ada)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert most < 2000 * 5000


def test_a_role_that_is_gone_at_the_yes_is_no_role(admin):
    role = Role(name="Helper", permissions=4)
    db.session.add(role)
    upload(admin, file_of("nora@example.org,,,,,Helper,,"))
    db.session.delete(role)
    db.session.commit()

    confirm(admin)

    assert User.with_email("nora@example.org") is None
    assert "There is no role “Helper”" in admin.get(f"{PATH}/{waiting().id}").text

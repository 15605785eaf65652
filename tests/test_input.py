"""Whatever is sent: an error at its field or a 4xx, never a 5xx, and nothing half saved."""

import io
import json
import time
from html import unescape
from urllib.parse import quote_plus

import pytest
from crawling import addresses, join_page, posts, token_pages
from factories import ANOTHER, PASSWORD, everything
from markupsafe import escape

from app.models import User

NEW = {"password": ANOTHER, "password2": ANOTHER}
VISITOR = {
    "/auth/login": {"login": "alice", "password": PASSWORD},
    "/auth/register": {"email": "nora@example.org", "username": "nora", "first_name": "Nora"}
    | {"last_name": "Nilsen", **NEW},
    "/auth/reset-password": {"email": "alice@example.org"},
    "/auth/reset-password/": NEW,  # and the token
    "/auth/join/": {"username": "nora", "first_name": "Nora", "last_name": "Nilsen", **NEW},
}
MEMBER = {
    "/": {"body": "Hello."},
    "/settings/profile": dict(first_name="A", last_name="L", location="Oslo", about_me="Hello."),
    "/auth/change-password": {"old_password": PASSWORD, **NEW},
    "/auth/change-email": {"email": "fresh@example.org", "password": PASSWORD},
}
FORMS = {**VISITOR, **MEMBER}
URLENCODED = "application/x-www-form-urlencoded"
JUNK = {
    "too long": b"x" * 70_000,
    "NUL": b"a\0b",
    "bell": b"a\x07b",
    "ESC": b"\x1b[31m",
    "DEL": b"a\x7fb",
    "C1": "a\x85b".encode(),
}
BROKEN_UTF8 = {
    "invalid UTF-8": b"a\xff\xfeb",
    "broken UTF-8": b"\xc3\x28",
    "overlong UTF-8": b"\xc0\xaf",
    "lone surrogate": b"\xed\xa0\x80",
    "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
}
NUMBERS = [
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-1",
    "-0",
    "1e3",
]
NUMBERS += [
    "0x1",
    "1.0",
    " 1",
    "1_0",
    "+1",
    "٣",
    "¹",
    "NaN",
    "Infinity",
    "null",
    "",
    "9" * 400,
    "1;2",
]
STRINGS = [
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "%s %d %(name)s %n",
    "{0.__class__} {user} ${7*7}",
    "{{ 7*7 }} {% raw %} {{ config }}",
    "<b>%</b> & \"quoted\" 'twice'",
    "_%\\_",
    "NULL",
    "0xFF",
]


@pytest.fixture
def at(client, alice):
    """Goes to the form, signed in where it is one for members; returns how it is sent."""

    def go(form):
        if form in MEMBER:
            client.sign_in(alice)
        client.get("/")
        path = form
        if form == "/auth/reset-password/":
            path += alice.generate_reset_token()
        elif form == "/auth/join/":
            path = join_page()

        def send(body, content_type=URLENCODED):
            if isinstance(body, dict):
                body = b"&".join(encoded(name, value) for name, value in body.items())
            return client.post(path, data=body, content_type=content_type)

        return send

    return go


def encoded(name, value):
    return f"{name}={quote_plus(value)}".encode()


def test_every_form_with_text_in_it_is_tried_here(client, alice):
    """A new form fails this until it stands in the table above."""
    found = posts(client, *token_pages(alice))
    client.sign_in(alice)
    found |= posts(client)

    found = {action.partition("#")[0]: form for action, form in found.items()}
    del found["/settings/delete-account"]  # see test_account_deletions.py
    tried = {form: set(fields) for form, fields in FORMS.items()}
    for form in ("/auth/reset-password/", "/auth/join/"):
        found[form] = found.pop(next(action for action in found if action.startswith(form)))
    typed = {action: set(form.texts) - {"hidden"} for action, form in found.items()}
    for action in ("/auth/reset-password/", "/auth/change-password"):
        typed[action] -= {"username"}  # is there for password managers; the site ignores it
    typed["/auth/register"] -= {"homepage"}  # is there for robots; see test_registration.py
    assert {action: names for action, names in typed.items() if names} == tried


@pytest.mark.parametrize("form", FORMS)
def test_filled_in_as_meant_each_form_is_taken(at, form):
    """Otherwise the tests below would prove nothing."""
    before = everything()

    assert at(form)(FORMS[form]).status_code == 302
    assert everything() != before


@pytest.mark.parametrize("kind", JUNK)
@pytest.mark.parametrize("form", FORMS)
def test_junk_in_any_field_is_refused_and_nothing_is_saved(at, form, kind):
    """R-86, R-88, R-39."""
    send, before = at(form), everything()

    for field in FORMS[form]:
        assert send({**FORMS[form], field: JUNK[kind]}).status_code in (200, 400)
    assert everything() == before


@pytest.mark.parametrize("kind", BROKEN_UTF8)
@pytest.mark.parametrize("form", FORMS)
def test_broken_utf8_is_refused(at, form, kind):
    """R-86: in a form, percent-encoded and raw, in a multipart body, and in a query."""
    send, before, junk = at(form), everything(), BROKEN_UTF8[kind]
    field = next(iter(FORMS[form]))

    multipart = part(field.encode(), junk) + b"--b--\r\n"
    assert send(multipart, "multipart/form-data; boundary=b").status_code == 400
    assert send({**FORMS[form], field: junk}).status_code == 400
    assert send(field.encode() + b"=" + junk).status_code == 400
    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
def test_raw_bytes_in_a_body_break_nothing(at, form):
    """R-86: without percent signs, too, and in the names of fields."""
    send, before = at(form), everything()

    for junk in (*JUNK.values(), *BROKEN_UTF8.values()):
        assert send(next(iter(FORMS[form])).encode() + b"=" + junk).status_code in (200, 302, 400)
        assert send(junk + b"=1").status_code in (200, 302, 400)
    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_field_that_is_needed_is_asked_for(at, form):
    """R-86: empty, of spaces alone, or not there at all."""
    send, before = at(form), everything()
    optional = {"first_name", "last_name", "location", "about_me"}

    for field in set(FORMS[form]) - optional:
        for fields in ({field: ""}, {field: "  "}):
            assert send({**FORMS[form], **fields}).status_code == 200
        rest = {name: value for name, value in FORMS[form].items() if name != field}
        assert send(rest).status_code == 200
    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
def test_a_field_that_comes_twice_is_refused(at, form):
    """R-86: which of the two was meant, nobody can tell."""
    send, before = at(form), everything()
    body = b"&".join(encoded(name, value) for name, value in FORMS[form].items())

    for field, value in FORMS[form].items():
        answer = send(body + b"&" + encoded(field, value + "x"))
        assert answer.status_code == 200
        assert "more than once" in answer.text
    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_no_text(client, at, form):
    """R-86: whatever field it is sent as."""
    at(form)("")
    before = everything()
    path = form + ("x" if form.endswith("/") and form != "/" else "")

    for field in FORMS[form]:
        files = {field: (io.BytesIO(b"\x89PNG\r\n"), "a\x00.png")}
        assert client.post(path, data=files).status_code in (200, 302, 400)
    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "",
        "x",
        "a/b;c=é",
    ],
)
def test_a_body_of_another_kind_is_no_form(at, form, content_type):
    """R-89."""
    send, before = at(form), everything()

    for body in (json.dumps(FORMS[form]), "[" * 20_000, "<a>" * 2000, "\0", ""):
        assert send(body.encode(), content_type).status_code in (200, 302, 400, 413)
    assert everything() == before


BROKEN = [
    ("multipart/form-data; boundary=b", b"--b\r\n"),
    ("multipart/form-data; boundary=b", b"--b--"),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n',
    ),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    ("multipart/form-data; boundary=b", b"--b\r\nNonsense\r\n\r\nx\r\n--b--\r\n"),
    ("multipart/form-data; boundary=", b"--\r\n\r\n----"),
    ("multipart/form-data; boundary=" + "b" * 5000, b"--b"),
    ("multipart/form-data; boundary=\xe9", b"--b"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"login=a&password=b"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"login=a&password=b"),
    ("application/x-www-form-urlencoded", b"&&&===&=&;%;%zz%u0041&login[]=a&login.x=b"),
]


@pytest.mark.parametrize("content_type, body", BROKEN)
def test_a_broken_body_is_refused(client, content_type, body):
    """R-89."""
    assert client.post("/auth/login", data=body, content_type=content_type).status_code in (
        200,
        400,
    )


@pytest.mark.parametrize("length", ["-1", "abc", "", "99999999999999999999", "1e3", "5"])
def test_a_body_of_another_length_than_told_breaks_nothing(client, length):
    """R-89."""
    environ = {"CONTENT_LENGTH": length}
    answer = client.post(
        "/auth/login", data=b"login=alice", content_type=URLENCODED, environ_overrides=environ
    )

    assert answer.status_code in (200, 400, 413)


@pytest.mark.parametrize("form", FORMS)
def test_more_than_a_megabyte_is_too_much(at, form):
    """R-87: as a form, as a file, as JSON; quickly."""
    send, before = at(form), everything()
    start = time.thread_time()

    for content_type in (URLENCODED, "multipart/form-data; boundary=b", "application/json"):
        assert send(b"a=" + b"x" * (1024 * 1024), content_type).status_code == 413
    assert time.thread_time() - start < 1
    assert everything() == before


def test_of_a_body_in_chunks_no_more_than_a_megabyte_is_read(client):
    """R-87: nobody told its length beforehand."""
    body = io.BytesIO(b"login=" + b"x" * 5_000_000)
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = client.post(
        "/auth/login", input_stream=body, content_type=URLENCODED, environ_overrides=environ
    )

    assert answer.status_code in (200, 400, 413)
    assert 1000 < body.tell() <= 1024 * 1024


def test_what_is_too_large_is_told_as_json_too(client):
    """R-87."""
    answer = client.post(
        "/auth/login", data=b"x" * 1_100_000, headers={"Accept": "application/json"}
    )

    assert answer.json["error"]["code"] == 413


def part(name, body=b"1"):
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, body)


@pytest.mark.parametrize("count, status", [(990, 200), (1010, 413), (9000, 413)])
def test_more_than_a_thousand_parts_are_too_many(client, count, status):
    """R-87 (CVE-2023-25577)."""
    body = b"".join(part(b"a%d" % i) for i in range(count)) + b"--b--\r\n"

    answer = client.post("/auth/login", data=body, content_type="multipart/form-data; boundary=b")

    assert answer.status_code == status


def test_ten_thousand_fields_break_nothing(client):
    """R-87."""
    body = "&".join(f"a{i}=1" for i in range(10_000))

    assert client.post("/auth/login", data=body, content_type=URLENCODED).status_code in (200, 413)


@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\r\n", b"\0", b"-", b"%", b"&", b"="])
def test_nine_hundred_kilobytes_of_one_character_are_survived(client, byte):
    """R-87 (CVE-2023-46136: CR in a multipart body)."""
    body, start = byte * (900_000 // len(byte)), time.thread_time()
    multipart = part(b"login", body) + b"--b--\r\n"

    for content, kind in ((body, URLENCODED), (multipart, "multipart/form-data; boundary=b")):
        answer = client.post("/auth/login", data=content, content_type=kind)
        assert answer.status_code in (200, 400, 413)
    assert time.thread_time() - start < 3


LENGTHS = [("first_name", 64), ("last_name", 64), ("location", 64), ("about_me", 2000)]


@pytest.mark.parametrize("field, most", LENGTHS)
@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_text_may_fill_its_column_and_no_more(at, field, most, letter):
    """R-88: counted in characters."""
    send = at("/settings/profile")

    assert send({field: letter * most}).status_code == 302
    assert getattr(User.with_username("alice"), field) == letter * most
    assert send({field: letter * (most + 1)}).status_code == 200
    assert getattr(User.with_username("alice"), field) == letter * most


@pytest.mark.parametrize("length, status", [(64, 302), (65, 200)])
def test_a_username_fills_its_column_and_no_more(at, length, status):
    """R-88."""
    form = {**FORMS["/auth/register"], "username": "n" * length}

    assert at("/auth/register")(form).status_code == status


@pytest.mark.parametrize("length, status", [(256, 302), (257, 200)])
def test_a_password_has_256_characters_at_most(at, length, status):
    """R-38, R-88."""
    long = (ANOTHER * 20)[:length]
    form = {**FORMS["/auth/register"], "password": long, "password2": long}

    assert at("/auth/register")(form).status_code == status


@pytest.mark.parametrize("field", ["first_name", "last_name", "location"])
@pytest.mark.parametrize(
    "mark", ["\n", "\r", "\t", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000"]
)
def test_a_line_of_text_holds_no_breaks_and_nothing_hidden(at, field, mark):
    """R-86, R-29."""
    send = at("/settings/profile")

    answer = send({field: f"a{mark}b"})

    assert "cannot be seen" in answer.text
    assert getattr(User.with_username("alice"), field) == ""


@pytest.mark.parametrize("mark", ["\u202e", "\u2067x\u202d", "\ue000"])
def test_many_lines_hold_breaks_and_tabs_but_nothing_hidden(at, mark):
    """R-86, R-29."""
    send = at("/settings/profile")

    assert "cannot be seen after “tw" in unescape(send({"about_me": f"One\r\n\ttw{mark}o"}).text)
    assert User.with_username("alice").about_me == ""
    assert send({"about_me": "One\r\n\ttwo"}).status_code == 302
    assert User.with_username("alice").about_me == "One\r\n\ttwo"


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("\ufeffso\u00adft and\u200b spaces\u2060", "soft and spaces"),
        ("\u2067שלום\u2069", "שלום"),
        ("\u202bשלום\u202c\u200f!", "שלום\u200f!"),
        ("one\u2028two", "one\ntwo"),
        ("England: \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("\U0001f469\u200d\U0001f4bb می\u200cخواهم", None),
    ],
    ids=["spaces", "isolates", "directions", "breaks", "flag", "joiners"],
)
def test_what_comes_along_when_text_is_pasted_is_no_fault(at, typed, kept):
    assert at("/settings/profile")({"about_me": typed}).status_code == 302
    assert User.with_username("alice").about_me == (kept or typed)


def test_a_text_that_is_too_long_is_told_how_long_it_may_be(at):
    assert "Use at most 64 characters." in at("/settings/profile")({"location": "x" * 65}).text


@pytest.mark.parametrize("number", NUMBERS)
def test_an_id_that_no_row_can_have_is_not_there(client, alice, number):
    """R-86, R-90: 2^31, 2^63, negative, other digits and junk."""
    client.sign_in(alice)

    path = f"/settings/sessions/{quote_plus(number)}/end"

    assert client.post(path).status_code in (404, 405)


@pytest.mark.parametrize("number", [*NUMBERS, "%00", "%ff", "1&page=2"])
def test_a_page_number_of_any_kind_breaks_no_page(client, app, alice, number):
    """R-86, R-90."""
    client.sign_in(alice)
    for url in ("/", "/user/alice", "/settings/sessions", "/auth/login", "/moderation/"):
        query = number if number.startswith("%") or "&" in number else quote_plus(number)
        assert client.get(f"{url}?page={query}").status_code in (200, 302, 400, 403)


@pytest.mark.parametrize(
    "junk", ["%00", "%ff", "%ed%a0%80", "%1b", "%c2%85", "%", "%zz", "x" * 70_000]
)
def test_junk_in_a_query_or_a_path_breaks_no_page(client, app, alice, junk):
    """R-86."""
    client.sign_in(alice)
    for url in addresses(app, alice):
        for path in (f"{url}?q={junk}", f"{url}?{junk}=q", f"{url.rstrip('/')}/{junk}"):
            assert client.get(path, buffered=True).status_code < 500


@pytest.mark.parametrize(
    "name", ["%00", "%ff", "a%0ab", "%ed%a0%80", "x" * 70_000, "é", "%F0%9F%98%80"]
)
def test_a_profile_of_an_impossible_name_is_not_there(client, name):
    """R-86."""
    assert client.get(f"/user/{name}").status_code in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/.env.example",
        "/config.py",
        "/flasky.py",
        "/instance/data-dev.sqlite",
        "/console",
        "/shutdown",
        "/metrics",
        "/server-status",
        "/debug",
        "/static/",
        "/static/../config.py",
        "/static/%2e%2e/config.py",
        "/static/..%2f..%2fconfig.py",
        "/static/....//config.py",
        "/static/%252e%252e/config.py",
        "/static//etc/passwd",
        "/static/%5c..%5cconfig.py",
        "/static/vendor/../../__init__.py",
        "/bootstrap/static/../../../config.py",
        "/avatar/../../config.py.svg",
        "/etc/passwd",
        "/backup.sql",
    ],
)
def test_what_is_not_meant_for_the_web_is_not_on_it(client, path):
    """R-91."""
    as_it_is = {"PATH_INFO": path} if ".." in path else None
    answer = client.get(path, environ_overrides=as_it_is)
    if path.startswith("/static//"):  # two slashes are one: a redirect, and nothing there either
        assert answer.status_code == 308
        answer = client.get(answer.location)

    assert answer.status_code == 404
    assert not any(word in answer.text for word in ("SECRET_KEY", "root:", "[core]", "import "))


def test_words_for_a_debugger_open_the_front_page(client):
    """R-91."""
    answer = client.get("/?__debugger__=yes&cmd=resource&f=debugger.js")

    assert answer.mimetype == "text/html" and "Welcome to Offbrand!" in answer.text


@pytest.mark.parametrize("text", STRINGS)
def test_code_in_a_text_is_text(client, at, text):
    """R-92: stored and shown as it was typed."""
    at("/settings/profile")({"location": text, "about_me": text, "first_name": text})

    person = User.with_username("alice")
    page = client.get("/user/alice").text
    assert (person.location, person.about_me) == (text, text)
    assert page.count(str(escape(text))) >= 3 and "<b>" not in page


@pytest.mark.parametrize("text", [*STRINGS, "%", "_____", "a%"])
def test_code_in_a_name_finds_nobody(client, at, text):
    """R-92: no wildcard, no escape, no statement."""
    before = everything()

    assert client.get(f"/user/{quote_plus(text)}").status_code == 404
    assert "Wrong address" in at("/auth/login")({"login": text, "password": PASSWORD}).text
    assert everything() == before


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/password-strength"])
def test_json_of_great_depth_is_no_form_either(client, alice, path):
    """R-89: 20 000 nested brackets."""
    before = everything()

    answer = client.post(path, data="[" * 20_000, content_type="application/json")

    assert answer.status_code == 200  # the form again, or what is said of an empty password
    assert everything() == before


@pytest.mark.parametrize("password", ["", " ", "x" * 70_000, "é" * 500, "a\u0301" * 99, "😀" * 90])
def test_the_judge_of_passwords_answers_whatever_it_is_given(client, password):
    """R-86, R-44: and quickly."""
    start = time.thread_time()
    data = {"password": password, "username": "x" * 70_000, "email": "{{7*7}}"}

    answer = client.post("/auth/password-strength", data=data)

    assert answer.status_code == 200
    assert answer.json["words"] and time.thread_time() - start < 3

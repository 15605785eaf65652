"""Bad input: an error at its field or a 4xx, never a 5xx, and nothing half saved."""

import io
import json
from functools import partial
from html import unescape
from urllib.parse import quote_plus

import pytest
from crawling import addresses, join_page, posts, token_pages
from factories import ANOTHER, PASSWORD, everything_but_visits
from markupsafe import escape
from working import worked

from app.extensions import limiter
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
NUMBERS = ["2147483648", "9223372036854775808", "-1", "-0", "1e3", "0x1", "1.0", " 1", "1_0", "+1"]
NUMBERS += ["٣", "¹", "NaN", "null", "", "9" * 400, "1;2"]
FEW_NUMBERS = ["2147483648", "9223372036854775808", "-1", "٣", "9" * 400]
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
    before = everything_but_visits()

    assert at(form)(FORMS[form]).status_code == 302
    assert everything_but_visits() != before


JUNK_FORM = "/auth/change-email"  # a form with few fields; all go through the same gate


@pytest.mark.parametrize("form", FORMS)
def test_junk_in_any_field_is_refused_and_nothing_is_saved(at, form):
    """R-86, R-88, R-39."""
    send, before = at(form), everything_but_visits()
    kinds = JUNK if form == JUNK_FORM else ["NUL"]

    for field in FORMS[form]:
        for kind in kinds:
            answer = send({**FORMS[form], field: JUNK[kind]})
            assert answer.status_code in (200, 400), (field, kind)
    assert everything_but_visits() == before


@pytest.mark.parametrize("form", ["/settings/profile", "/auth/register"])
def test_a_field_that_is_far_too_long_is_refused(at, form):
    """R-88."""
    send, before = at(form), everything_but_visits()

    for field in FORMS[form]:
        assert send({**FORMS[form], field: JUNK["too long"]}).status_code == 200
    assert everything_but_visits() == before


def test_broken_utf8_is_refused(at):
    """R-86: in a form, percent-encoded and raw, in a multipart body, and in a query."""
    send, before = at("/settings/profile"), everything_but_visits()
    form, field = FORMS["/settings/profile"], "location"

    for kind, junk in BROKEN_UTF8.items():
        multipart = part(field.encode(), junk) + b"--b--\r\n"
        assert send(multipart, "multipart/form-data; boundary=b").status_code == 400, kind
        assert send({**form, field: junk}).status_code == 400, kind
        assert send(field.encode() + b"=" + junk).status_code == 400, kind
    assert everything_but_visits() == before


def test_raw_bytes_in_a_body_break_nothing(at):
    """R-86: without percent signs, too, and in the names of fields."""
    send, before = at("/auth/login"), everything_but_visits()

    for junk in (*JUNK.values(), *BROKEN_UTF8.values()):
        assert send(b"login=" + junk).status_code in (200, 400)
        assert send(junk + b"=1").status_code in (200, 400)
    assert everything_but_visits() == before


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_field_that_is_needed_is_asked_for(at, form):
    """R-86: empty, of spaces alone, or not there at all."""
    send, before = at(form), everything_but_visits()
    optional = {"first_name", "last_name", "location", "about_me"}

    for field in set(FORMS[form]) - optional:
        for fields in ({field: ""}, {field: "  "}):
            assert send({**FORMS[form], **fields}).status_code == 200
        rest = {name: value for name, value in FORMS[form].items() if name != field}
        assert send(rest).status_code == 200
    assert everything_but_visits() == before


def test_a_field_that_comes_twice_is_refused(at):
    """R-86: which of the two was meant, nobody can tell."""
    form = "/auth/register"
    send, before = at(form), everything_but_visits()
    body = b"&".join(encoded(name, value) for name, value in FORMS[form].items())

    for field, value in FORMS[form].items():
        answer = send(body + b"&" + encoded(field, value + "x"))
        assert answer.status_code == 200
        assert "more than once" in answer.text
    assert everything_but_visits() == before


def test_a_file_is_no_text(client, at):
    """R-86: whatever field it is sent as."""
    at("/settings/profile")
    before = everything_but_visits()

    for field in FORMS["/settings/profile"]:
        files = {field: (io.BytesIO(b"\x89PNG\r\n"), "a\x00.png")}
        assert client.post("/settings/profile", data=files).status_code in (200, 302, 400)
    assert everything_but_visits() == before


BODIES = {
    "application/json": "[" * 20_000,
    "text/plain": "login=alice",
    "application/xml": "<a>" * 2000,
    "multipart/form-data": "\0",
    "": json.dumps(FORMS["/auth/login"]),
    "x": "",
    "a/b;c=é": "login=alice",
}


def test_a_body_of_another_kind_is_no_form(at):
    """R-89."""
    send, before = at("/auth/login"), everything_but_visits()

    for content_type, body in BODIES.items():
        assert send(body.encode(), content_type).status_code in (200, 400), content_type
    assert everything_but_visits() == before


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


def test_a_broken_body_is_refused(client):
    """R-89."""
    for content_type, body in BROKEN:
        answer = client.post("/auth/login", data=body, content_type=content_type)
        assert answer.status_code in (200, 400), (content_type, body)


def test_a_body_of_another_length_than_told_breaks_nothing(client):
    """R-89."""
    for length in ("-1", "abc", "", "99999999999999999999", "1e3", "5"):
        environ = {"CONTENT_LENGTH": length}
        options = dict(content_type=URLENCODED, environ_overrides=environ)
        answer = client.post("/auth/login", data=b"login=alice", **options)
        assert answer.status_code in (200, 400, 413), length


def test_more_than_a_megabyte_is_too_much(at):
    """R-87: as a form, as a file, as JSON; quickly."""
    send, before = at("/auth/login"), everything_but_visits()

    def all_three():
        for content_type in (URLENCODED, "multipart/form-data; boundary=b", "application/json"):
            assert send(b"a=" + b"x" * (1024 * 1024), content_type).status_code == 413

    seconds, _ = worked(all_three, enough=1)
    assert seconds < 1
    assert everything_but_visits() == before


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


def survive(client, byte):
    body = byte * (900_000 // len(byte))
    multipart = part(b"login", body) + b"--b--\r\n"

    def both():
        for content, kind in ((body, URLENCODED), (multipart, "multipart/form-data; boundary=b")):
            answer = client.post("/auth/login", data=content, content_type=kind)
            assert answer.status_code in (200, 400, 413)

    seconds, _ = worked(both, enough=3)
    assert seconds < 3


def test_nine_hundred_kilobytes_of_carriage_returns_are_survived(client):
    """R-87 (CVE-2023-46136: in a multipart body)."""
    survive(client, b"\r")


@pytest.mark.large
@pytest.mark.parametrize("byte", [b"\n", b"\r\n", b"\0", b"-", b"%", b"&", b"="])
def test_nine_hundred_kilobytes_of_one_character_are_survived(client, byte):
    """R-87."""
    survive(client, byte)


LENGTHS = [("first_name", 64), ("last_name", 64), ("location", 64), ("about_me", 2000)]


def test_a_text_may_fill_its_column_and_no_more(at):
    """R-88: counted in characters."""
    send, longest = at("/settings/profile"), {field: "😀" * most for field, most in LENGTHS}

    assert send(longest).status_code == 302
    assert longest.items() <= vars(User.with_username("alice")).items()
    for field, text in longest.items():
        answer = send({**longest, "about_me": "", field: text + "x"})
        assert answer.status_code == 200 and f"at most {len(text)} characters" in answer.text
    assert longest.items() <= vars(User.with_username("alice")).items()


def test_a_username_and_a_password_have_so_many_characters_and_no_more(at):
    """R-38, R-88."""
    send, form = at("/auth/register"), FORMS["/auth/register"]
    long = ANOTHER * 20
    passwords = [dict.fromkeys(("password", "password2"), long[:n]) for n in (257, 256)]

    assert send({**form, "username": "n" * 65}).status_code == 200
    assert send({**form, **passwords[0]}).status_code == 200
    assert send({**form, **passwords[1], "username": "n" * 64}).status_code == 302


def test_a_line_of_text_holds_no_breaks_and_nothing_hidden(at):
    """R-86, R-29."""
    send = at("/settings/profile")

    for mark in ("\n", "\r", "\t", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000"):
        assert "invisible characters" in send({"first_name": f"a{mark}b"}).text, mark
    for field in ("last_name", "location"):
        assert "invisible characters" in send({field: "a\nb"}).text
    alice = User.with_username("alice")
    assert (alice.first_name, alice.last_name, alice.location) == ("", "", "")


def test_many_lines_hold_breaks_and_tabs_but_nothing_hidden(at):
    """R-86, R-29."""
    send = at("/settings/profile")

    for mark in ("\u202e", "\u2067x\u202d", "\ue000"):
        page = unescape(send({"about_me": f"One\r\n\ttw{mark}o"}).text)
        assert "invisible characters after “tw" in page
    assert User.with_username("alice").about_me == ""
    assert send({"about_me": "One\r\n\ttwo"}).status_code == 302
    assert User.with_username("alice").about_me == "One\n\ttwo"


PASTED = {
    "\ufeffso\u00adft and\u200b spaces\u2060": "soft and spaces",
    "\u2067שלום\u2069": "שלום",
    "\u202bשלום\u202c\u200f!": "שלום\u200f!",
    "one\u2028two": "one\ntwo",
}
KEPT = ["England: \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"]
KEPT += ["\U0001f469\u200d\U0001f4bb می\u200cخواهم"]


def test_what_comes_along_when_text_is_pasted_is_no_fault(at):
    send, kept = at("/settings/profile"), {}
    for typed in [*PASTED, *KEPT]:
        assert send({"about_me": typed}).status_code == 302
        kept[typed] = User.with_username("alice").about_me

    assert kept == PASTED | {text: text for text in KEPT}


def test_an_id_that_no_row_can_have_is_not_there(client, alice):
    """R-86, R-90: 2^31, 2^63, negative, other digits and junk."""
    client.sign_in(alice)

    for number in NUMBERS:
        answer = client.post(f"/settings/sessions/{quote_plus(number)}/end")
        assert answer.status_code in (404, 405), number


def test_a_page_number_of_any_kind_breaks_no_page(client, mona):
    """R-86, R-90."""
    client.sign_in(mona)
    queries = [quote_plus(number) for number in FEW_NUMBERS] + ["%00", "%ff", "1&page=2"]
    for url in ("/", "/user/mona", "/settings/sessions", "/moderation/"):
        for query in queries:
            assert client.get(f"{url}?page={query}").status_code in (200, 400), (url, query)


BYTES = ["%00", "%ff", "%ed%a0%80", "%1b", "%c2%85", "%", "%zz", "x" * 70_000]


def test_junk_in_a_query_or_a_path_breaks_no_page(client, alice):
    """R-86: all of it at one page of each kind; the next test goes everywhere."""
    client.sign_in(alice)
    for url in ("/search", "/static/site.css"):
        for junk in BYTES:
            for path in (f"{url}?q={junk}", f"{url}?{junk}=q", f"{url}/{junk}"):
                assert client.get(path, buffered=True).status_code < 500, path[:99]


@pytest.mark.large
@pytest.mark.both_databases
def test_junk_in_the_query_and_the_path_of_every_page_breaks_none(client, app, ada):
    """R-86."""
    client.sign_in(ada)
    for url in addresses(app, ada):
        for junk in ("%00", "%ff"):
            for path in (f"{url}?q={junk}&after={junk}", f"{url}?{junk}=q", f"{url}/{junk}"):
                assert client.get(path, buffered=True).status_code < 500, path


@pytest.mark.both_databases
def test_a_profile_of_an_impossible_name_is_not_there(client):
    """R-86."""
    for name in ("%00", "%ff", "a%0ab", "%ed%a0%80", "x" * 70_000, "é", "%F0%9F%98%80"):
        assert client.get(f"/user/{name}").status_code in (400, 404), name[:99]


OTHERS_FILES = [
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
]


def test_what_is_not_meant_for_the_web_is_not_on_it(client):
    """R-91."""
    for path in OTHERS_FILES:
        as_it_is = {"PATH_INFO": path} if ".." in path else None
        answer = client.get(path, environ_overrides=as_it_is)
        if path.startswith("/static//"):  # two slashes are one: a redirect, and nothing there
            assert answer.status_code == 308
            answer = client.get(answer.location)

        assert answer.status_code == 404, path
        assert not any(word in answer.text for word in ("SECRET_KEY", "root:", "[core]", "import "))


def test_words_for_a_debugger_open_the_front_page(client):
    """R-91."""
    answer = client.get("/?__debugger__=yes&cmd=resource&f=debugger.js")

    assert answer.mimetype == "text/html" and "Welcome to Offbrand!" in answer.text


@pytest.mark.both_databases
def test_code_in_a_text_is_text(client, at):
    """R-92: stored and shown as it was typed."""
    send = at("/settings/profile")
    for text in STRINGS:
        send({"location": text, "about_me": text, "first_name": text})

        person = User.with_username("alice")
        page = client.get("/user/alice").text
        assert (person.location, person.about_me) == (text, text)
        assert page.count(str(escape(text))) >= 3 and "<b>" not in page, text


@pytest.mark.both_databases
def test_code_in_a_name_finds_nobody(client, alice):
    """R-92: no wildcard, no escape, no statement."""
    before = everything_but_visits()

    for text in [*STRINGS, "%", "_____", "a%"]:
        limiter.reset()
        assert client.get(f"/user/{quote_plus(text)}").status_code == 404, text
        answer = client.post("/auth/login", data={"login": text, "password": PASSWORD})
        assert "Wrong email" in answer.text, text
    assert everything_but_visits() == before


def test_the_judge_of_passwords_answers_whatever_it_is_given(client):
    """R-86, R-44: and quickly."""
    more = {"username": "x" * 70_000, "email": "{{7*7}}"}
    for password in ("", " ", "x" * 70_000, "é" * 500, "a\u0301" * 99, "😀" * 90):
        data = {"password": password, **more}
        ask = partial(client.post, "/auth/password-strength", data=data)

        seconds, answer = worked(ask, enough=3)
        assert seconds < 3
        assert answer.status_code == 200 and answer.json["words"]

"""The log: a line for each request, none that was made up, and nothing secret in any."""

import json
import logging
from urllib.parse import quote_plus

import pytest
from factories import ANOTHER, PASSWORD
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.extensions import db
from app.models import User
from app.web.request_log import JSONLines, Masked, OneLine

TOKEN = "eyJ1c2VyIjoxfQ.aZ_x-9.Zm9v"


def record(words, *values, error=None):
    return logging.LogRecord("offbrand", logging.INFO, "file.py", 1, words, values, error)


@pytest.fixture
def lines(caplog):
    """What would be printed for all that is logged from now on, in both formats."""
    caplog.set_level(logging.DEBUG)
    plain = OneLine("%(levelname)s %(message)s")
    return lambda: [
        line for r in caplog.records for line in (plain.format(r), JSONLines().format(r))
    ]


def requests(caplog):
    return [r for r in caplog.records if r.name == "offbrand"]


def test_each_request_leaves_one_line_with_its_number_and_status(client, caplog):
    caplog.set_level(logging.INFO, "offbrand")
    answer = client.get("/nowhere?a=b")

    (line,) = requests(caplog)
    assert line.getMessage().startswith("GET /nowhere 404 ")
    assert line.facts["request"] == answer.headers["X-Request-ID"]
    assert line.facts["status"] == 404


def test_files_and_pictures_leave_none(client, caplog):
    caplog.set_level(logging.INFO, "offbrand")
    for path in ("/static/site.css", "/avatar/" + 32 * "a" + ".svg"):
        client.get(path, buffered=True)

    assert requests(caplog) == []


EVIL = [
    "/a%0d%0aINFO GET /admin/ 200",
    "/a%0aINFO forged",
    "/a%1b[2J%1b[31m",
    "/a%00b",
    "/a%c2%85b",
    "/a%e2%80%a8b",
    "/a%e2%80%aeb",
    "/a%7f%08%08",
    "/a%ff",
]


def test_no_path_can_pass_for_a_line_of_its_own(client, lines):
    """R-93."""
    for path in EVIL:
        client.get(path)

    printed = lines()
    assert len(printed) >= 2 * len(EVIL)
    assert all(len(line.splitlines()) == 1 and line.isprintable() for line in printed)


def test_no_name_can_pass_for_a_line_of_its_own():
    """R-93: whatever a message is made of."""
    for text in ("x\r\nERROR forged", "\x1b[31m", "a\x85b\u2028c\u202e", "\ud83d"):
        plain = OneLine("%(message)s").format(record("Hello, %s!", text))
        parsed = json.loads(JSONLines().format(record("Hello, %s!", text)))

        assert plain.isprintable()
        assert parsed["message"] == f"Hello, {text}!"


def test_a_fault_is_one_line_too_with_its_trace(client, app, monkeypatch, lines):
    """R-93: and what the exception says, which may come from outside."""

    def broken():
        raise ValueError("bad\r\nINFO forged \x1b[31m")

    monkeypatch.setitem(app.view_functions, "main.index", broken)
    client.get("/")

    (plain, parsed) = [line for line in lines() if "ValueError" in line]
    assert plain.isprintable() and "Traceback" in plain
    assert "forged" in json.loads(parsed)["trace"]


def test_every_token_in_an_address_of_the_site_is_masked(app):
    """R-99: whatever route says `<token>`; as a path, in a `next`, and behind a URL prefix."""
    rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    paths = [app.url_map.bind("").build(rule.endpoint, {"token": TOKEN}) for rule in rules]
    assert {"/auth/confirm/", "/unsubscribe/"} <= {path.removesuffix(TOKEN) for path in paths}

    shown = []
    for path in [*paths, *(f"/forum{path}" for path in paths), *map(quote_plus, paths)]:
        for line in (f"GET {path} HTTP/1.1", f'GET /?next={path}&a=b "{path}%20x"'):
            plain = OneLine().format(record("%s", line))
            parsed = json.loads(JSONLines().format(record("%s", line)))["message"]
            shown += [text for text in (plain, parsed) if TOKEN in text or "…" not in text]

    assert shown == []


def test_the_line_of_a_request_masks_its_token(client, lines):
    """R-99."""
    for path in (f"/auth/confirm/{TOKEN}", f"/unsubscribe/{TOKEN}", f"/auth/join/{TOKEN}/more?a=b"):
        client.get(path)

    assert len(lines()) >= 6 and not any(TOKEN in line for line in lines())


def test_the_development_server_masks_tokens_too():
    """R-99: it logs by itself."""
    line = record('127.0.0.1 - - "%s" %s -', f"GET /auth/reset-password/{TOKEN} HTTP/1.1", "200")

    Masked().filter(line)

    assert TOKEN not in line.getMessage()
    assert "/auth/reset-password/… HTTP/1.1" in line.getMessage()


def test_a_token_in_an_exception_is_masked(client, app, monkeypatch, lines):
    """R-99."""

    def broken():
        raise ValueError(f"cannot build http://localhost/auth/confirm/{TOKEN}")

    monkeypatch.setitem(app.view_functions, "main.index", broken)
    client.get("/")

    assert not any(TOKEN in line for line in lines())


def test_a_whole_life_leaves_no_secret_in_the_log(client, lines, caplog):
    """R-99: no password, no hash, no token, no cookie of anybody."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    form = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    client.post("/auth/register", data=form)
    client.post("/auth/register", data=form)
    client.post("/auth/login", data=dict(login="nora", password=ANOTHER))
    client.post("/auth/login", data=dict(login="nora", password=PASSWORD, remember="y"))
    nora = User.with_username("nora")
    client.post(f"/auth/confirm/{nora.generate_confirmation_token()}")
    token = nora.generate_reset_token()
    client.post(f"/auth/reset-password/{token}", data=dict(password=ANOTHER, password2=ANOTHER))
    cookies = [client.get_cookie(name).value for name in ("device", "session")]
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)

    secrets = [PASSWORD, ANOTHER, nora.password_hash, "$argon2", token, *cookies]
    assert len(lines()) > 20
    assert [secret for secret in secrets if any(secret in line for line in lines())] == []


def test_what_the_database_refuses_is_told_without_its_values(app, alice):
    """R-99: flasky's log showed the hash at every IntegrityError."""
    db.session.add(User(email="other@example.org", username="ALICE", password=PASSWORD))

    with pytest.raises(IntegrityError) as refusal:
        db.session.flush()

    assert "$argon2" not in str(refusal.value)


def test_a_statement_that_fails_is_told_without_its_values(app):
    """R-99: on the engine itself."""
    with pytest.raises(DBAPIError) as refusal:
        db.session.execute(db.text("SELECT nothing FROM nowhere WHERE a = :a"), {"a": PASSWORD})

    assert PASSWORD not in str(refusal.value)


def test_lines_of_json_can_be_parsed_and_hold_the_facts(client, caplog):
    """R-93."""
    caplog.set_level(logging.INFO, "offbrand")
    client.get("/user/%22%7d%0d%0a")

    facts = json.loads(JSONLines().format(requests(caplog)[0]))

    assert {"at", "level", "from", "message", "request", "status", "ms"} <= set(facts)

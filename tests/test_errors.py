"""Error pages: the right status and text, as HTML and as JSON."""

import pytest
from crawling import Page
from factories import PASSWORD, make_user
from services import free_port
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError, TimeoutError
from werkzeug.exceptions import TooManyRequests

from app.extensions import db

JSON = {"Accept": "application/json"}
TRACES = (
    "Traceback",
    "File &#34;",
    "/srv/",
    "werkzeug",
    "sqlalchemy",
    "psycopg",
    "sqlite",
    "SELECT",
)


def fail(app, monkeypatch, fault, endpoint="main.index"):
    def broken(**values):
        raise fault

    monkeypatch.setitem(app.view_functions, endpoint, broken)


def ask(client, code, **options):
    """Make a request that is answered with the code."""
    if code == 400:
        return client.get("/?x=%ff", **options)
    if code == 403:
        return client.get("/admin/", **options)
    if code == 404:
        return client.get("/nowhere", **options)
    if code == 405:
        return client.put("/", **options)
    return client.post("/auth/login", data={"login": "x" * 1_100_000}, **options)  # 413


def test_an_error_is_a_page_of_the_site_and_has_the_same_facts_as_json(client, alice):
    client.sign_in(alice)

    for code in (400, 403, 404, 405, 413):
        page, answer = ask(client, code), ask(client, code, headers=JSON)

        assert (page.status_code, answer.status_code, answer.json["error"]["code"]) == 3 * (code,)
        assert f"Error {code}" in page.text and "Go to the home page" in page.text
        assert "If you contact us" not in page.text
        assert answer.json["error"]["title"] in page.text
        assert answer.json["error"]["request_id"] == answer.headers["X-Request-ID"]


PREFERRED = {
    "text/html,application/xhtml+xml,*/*;q=0.8": "text/html",
    "*/*": "text/html",
    "": "text/html",
    "application/json": "application/json",
    "application/json, text/html;q=0.5": "application/json",
    "text/html, application/json;q=0.9": "text/html",
    "image/png": "text/html",
    "nonsense;;;,q=x": "text/html",
}


def test_json_is_for_those_who_prefer_it(client):
    answers = {a: client.get("/nowhere", headers={"Accept": a}).mimetype for a in PREFERRED}

    assert answers == PREFERRED


def test_a_stale_form_offers_the_way_to_try_again(strict_client):
    page = strict_client.post("/auth/login?next=/user/bob", data={"login": "alice"})

    assert page.status_code == 400
    assert "This form has expired" in page.text and "signed in or out after" in page.text
    assert "/auth/login?next=/user/bob" in Page("/", page).links


def test_a_stale_button_offers_no_way_back_to_where_nothing_can_be_opened(strict_client, alice):
    strict_client.sign_in(alice)

    page = strict_client.post("/auth/logout")

    assert page.status_code == 400
    assert "Try again" not in page.text


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_fault_tells_its_number_and_nothing_of_the_code(client, app, monkeypatch, alice, headers):
    """R-26."""
    client.sign_in(alice)
    fail(app, monkeypatch, RuntimeError("the secret is out: File /srv/x SELECT"))

    answer = client.get("/", headers=headers)

    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert not any(word in answer.text for word in (*TRACES, "secret", "RuntimeError"))


def test_in_development_a_fault_tells_no_more(site_with, monkeypatch):
    """R-26: a development site may be on the internet by accident."""
    site = site_with(DEBUG=True)
    fail(site, monkeypatch, RuntimeError("the secret is out"))

    answer = site.test_client().get("/")

    assert answer.status_code == 500
    assert not any(word in answer.text for word in (*TRACES, "secret"))


def test_in_development_the_refusal_of_a_host_says_how_to_allow_it(site_with):
    client = site_with(DEBUG=True).test_client()

    assert "TRUSTED_HOSTS" in client.get("/", headers={"Host": "laptop.local"}).text


def test_after_a_fault_nothing_half_done_is_kept(client, app, monkeypatch, alice):
    """R-86 in spirit."""

    def half():
        make_user("half")
        raise RuntimeError

    monkeypatch.setitem(app.view_functions, "main.index", half)
    client.get("/")

    assert client.get("/user/half").status_code == 404


@pytest.fixture
def cut_off(site_with):
    """A site whose database is away: nobody listens on its port."""
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/nothing"
    return site_with(SQLALCHEMY_DATABASE_URI=url)


def test_without_its_database_the_site_says_so(cut_off):
    client = cut_off.test_client()
    page, answer = client.get("/"), client.get("/", headers=JSON)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Error 503" in page.text
    assert not any(word in page.text for word in TRACES)
    assert (answer.status_code, answer.json["error"]["retry_after"]) == (503, 5)


def test_without_its_database_what_needs_none_still_answers(cut_off):
    paths = ("/auth/login", "/nowhere", "/healthz", "/moment.js")

    answers = [cut_off.test_client().get(path).status_code for path in paths]
    assert answers == [200, 404, 200, 200]


def test_without_its_database_a_member_is_not_met_by_a_fault(cut_off, alice, client):
    """Their cookie cannot be looked up, on no page and not for the page of the error either."""
    client.sign_in(alice)
    away = cut_off.test_client()
    away.set_cookie("session", client.get_cookie("session").value)

    for method, path in (("GET", "/"), ("GET", "/nowhere"), ("POST", "/auth/logout")):
        page = away.open(path, method=method)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5"), path


def test_without_its_database_signing_in_is_told_to_come_back(cut_off):
    data = {"login": "alice", "password": PASSWORD}

    assert cut_off.test_client().post("/auth/login", data=data).status_code == 503


def test_when_the_database_is_back_so_is_the_site(client, app, monkeypatch, alice):
    client.sign_in(alice)
    with monkeypatch.context() as patch:
        fail(app, patch, OperationalError("SELECT", {}, Exception("gone")))
        assert client.get("/").status_code == 503

    assert client.get("/").status_code == 200


def test_a_pool_without_a_free_connection_is_a_503(client, app, monkeypatch):
    fail(app, monkeypatch, TimeoutError())

    assert client.get("/").status_code == 503


def test_a_database_that_cannot_answer_is_a_503_with_its_number(client, app, monkeypatch):
    for kind in (InterfaceError, OperationalError, ProgrammingError):
        fail(app, monkeypatch, kind("SELECT", {}, Exception("gone")))

        page = client.get("/")
        assert page.status_code == 503
        assert page.headers["X-Request-ID"] in page.text


@pytest.mark.both_databases
def test_a_table_that_is_missing_is_a_503(client, app, monkeypatch):
    """PostgreSQL says ProgrammingError, SQLite OperationalError."""
    statement = db.text("SELECT 1 FROM not_migrated_yet")
    monkeypatch.setitem(app.view_functions, "main.index", lambda: str(db.session.scalar(statement)))

    assert client.get("/").status_code == 503


def test_who_tried_too_often_to_sign_in_is_shown_another_way(client, app, monkeypatch):
    fail(app, monkeypatch, TooManyRequests(retry_after=60), "auth.login")
    fail(app, monkeypatch, TooManyRequests(retry_after=60))

    assert "/auth/reset-password" in Page("/", client.get("/auth/login")).links
    assert "/auth/reset-password" not in Page("/", client.get("/")).links


@pytest.mark.both_databases
def test_what_no_column_can_hold_is_a_400_below_all_forms(client, app, monkeypatch):
    """R-86: PostgreSQL says DataError; the net below the forms."""
    monkeypatch.setattr(app, "before_request_funcs", {})
    statement = db.text("SELECT CAST(9223372036854775808 AS integer)")
    monkeypatch.setitem(app.view_functions, "main.index", lambda: str(db.session.scalar(statement)))
    expected = 400 if db.engine.dialect.name == "postgresql" else 200

    assert client.get("/").status_code == expected


def test_a_limit_and_a_busy_site_say_when_to_come_back(client, app, monkeypatch):
    class Taken:
        def acquire(self, timeout):
            return False

    monkeypatch.setattr(app.extensions["passwords"], "slots", Taken())

    page = client.post("/auth/login", data={"login": "alice", "password": PASSWORD})

    assert page.status_code == 503
    assert "Try again in" in page.text and "2 seconds" in page.text

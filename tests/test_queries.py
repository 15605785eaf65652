"""How often a page asks the database: exact numbers, so that none grows unseen."""

from contextlib import contextmanager

import pytest
from factories import PASSWORD, make_mail, make_user
from sqlalchemy import event

from app.extensions import db


@contextmanager
def statements():
    """Collect what is sent to the database."""
    sent = []

    def note(connection, cursor, statement, *rest):
        if not statement.startswith("BEGIN"):  # SQLite's lock, not a question
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def count(client, path, method="GET", **options):
    client.get(path, buffered=True)  # a visit is noted at most once a minute
    with statements() as sent:
        client.open(path, method=method, buffered=True, **options)
    return len(sent)


@pytest.fixture
def crowd(app):
    for _ in range(20):
        make_user()
        make_mail()


@pytest.mark.parametrize(
    "path, number",
    [
        ("/", 1),
        ("/user/bob", 1),
        ("/user/nobody", 1),
        ("/auth/login", 0),
        ("/auth/register", 0),
        ("/auth/reset-password", 0),
        ("/settings/profile", 0),
        ("/moderation/", 0),
        ("/nowhere", 0),
        ("/auth/confirm/mangled", 0),
        ("/avatar/" + 32 * "a" + ".svg", 0),
        ("/static/site.css", 0),
        ("/moment.js", 0),
        ("/healthz", 0),
        ("/readyz", 3),
    ],
)
def test_a_visitor_costs(client, crowd, bob, path, number):
    assert count(client, path) == number


@pytest.mark.parametrize(
    "path, number",
    [
        ("/", 2),
        ("/user/bob", 2),
        ("/user/alice", 2),
        ("/auth/login", 1),
        ("/auth/change-password", 1),
        ("/settings/profile", 1),
        ("/settings/sessions", 2),
        ("/moderation/", 2),
        ("/admin/", 2),
        ("/nowhere", 1),
        ("/static/site.css", 0),
        ("/avatar/" + 32 * "a" + ".svg", 0),
        ("/moment.js", 0),
        ("/healthz", 0),
    ],
)
def test_a_member_costs_one_query_more(client, crowd, alice, bob, path, number):
    """Session, user and role come in one; a refusal asks for the roles that hold the permission."""
    client.sign_in(alice)

    assert count(client, path) == number


@pytest.mark.parametrize("path, number", [("/moderation/", 2), ("/admin/", 4)])
def test_staff_pages_do_not_grow_with_the_crowd(client, crowd, ada, path, number):
    client.sign_in(ada)

    assert count(client, path) == number


def test_session_user_and_role_are_loaded_by_one_statement(client, alice):
    client.sign_in(alice)
    client.get("/settings/profile")

    with statements() as sent:
        client.get("/settings/profile")

    (statement,) = sent
    assert all(table in statement for table in ("user_sessions", "users", "roles"))


@pytest.mark.parametrize("login", ["bob", "bob@example.org", "nobody", "nobody@example.org"])
def test_a_wrong_password_costs_one_query_whoever_it_is_for(client, crowd, bob, login):
    """R-68: the number tells nothing."""
    data = {"login": login, "password": "not " + PASSWORD}

    assert count(client, "/auth/login", "POST", data=data) == 1


def test_signing_in_costs_as_few_as_it_does(client, bob):
    data = {"login": "bob", "password": PASSWORD}

    assert count(client, "/auth/login", "POST", data=data) == 4


def test_posting_without_a_right_costs_nothing(strict_client, bob):
    assert count(strict_client, "/auth/login", "POST", data={"login": "bob"}) == 0

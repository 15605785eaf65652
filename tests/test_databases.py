"""SQLite and PostgreSQL behave alike: nothing is lost, nobody waits for ever, all comes back."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Timer

import pytest
from factories import PASSWORD, make_mail, make_user
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from app import databases
from app.databases import engine_options, named_driver
from app.extensions import db
from app.models import OutboxMail, User

both_databases = pytest.mark.both_databases
SIGN_UP = dict(email="zoe@example.org", username="zoe", password=PASSWORD, password2=PASSWORD)
HOLD_LOCK = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def impatient(app, monkeypatch):
    """Whoever meets a lock gives up soon."""
    short = tuple(line.replace("timeout=5000", "timeout=20") for line in databases.SQLITE_SETTINGS)
    monkeypatch.setattr(databases, "SQLITE_SETTINGS", short)
    monkeypatch.setattr(databases, "POSTGRESQL_SETTINGS", ("SET lock_timeout='20ms'",))
    db.session.remove()
    db.engine.dispose()  # the next connections are made anew
    yield app
    db.session.remove()
    db.engine.dispose()


@contextmanager
def locked_by_somebody():
    """Another connection writes, and takes its time."""
    db.session.commit()
    on_sqlite = db.engine.dialect.name == "sqlite"
    lock = "BEGIN IMMEDIATE" if on_sqlite else "LOCK TABLE users, roles IN EXCLUSIVE MODE"
    with db.engine.connect() as other:
        other.exec_driver_sql(lock)
        yield other
        other.rollback()


def setting(name, on="PRAGMA"):
    return db.session.scalar(text(f"{on} {name}"))


# As they are set up


def test_sqlite_keeps_what_was_acknowledged_and_waits_for_locks(site_with):
    expected = dict(journal_mode="wal", synchronous=2, foreign_keys=1, busy_timeout=5000)

    with site_with().app_context():
        assert {name: setting(name) for name in expected} == expected


@pytest.mark.postgresql
def test_postgresql_lets_nobody_wait_for_ever(app):
    expected = dict(statement_timeout="5s", lock_timeout="4s")
    expected["idle_in_transaction_session_timeout"] = "1min"
    expected["transaction_isolation"] = "read committed"

    assert {name: setting(name, on="SHOW") for name in expected} == expected


@pytest.mark.parametrize(
    "given, used",
    [
        ("postgres://u:p@h:5/d?sslmode=require", "postgresql+psycopg://u:p@h:5/d?sslmode=require"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////tmp/postgres://x.db", "sqlite:////tmp/postgres://x.db"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_every_spelling_of_postgresql_means_one_driver(given, used):
    assert named_driver(given) == used


def test_a_connection_is_looked_at_before_it_is_used():
    options = engine_options("postgresql+psycopg://h/d")

    assert options["pool_pre_ping"] and options["pool_timeout"] == 2
    assert options["connect_args"]["connect_timeout"] == 2


@both_databases
def test_no_error_tells_what_was_to_be_stored(app, alice):
    """R-99: a hash of a password would come into the log."""
    with pytest.raises(IntegrityError) as error:
        make_user("alice", email="other@example.org")

    assert "argon2" not in str(error.value) and "hidden" in str(error.value)


@both_databases
def test_rows_cannot_refer_to_rows_that_are_not_there(app):
    with pytest.raises(IntegrityError):
        make_mail(user_id=999_999)


# Reading


@both_databases
def test_reading_sees_at_once_what_others_commit(app, alice):
    """READ COMMITTED on both: no snapshot of the past is kept."""
    db.session.commit()
    here = select(User.location).where(User.id == alice.id)
    assert db.session.scalar(here) == ""

    with db.engine.begin() as other:
        other.execute(update(User).values(location="Bergen"))

    assert db.session.scalar(here) == "Bergen"


@both_databases
def test_pages_are_read_while_somebody_writes(client, impatient, alice):
    with locked_by_somebody():
        assert client.get("/").status_code == 200
        assert client.get("/user/alice").status_code == 200


def test_a_transaction_that_only_reads_takes_no_lock(app, impatient):
    User.count()

    with locked_by_somebody():  # would fail
        assert User.count() == 0


@pytest.mark.fault
def test_pages_are_read_while_another_process_writes(app, client, impatient, alice):
    db.session.commit()
    words = [sys.executable, "-c", HOLD_LOCK, db.engine.url.database]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as holder:
        assert holder.stdout.readline() == b"locked\n"
        read, content = client.get("/"), client.post("/auth/register", data=SIGN_UP)
        holder.communicate()

    assert (read.status_code, content.status_code) == (200, 503)
    assert client.post("/auth/register", data=SIGN_UP).status_code == 302


# Writing


@both_databases
def test_a_short_lock_is_waited_for(app, client):
    with locked_by_somebody() as other:
        started = time.monotonic()
        Timer(0.1, other.rollback).start()
        page = client.post("/auth/register", data=SIGN_UP)

    assert page.status_code == 302 and User.with_username("zoe")
    assert time.monotonic() - started > 0.1


@both_databases
def test_a_long_lock_is_a_page_that_says_so_and_never_a_fault(client, impatient):
    with locked_by_somebody():
        page = client.post("/auth/register", data=SIGN_UP)

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert page.headers["X-Request-ID"] in page.text
    assert client.post("/auth/register", data=SIGN_UP).status_code == 302


@both_databases
def test_a_long_lock_is_an_error_that_the_site_knows(impatient, alice):
    db.session.commit()
    with locked_by_somebody(), pytest.raises(OperationalError):
        db.session.execute(update(User).values(location="Bergen"))


@both_databases
def test_no_update_is_lost_between_reading_and_writing(app, site, alice):
    """Four times ten people read a number and write it back, one higher."""
    db.session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, [site] * 4, [alice.id] * 4))

    db.session.refresh(alice)
    assert alice.auth_epoch == 1 + 4 * 10


def count_up(site, id):
    with site.app_context():
        for _ in range(10):
            this = User.id == id
            number = db.session.scalar(select(User.auth_epoch).where(this).with_for_update())
            db.session.execute(update(User).where(this).values(auth_epoch=number + 1))
            db.session.commit()


def test_whoever_waits_to_write_on_sqlite_comes_before_whoever_writes_again(app, site, alice):
    """SQLite would let them look again ten times a second, and always be too late."""
    order = []

    def write(name):
        with site.app_context():
            db.session.execute(update(User).values(location=name))
            order.append(name)
            db.session.commit()

    db.session.commit()
    db.session.execute(update(User).values(location="first"))
    turns = db.session.connection().info["turn"]
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(write, "who waited")
        while not turns._waiting:
            time.sleep(0.001)
        db.session.commit()
        write("again")
        other.result()

    assert order == ["who waited", "again"]


def test_a_turn_that_took_too_long_is_left_out(monkeypatch):
    monkeypatch.setattr(databases, "PATIENCE", 0.01)
    turns = databases.Turns()

    assert [turns.take(), turns.take()] == [True, False]
    turns.end()
    assert turns.take()


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "invalidate"])
def test_whatever_ends_a_transaction_ends_its_turn(app, end):
    db.session.commit()
    connection = db.engine.connect()
    connection.execute(update(User).values(location="Bergen"))
    turns = connection.info["turn"]
    assert turns._taken

    getattr(connection, end)()

    assert not turns._taken
    connection.close()


@both_databases
def test_many_who_write_at_once_all_succeed(app, site):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(put_mails, [site] * 6))

    assert len(db.session.scalars(OutboxMail.waiting()).all()) == 6 * 5


def put_mails(site):
    with site.app_context():
        for _ in range(5):
            User.count()  # who reads first, and then writes, must not fail
            texts = dict(kind="test", recipient="a@example.org", subject="x", text="x", html="x")
            db.session.add(OutboxMail(**texts))
            db.session.commit()


# Coming back


@pytest.mark.postgresql
def test_the_site_goes_on_when_its_connections_were_cut(client, alice):
    assert client.get("/user/alice").status_code == 200
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        others = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"{cut} {others}"))

    pages = [client.get("/user/alice").status_code for _ in range(5)]

    assert pages == [200] * 5


@pytest.mark.postgresql
def test_a_connection_that_breaks_in_the_middle_of_a_request_is_a_503(client, monkeypatch):
    def cut(name):
        db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr(User, "with_username", cut)
    page = client.get("/user/alice/followers")
    monkeypatch.undo()

    assert page.status_code == 503
    assert client.get("/user/alice/followers").status_code == 404


@pytest.mark.postgresql
def test_a_statement_that_takes_too_long_is_a_503(client, monkeypatch):
    def dawdle(name):
        db.session.execute(text("SET LOCAL statement_timeout = '10ms'"))
        db.session.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr(User, "with_username", dawdle)

    assert client.get("/user/alice/followers").status_code == 503

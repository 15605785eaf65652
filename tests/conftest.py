"""The app on both databases, the browser of the tests, and the cast."""

import gc
import os

os.environ["PYTHON_DOTENV_DISABLED"] = "1"  # a person's .env is for their site, not for tests

from contextlib import ExitStack, contextmanager
from contextvars import Context
from functools import reduce

import hypothesis
import pytest
from factories import HOLDING, make_user
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import BytecodeCache
from services import postgresql_database
from sqlalchemy import event, insert, select, text, true

from app import create_app
from app.extensions import db, limiter
from app.models import AuditHead, Role, Setting, UserSession
from app.models.site.setting import current_settings
from app.permissions import DEFAULT_ROLE, ROLES

hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")

READ = ("FLASK_", "DATABASE_", "DEV_", "REDIS_", "MAIL_", "SERVER_", "TRUSTED_", "SECRET_")
READ += ("OFFBRAND_", "SUPERUSER_", "PROXY_", "PORT")
KEPT = {"OFFBRAND_REQUIRE_SERVICES"}
TABLES = db.metadata.sorted_tables
SEEDED = [model.__table__ for model in (Role, AuditHead, Setting)]
SEEDS = select(reduce(lambda left, right: left.join(right, true()), SEEDED))
FILLED = [table.name for table in reversed(TABLES) if table not in SEEDED]
DELETING = "".join(
    f"DELETE FROM {name}; GET DIAGNOSTICS here = ROW_COUNT; gone := gone + here;\n"
    for name in FILLED
)
EMPTYING = f"""CREATE FUNCTION empty_tables() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    gone bigint := 0;
    here bigint;
BEGIN
    IF current_setting('is_superuser') = 'on' THEN -- all go: who refers to whom is no question
        SET LOCAL session_replication_role = replica;
        {DELETING}
        SET LOCAL session_replication_role = origin;
    ELSE
        {DELETING}
    END IF;
    RETURN gone;
END $$"""
REQUESTING = {"client", "strict_client", "production"}  # fixtures of tests that make requests
FIRST = "first"  # version of the settings
MANY = 2000  # dead rows that are swept out


def pytest_collection_finish(session):
    """Thousands of tests stay to the end: no collection of garbage needs to look at them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class Browser(FlaskClient):
    """A visitor. Each request runs in a context of its own, as it does on the server."""

    def open(self, *args, **kwargs):
        db.session.commit()  # what the test made so far, the server sees
        response = Context().run(super().open, *args, **kwargs)
        db.session.expire_all()  # and the test sees what the server did
        return response

    def sign_in(self, user):
        row, token = UserSession.open(user, remembered=False, address="127.0.0.1", agent="")
        db.session.commit()
        with self.session_transaction() as session:
            session["_user_id"] = token
        return row

    def sign_out(self):
        with self.session_transaction() as session:
            session.clear()


class CompiledOnce(BytecodeCache):
    """Compiled templates, for all applications of this process."""

    def __init__(self):
        self.compiled = {}

    def load_bytecode(self, bucket):
        bucket.code = self.compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.compiled[bucket.key, bucket.checksum] = bucket.code


Flask.jinja_options = {"bytecode_cache": CompiledOnce()}


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="leave out what makes requests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))  # one site serves them all
    if config.getoption("quick"):
        asking = [item for item in items if not REQUESTING.isdisjoint(item.fixturenames)]
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if REQUESTING.isdisjoint(item.fixturenames)]


def pytest_generate_tests(metafunc):
    """Choose the databases of a test: SQLite, unless a marker says something else."""
    marked = metafunc.definition.get_closest_marker
    if "site" not in metafunc.fixturenames:
        return
    if marked("postgresql"):
        databases = ["postgresql"]
    elif marked("both_databases"):
        databases = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
    else:
        return
    metafunc.parametrize("site", databases, indirect=True, scope="session")


@pytest.fixture(scope="session")
def sites(tmp_path_factory):
    """Hands out the application on a database, which is made the first time."""
    made = {}
    with ExitStack() as stack:

        def site_on(database):
            if database not in made:
                url = f"sqlite:///{tmp_path_factory.mktemp('data')}/test.sqlite"
                if database == "postgresql":
                    url = stack.enter_context(postgresql_database())
                made[database] = stack.enter_context(_migrated(url))
            return made[database]

        yield site_on


@pytest.fixture(scope="session")
def site(request, sites):
    """The application on the database that `pytest_generate_tests` has chosen, else on SQLite."""
    return sites(getattr(request, "param", "sqlite"))


@contextmanager
def _migrated(url):
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    app.test_client_class = Browser
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _spare_the_disk)
        upgrade()
        if db.engine.dialect.name == "postgresql":
            db.engine.pool._timeout = 20  # twenty race for its fifteen connections, however slow
            db.session.execute(text(EMPTYING))
            db.session.commit()
            db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


def _spare_the_disk(connection, record):
    """No test cuts the power; a second application on these tables keeps what production has."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def app(site):
    """The application with nothing in it but the built-in roles; its context is open."""
    context = site.app_context()
    context.push()
    _empty_tables(site)
    _read_settings(site)
    limiter.reset()
    configured = dict(site.config)
    yield site
    db.session.rollback()
    db.session.remove()
    site.config.clear()
    site.config.update(configured)
    context.pop()


def _empty_tables(site):
    """Delete from the tables that hold something, whoever wrote it; seed anew where it changed."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        gone = db.session.scalar(text("SELECT empty_tables()"))
        site.extensions["dead"] = site.extensions.get("dead", 0) + gone
    else:
        holding = set(db.session.scalars(HOLDING))
        for name in (name for name in FILLED if name in holding):
            db.session.execute(text(f"DELETE FROM {name}"))
    if _seeds() != site.extensions.get("seeds"):
        _seed()
        site.extensions["seeds"] = _seeds()
    db.session.info.pop("unsealed", None)
    db.session.commit()
    if site.extensions.get("dead", 0) > MANY:
        _sweep()
        site.extensions["dead"] = 0


def _read_settings(site):
    """Read them where they are new to this process: it does so once, and statements are counted."""
    if site.extensions.get("settings", [None])[0] != FIRST:
        current_settings()


def _sweep():
    """Free the room of dead rows, which PostgreSQL would read again and again."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM " + ", ".join(table.name for table in TABLES)))


def _seeds():
    return sorted(map(repr, db.session.execute(SEEDS)))


def _seed():
    for table in SEEDED:
        db.session.execute(table.delete())
    rows = [
        dict(name=name, permissions=int(mask), index=index, description=words)
        | dict(default=name == DEFAULT_ROLE)
        for name, (mask, index, words) in ROLES.items()
    ]
    db.session.execute(insert(Role), rows)
    db.session.execute(insert(AuditHead), {"id": AuditHead.ONLY})
    db.session.execute(insert(Setting), {"id": Setting.ONLY, "version": FIRST, "values": {}})


@pytest.fixture
def collected():
    """Garbage is collected as often as on the server: what a test of memory needs."""
    seldom = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*seldom)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def strict_client(app):
    """A browser whose forms need their tokens, as everywhere but in tests."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app.test_client()


@pytest.fixture
def site_with(app):
    """Makes a second application on the same tables, with other settings."""
    counting, made = dict(vars(limiter)), []

    def make(name="testing", **settings):
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        made.append(create_app(name, **{"SQLALCHEMY_DATABASE_URI": url, **settings}))
        made[-1].test_client_class = Browser
        return made[-1]

    yield make
    for another in made:
        with another.app_context():
            db.engine.dispose()
    vars(limiter).update(counting)


@pytest.fixture
def production(site_with, monkeypatch):
    """The site as production has it; TESTING only spares the log and the hasher."""
    environment = {
        "SECRET_KEY": "qJ8mZ2vX5cL0wR7tY4uP1sD6fG9hK3aB",
        "DATABASE_URL": "postgresql://nowhere/offbrand",  # replaced by that of the tests
        "SERVER_NAME": "offbrand.example",
        "MAIL_SERVER": "mail.offbrand.example",
        "MAIL_DEFAULT_SENDER": "Offbrand <post@offbrand.example>",
        "MAIL_DELIVERY": "worker",
    }
    for name in ("TRUSTED_HOSTS", "PROXY_COUNT", "SECRET_KEY_FALLBACKS", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cheap = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    quick = dict(WTF_CSRF_ENABLED=False, SIGN_UP_SECONDS=0)
    return site_with("production", TESTING=True, ARGON2=cheap, **quick)


@pytest.fixture
def flask(app):
    """Type a flask command: flask("users", "list"); see what it says, and how it ended."""
    runner = app.test_cli_runner()

    def run(*words, **options):
        db.session.commit()
        result = runner.invoke(args=words, **options)
        db.session.rollback()
        db.session.expire_all()
        return result

    return run


@pytest.fixture
def alice(app):
    return make_user("alice")


@pytest.fixture
def bob(app):
    return make_user("bob")


@pytest.fixture
def mona(app):
    return make_user("mona", role="Moderator")


@pytest.fixture
def ada(app):
    return make_user("ada", role="Administrator")


@pytest.fixture(scope="session", autouse=True)
def nothing_from_the_outside():
    """What a person has set for their own site does not reach the tests."""
    for name in os.environ.keys() - KEPT:
        if name.startswith(READ):
            os.environ.pop(name)

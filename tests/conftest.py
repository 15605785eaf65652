"""The app on both databases, the browser of the tests, and the cast."""

import os

os.environ["PYTHON_DOTENV_DISABLED"] = "1"  # a person's .env is for their site, not for tests

from contextvars import Context

import pytest
from factories import make_user
from flask.testing import FlaskClient
from flask_migrate import upgrade
from services import postgresql_database
from sqlalchemy import insert

from app import create_app
from app.extensions import db, limiter
from app.models import Role, UserSession
from app.permissions import DEFAULT_ROLE, ROLES
from app.throttles import spare

READ = ("FLASK_", "DATABASE_", "DEV_", "REDIS_", "MAIL_", "SERVER_", "TRUSTED_", "SECRET_")
READ += ("OFFBRAND_", "SUPERUSER_", "PROXY_", "PORT")
KEPT = {"OFFBRAND_REQUIRE_SERVICES"}


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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def site(request, tmp_path_factory):
    """One application for each database, made by its migrations."""
    if request.param == "sqlite":
        yield from _migrated(f"sqlite:///{tmp_path_factory.mktemp('data')}/test.sqlite")
    else:
        with postgresql_database() as url:
            yield from _migrated(url)


def _migrated(url):
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(site):
    """The application with nothing in it but the built-in roles; its context is open."""
    context = site.app_context()
    context.push()
    _empty_tables()
    limiter.reset()
    spare.storage.reset()
    settings = dict(site.config)
    yield site
    db.session.rollback()
    db.session.remove()
    site.config.clear()
    site.config.update(settings)
    context.pop()


def _empty_tables():
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    rows = [
        dict(name=name, permissions=int(mask), index=index, description=words)
        | dict(default=name == DEFAULT_ROLE)
        for name, (mask, index, words) in ROLES.items()
    ]
    db.session.execute(insert(Role), rows)
    db.session.commit()


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
    return site_with("production", TESTING=True, ARGON2=cheap, WTF_CSRF_ENABLED=False)


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

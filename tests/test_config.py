"""What the site reads from its environment, and what it refuses to start with."""

import os
import re
import runpy
import stat
from itertools import product
from pathlib import Path

import pytest

import config
from app import create_app
from app.databases import engine_options, named_driver
from app.security.passwords import Hashing
from config import BASE, Config, DevelopmentConfig, ProductionConfig

GOOD = {
    "SECRET_KEY": "qJ8mZ2vX5cL0wR7tY4uP1sD6fG9hK3aB",
    "DATABASE_URL": "postgresql://offbrand@db/offbrand",
    "SERVER_NAME": "offbrand.example",
    "MAIL_SERVER": "mail.offbrand.example",
    "MAIL_DEFAULT_SENDER": "Offbrand <post@offbrand.example>",
}
NAMES = ["SECRET_KEY", "DATABASE_URL", "SERVER_NAME", "MAIL_SERVER", "MAIL_DEFAULT_SENDER"]
WEAK = [
    "",
    "secret",
    "a" * 64,
    "abababababababababababababababababababab",
    "x7$Kq9!mZ2#vL5@wR8^tY3&uP6*sD1",
    "hard to guess string, and long enough to pass",
    "change-me-change-me-change-me-change-me-1234",
    "this-is-a-secret-key-that-everybody-knows-9876",
    "your-very-own-key-goes-here-0123456789abcdef",
    "PASSWORD0123456789abcdefghijklmnopqrstuvwxyz",
    "example-key-0123456789-abcdefghijklmnopqrst",
    "default0123456789abcdefghijklmnopqrstuvwxyz",
]


def problems(**changes):
    environment = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return " ".join(ProductionConfig(environment).problems())


@pytest.fixture
def environment(monkeypatch):
    """Production's variables, in the environment of this process."""
    for name in [*NAMES, "TRUSTED_HOSTS", "SECRET_KEY_FALLBACKS"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLASK_CONFIG", "production")
    return lambda **values: [monkeypatch.setenv(name, value) for name, value in values.items()]


def test_production_names_everything_that_is_missing_in_one_message(environment):
    """R-66 (D000-10, D001-6)."""
    with pytest.raises(RuntimeError) as refusal:
        create_app()

    assert all(name in str(refusal.value) for name in NAMES)


def test_production_names_the_one_thing_that_is_missing():
    """R-66."""
    for name in NAMES:
        said = problems(**{name: None}).replace(" or", ":")
        assert [other for other in NAMES if f"{other}:" in said] == [name]


def test_production_with_all_of_it_starts(environment):
    """R-66, the other side of it."""
    environment(**GOOD, MAIL_DELIVERY="worker")

    app = create_app("production", TESTING=True)

    assert app.config["SECURE"] and not app.debug


def test_production_takes_no_weak_or_known_key():
    """R-66: missing, short, monotonous, from a tutorial; as a fallback neither."""
    taken = [key for key in WEAK if "SECRET_KEY" not in problems(SECRET_KEY=key)]
    taken += [key for key in WEAK[1:] if "SECRET_KEY" not in problems(SECRET_KEY_FALLBACKS=key)]

    assert taken == []


def test_the_message_does_not_tell_the_key():
    """R-66, R-99."""
    assert "hard to guess" not in problems(SECRET_KEY="hard to guess string, and long enough")


def test_a_sender_must_be_an_address():
    for sender in ("", "Offbrand", "offbrand.example", "<>"):
        assert "MAIL_DEFAULT_SENDER" in problems(MAIL_DEFAULT_SENDER=sender), sender


def test_a_number_that_is_none_is_named_among_the_rest():
    """R-66."""
    for name, value in product(("PROXY_COUNT", "MAIL_PORT", "MAIL_TIMEOUT"), ("many", "1.x", "-1")):
        told = problems(**{name: value, "MAIL_SERVER": None})
        assert name in told and "MAIL_SERVER" in told, (name, value)


def test_mail_is_delivered_by_a_thread_or_a_worker():
    assert "MAIL_DELIVERY" not in problems(MAIL_DELIVERY="")
    assert "MAIL_DELIVERY" in problems(MAIL_DELIVERY="sometimes")


def test_links_name_the_configured_site():
    """R-03, R-04."""
    a, b = "a.example", "b.example"
    chosen = [
        ({"SERVER_NAME": a}, [a]),
        ({"TRUSTED_HOSTS": f"{a}, {b}"}, [a, b]),
        ({"TRUSTED_HOSTS": f".{a}"}, [f".{a}"]),
        ({"SERVER_NAME": a, "TRUSTED_HOSTS": b}, [b]),
        ({"SITE_URL": f"https://{a}"}, [a]),
        ({"SITE_URL": f"https://{a}/", "TRUSTED_HOSTS": b}, [b]),
    ]
    for names, hosts in chosen:
        site = ProductionConfig({**GOOD, "SERVER_NAME": "", **names})
        assert hosts == site.TRUSTED_HOSTS and site.SITE_URL == "https://a.example"


def test_a_site_under_a_path_has_it_in_links_and_cookies():
    named = dict(SERVER_NAME="", TRUSTED_HOSTS="")
    for said in ({"SITE_URL": f"https://a.example{path}"} for path in ("/forum", "/forum/")):
        site = ProductionConfig(GOOD | named | said)
        assert site.SITE_URL == "https://a.example/forum"
        assert (site.APPLICATION_ROOT, site.SESSION_COOKIE_NAME) == ("/forum", "__Secure-session")

    site = ProductionConfig({**GOOD, "SERVER_NAME": "a.example", "SCRIPT_NAME": "/forum"})
    assert (site.SITE_URL, site.APPLICATION_ROOT) == ("https://a.example/forum", "/forum")
    assert DevelopmentConfig({"SITE_URL": "http://a.example"}).APPLICATION_ROOT == "/"


def test_the_address_of_the_site_is_one():
    for wrong in ("a.example", "ftp://a.example", "https://", "https://a.example/?x=1", "/forum"):
        assert "SITE_URL must be" in problems(SITE_URL=wrong), wrong
    assert "need HTTPS" in problems(SITE_URL="http://a.example")
    assert "SITE_URL" not in problems(SITE_URL="https://a.example/forum")


def test_cookies_take_a_prefix_of_plain_letters():
    site = ProductionConfig({**GOOD, "OFFBRAND_COOKIE_PREFIX": "forum_"})
    names = site.SESSION_COOKIE_NAME, site.REMEMBER_COOKIE_NAME, site.DEVICE_COOKIE_NAME

    assert names == ("__Host-forum_session", "__Host-forum_remember", "__Host-forum_device")
    for wrong in ("a b", "a;", "a=", "ä"):
        assert "OFFBRAND_COOKIE_PREFIX" in problems(OFFBRAND_COOKIE_PREFIX=wrong), wrong


def test_an_unknown_place_to_run_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("FLASK_CONFIG", "prodution")

    with pytest.raises(RuntimeError, match="prodution.*development, testing, production"):
        create_app()


def test_cheap_hashing_is_for_tests_only(site_with):
    """R-42: a site that is not under test refuses to start with it."""
    with pytest.raises(RuntimeError, match="12 MiB"):
        site_with(TESTING=False)


def test_elsewhere_passwords_are_hashed_as_the_standards_ask():
    """R-42."""
    nobody = Hashing(ProductionConfig({}).ARGON2, 1).nobody

    assert nobody.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert DevelopmentConfig({}).ARGON2 == ProductionConfig({}).ARGON2


def test_development_is_local_and_keeps_its_key_and_mails(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")

    first, second = DevelopmentConfig({}), DevelopmentConfig({})

    assert len(first.SECRET_KEY) >= 32 and first.SECRET_KEY == second.SECRET_KEY
    assert first.MAILBOX and first.TRUSTED_HOSTS == ["localhost", "127.0.0.1", "[::1]"]
    assert str(tmp_path) in first.SQLALCHEMY_DATABASE_URI


def test_the_kept_key_is_readable_by_its_owner_alone(tmp_path):
    config.kept_key(tmp_path / "key")

    assert stat.S_IMODE(os.stat(tmp_path / "key").st_mode) == 0o600


def test_every_key_that_is_made_is_another_one(tmp_path):
    assert config.kept_key(tmp_path / "one") != config.kept_key(tmp_path / "two")


def test_tests_depend_on_nobodys_environment():
    chosen = config.TestingConfig(
        {"SECRET_KEY": "mine", "MAIL_SERVER": "mine", "REDIS_URL": "mine"}
    )

    assert "mine" not in (chosen.SECRET_KEY, chosen.MAIL_SERVER, chosen.REDIS_URL)


def test_hosts_of_all_kinds_name_postgresql():
    for kind in ("postgres", "postgresql", "postgresql+psycopg"):
        assert named_driver(f"{kind}://a@b/c") == "postgresql+psycopg://a@b/c"
    assert named_driver("sqlite:///x") == "sqlite:///x"


def test_no_engine_shows_the_values_of_a_statement():
    """R-99."""
    for url in ("sqlite://", "postgresql+psycopg://a@b/c"):
        assert engine_options(url)["hide_parameters"] is True


def test_yes_can_be_said_in_many_ways():
    assert all(config.yes(word) for word in ("1", "true", "On", " YES "))
    assert not config.yes("no") and not config.yes(None)


def test_every_variable_that_is_read_is_explained():
    """`.env.example` holds each of them."""
    source = Path(config.__file__).read_text()
    read = set(re.findall(r'env(?:\.get\(|, )"([A-Z_]+)"', source))
    example = Path(config.__file__).with_name(".env.example")

    assert len(read) > 20 and "PROXY_COUNT" in read
    assert [name for name in sorted(read) if name not in example.read_text()] == []


def test_limits_are_all_readable():
    assert all(" per " in words for words in Config.LIMITS.values())


def test_the_configuration_of_gunicorn_names_what_there_is():
    settings = runpy.run_path(str(BASE / "deploy/gunicorn.conf.py"))

    assert settings["worker_class"].__name__ == "Worker" and settings["limit_request_line"] == 8190

"""Is the site well? Each check says good where it is, and what mends it where it is not."""

import smtplib
import socket
import time
from datetime import timedelta
from threading import Event

import pytest
from factories import make_mail, make_user
from services import free_port, redis_url
from smtp import PostOffice, self_signed_certificate
from sqlalchemy import delete, text, update

from app import doctor
from app.admin import doctor as page
from app.doctor import BAD, GOOD, NOTE, configuration, database, log, mails, people
from app.extensions import db
from app.models import AuditEntry, AuditHead, Permission, Role, Setting, User
from app.models.fields import utcnow

GOOD_KEY = "qJ8mZ2vX5cL0wR7tY4uP1sD6fG9hK3aB"


def said(finding):
    return finding.state, finding.words, finding.cure


# The environment


KEYS = {
    (GOOD_KEY, True): GOOD,
    ("tiny", True): BAD,
    ("tiny", False): NOTE,
    ("x" * 40, True): BAD,
    ("change me, I am the example of somebody", True): BAD,
}


def test_a_key_that_could_be_guessed_is_found(app):
    """R-66."""
    seen = {}
    for key, secure in KEYS:
        app.config.update(SECRET_KEY=key, SECURE=secure)
        finding = configuration.secret_key()
        seen[key, secure] = finding.state
        assert key not in finding.words and (finding.state == GOOD) == (finding.cure == "")

    assert seen == KEYS


def test_an_older_key_that_could_be_guessed_is_found(app):
    app.config.update(SECRET_KEY=GOOD_KEY, SECRET_KEY_FALLBACKS=["dev"], SECURE=True)

    assert configuration.secret_key().state == BAD


@pytest.mark.parametrize("mode, state", [(0o600, GOOD), (0o644, BAD)])
def test_the_kept_key_is_for_its_owner_alone(app, monkeypatch, tmp_path, mode, state):
    path = tmp_path / "secret_key"
    path.write_text(GOOD_KEY)
    path.chmod(mode)
    monkeypatch.setattr(configuration, "INSTANCE", tmp_path)
    app.config.update(SECRET_KEY=GOOD_KEY)

    finding = configuration.secret_key()

    assert finding.state == state
    assert finding.cure == ("" if state == GOOD else f"chmod 600 {path}")


RUNS = {  # secure, debug, host
    (True, False, "offbrand.example"): GOOD,
    (True, True, "offbrand.example"): BAD,
    (False, True, "localhost:5000"): NOTE,
    (False, True, "[::1]:5000"): NOTE,
    (False, True, None): NOTE,
    (False, True, "offbrand.example"): BAD,
}


def test_what_is_for_development_is_not_for_everybody(app):
    seen = {}
    for secure, debug, host in RUNS:
        app.config.update(SECURE=secure, DEBUG=debug, TRUSTED_HOSTS=None)
        found = configuration.where_it_runs(host and request_to(app, host))
        seen[secure, debug, host] = found.state

    assert seen == RUNS


def request_to(app, host="localhost", **options):
    with app.test_request_context("/", base_url=f"http://{host}", **options) as context:
        return context.request


HOSTS = [  # those that are trusted, where links lead
    (["offbrand.example"], "https://offbrand.example", GOOD),
    (["offbrand.example"], None, GOOD),
    (["offbrand.example", "www.offbrand.example"], "https://www.offbrand.example", NOTE),
    ([], None, BAD),
]


def test_the_host_of_the_request_is_compared_with_that_of_the_links(app):
    seen = []
    for trusted, links, _ in HOSTS:
        app.config.update(TRUSTED_HOSTS=trusted, SITE_URL=links)
        found = configuration.hosts(request_to(app, "offbrand.example"))
        seen.append((trusted, links, found.state))

    assert seen == HOSTS


PROXIES = {  # how many are set, what the request brings, and whether it should be secure
    (0, None, False): (GOOD, ""),
    (0, "192.0.2.1", False): (BAD, "PROXY_COUNT=1"),
    (0, "192.0.2.1, 192.0.2.2", False): (BAD, "PROXY_COUNT=2"),
    (1, "192.0.2.1", False): (GOOD, ""),
    (2, "192.0.2.1", False): (BAD, "PROXY_COUNT=1, or let the proxy set X-Forwarded-For"),
    (1, None, False): (BAD, "PROXY_COUNT=0, or let the proxy set X-Forwarded-For"),
    (1, "192.0.2.1, 192.0.2.2", False): (NOTE, "PROXY_COUNT=2, if all of them are yours"),
    (1, "192.0.2.1", True): (BAD, "Let the proxy set X-Forwarded-Proto"),
}


def test_proxies_are_compared_with_what_the_request_brings(app):
    """R-06."""
    seen = {}
    for count, forwarded, secure in PROXIES:
        app.config.update(PROXY_COUNT=count, SECURE=secure)
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        finding = configuration.proxies(request_to(app, headers=headers))
        seen[count, forwarded, secure] = finding.state, finding.cure

    assert seen == PROXIES


SEVERAL = {(False, "thread"): GOOD, (True, "thread"): NOTE, (False, "worker"): NOTE}


def test_several_processes_without_redis_are_noted(app):
    seen = {}
    for several, delivery in SEVERAL:
        app.config.update(REDIS_URL=None, MAIL_DELIVERY=delivery)
        request = request_to(app, environ_overrides={"wsgi.multiprocess": several})
        seen[several, delivery] = configuration.counting(request).state

    assert seen == SEVERAL


def test_redis_is_asked_where_it_is_set(app):
    """R-74."""
    app.config["REDIS_URL"] = redis_url()
    assert configuration.counting().state == GOOD

    app.config["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    assert configuration.counting().state == BAD


# The mail server


def test_without_a_mail_server_the_mailbox_is_named(app):
    state, words, cure = said(mails.server())

    assert (state, cure) == (NOTE, "MAIL_SERVER")
    assert "mailbox" in words


def test_a_mail_server_that_answers_is_good_and_gets_no_mail(app):
    with PostOffice() as office:
        app.config.update(office.settings)
        finding = mails.server()

    assert said(finding) == (GOOD, f"127.0.0.1:{office.port} responds, without TLS", "")
    assert office.letters == []


@pytest.mark.parametrize("trusted", [True, False])
def test_its_certificate_is_checked(app, tmp_path, trusted):
    certificate = self_signed_certificate(tmp_path)
    with PostOffice(certificate=certificate) as office:
        app.config.update(office.settings, MAIL_CA_FILE=certificate[0] if trusted else None)
        finding = mails.server()

    assert finding.state == (GOOD if trusted else BAD)
    assert trusted or "certificate verify failed" in finding.words


def test_a_mail_server_that_is_away_is_bad(app):
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_USE_TLS=False)

    finding = mails.server()

    assert finding.state == BAD and "ConnectionRefusedError" in finding.words
    assert finding.cure.startswith("MAIL_SERVER, MAIL_PORT")


def test_a_mail_server_that_refuses_the_site_is_bad(app, monkeypatch):
    def refuse(*args):
        raise smtplib.SMTPAuthenticationError(535, b"Who are you?")

    monkeypatch.setattr(smtplib.SMTP, "login", refuse)
    with PostOffice() as office:
        app.config.update(office.settings, MAIL_USERNAME="offbrand")
        finding = mails.server()

    assert finding.words == "Sign-in refused: 535 Who are you?"
    assert finding.cure == "MAIL_USERNAME and MAIL_PASSWORD"


def test_a_mail_server_that_says_nothing_is_not_waited_for(app):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = dict(MAIL_SERVER="127.0.0.1", MAIL_PORT=silent.getsockname()[1])
        app.config.update(where, MAIL_TIMEOUT=600)
        begun = time.monotonic()
        finding = mails.server(0.1)

    assert finding.state == BAD and time.monotonic() - begun < 300


def test_a_name_server_that_says_nothing_is_not_waited_for(app, monkeypatch):
    """The time-out of a socket does not cover looking up its name."""
    over = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: over.wait(600))
    app.config.update(MAIL_SERVER="mail.example.org")

    assert "no response within 0.1 seconds" in mails.server(0.1).words
    over.set()


# The mail queue


def test_an_empty_queue_is_good(app):
    assert said(mails.queue()) == (GOOD, "0 waiting; 0 failed", "")


def test_the_age_of_the_oldest_mail_and_those_given_up_are_told(app):
    make_mail(created_at=utcnow() - timedelta(hours=3), next_at=utcnow() + timedelta(hours=1))
    make_mail()
    make_mail(dead_at=utcnow())

    state, words, cure = said(mails.queue())

    assert (state, words) == (NOTE, "2 waiting, the oldest for 3 hours; 1 failed")
    assert "flask mail list --state dead" in cure


def test_mail_that_nobody_delivers_is_bad(app):
    make_mail(next_at=utcnow() - timedelta(minutes=6))

    state, words, cure = said(mails.queue())

    assert (state, cure) == (BAD, "flask mail worker")
    assert "Due for 6 minutes and not sent: no worker is running." in words


def test_counting_mails_has_an_end(app, monkeypatch):
    monkeypatch.setattr(mails, "COUNTED", 2)
    for _ in range(4):
        make_mail(dead_at=utcnow())

    assert "2+ failed" in mails.queue().words


# The database


@pytest.mark.both_databases
def test_the_database_tells_its_version(app):
    state, words, _ = said(database.answers())

    assert state == GOOD and words.startswith(("SQLite 3.", "PostgreSQL 1"))


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "version, cure",
    [(None, ""), ("b55193d097fb", "flask deploy"), ("fromthefuture", "Deploy the newer version")],
)
def test_migrations_that_are_behind_or_ahead_are_bad(app, version, cure):
    if version:
        db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})

    finding = database.migrations()

    db.session.rollback()
    assert finding.state == (BAD if version else GOOD)
    assert finding.cure.startswith(cure)


@pytest.mark.both_databases
def test_the_settings_of_the_database_are_looked_at(app):
    assert database.settings().state == GOOD
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("DROP EXTENSION pg_trgm CASCADE"))
    else:
        db.session.execute(text("PRAGMA foreign_keys=OFF"))

    finding = database.settings()

    db.session().invalidate()  # else the pool would hand the connection on as it is
    assert finding.state == BAD


@pytest.mark.both_databases
@pytest.mark.parametrize("apart, state", [(59, GOOD), (-70, BAD)])
def test_clocks_that_are_apart_are_bad(app, monkeypatch, apart, state):
    later = lambda: utcnow() + timedelta(seconds=apart)  # noqa: E731
    monkeypatch.setattr(database, "utcnow", later)
    one_machine = db.engine.dialect.name == "sqlite"

    assert database.clock().state == (GOOD if one_machine else state)


# Roles and people


def test_a_site_that_was_deployed_is_good(app, ada):
    checks = people.built_in_roles, people.default_role, people.without_role, people.administrators

    assert [check().state for check in checks] == [GOOD] * 4


def test_a_missing_role_is_bad(app):
    db.session.execute(delete(Role).where(Role.name == "Moderator"))

    assert said(people.built_in_roles()) == (BAD, "Missing: Moderator.", "flask deploy")


@pytest.mark.parametrize(
    "changed, state",
    [({"permissions": 31}, BAD), ({"index": "main.index"}, NOTE), ({"description": "?"}, NOTE)],
)
def test_a_role_that_drifted_is_found_and_deploy_mends_it(app, changed, state):
    db.session.execute(update(Role).where(Role.name == "Moderator").values(**changed))

    finding = people.built_in_roles()
    assert finding.state == state and "Moderator" in finding.words

    Role.insert_roles()
    assert people.built_in_roles().state == GOOD


def test_a_site_without_a_default_role_is_bad(app):
    db.session.execute(update(Role).values(default=False))

    assert people.default_role().state == BAD


@pytest.mark.parametrize("permission", ["MODERATE", "ADMIN"])
def test_a_default_role_that_makes_everybody_staff_is_bad(app, permission):
    Role.get_default().permissions |= int(Permission[permission])
    db.session.flush()

    finding = people.default_role()

    assert finding.state == BAD and f"which allows {permission}." in finding.words


def test_people_without_a_role_are_counted(app):
    for _ in range(3):
        make_user(role=None)

    assert said(people.without_role()) == (BAD, "3: they can’t do anything.", "flask deploy")


def test_a_site_without_an_administrator_is_bad(app):
    """R-82: who is not confirmed, whose account is closed and who moderates do not count."""
    make_user(role="Administrator", confirmed=False)
    make_user(role="Administrator", deactivated_at=utcnow())
    make_user(role="Moderator")

    finding = people.administrators()

    assert finding.state == BAD
    for cure in ("flask roles add EMAIL Administrator", "flask users activate or confirm EMAIL"):
        assert cure in finding.cure


# The log


@pytest.fixture
def three_entries(app, alice):
    for act in (alice.deactivate, alice.reactivate, alice.deactivate):
        act()
        db.session.commit()


def test_the_end_of_the_log_is_told_to_be_noted(three_entries):
    number, hash = AuditHead.now()

    state, words, _ = said(log.chain())

    assert state == GOOD
    assert words == f"3 entries verified. Keep its end elsewhere: 3:{hash}"
    assert log.chain(expect=f"3:{hash}").state == GOOD


def test_an_empty_log_is_good(app):
    assert said(log.chain()) == (GOOD, "no entries yet", "")
    assert log.chain(expect="0:").state == GOOD


def test_a_changed_entry_is_bad(three_entries):
    db.session.execute(update(AuditEntry).where(AuditEntry.number == 2).values(reason="x"))

    assert log.chain().words == "Entry 2 is not what was written."


def test_an_end_that_is_not_in_the_log_is_bad(three_entries):
    bad = ("3:abc", "7:abc", "three", "3", "²:x", f"{2**40}:x")
    expected = dict.fromkeys(bad, BAD) | {"": GOOD}  # nothing was noted

    assert {noted: log.chain(expect=noted).state for noted in expected} == expected


def test_the_newest_entries_can_be_read_alone(three_entries):
    """What was changed before them shows only where all is read; a gap shows at once."""
    assert "the newest 2 of 3 entries verified" in log.chain(newest=2).words
    assert "3 entries verified" in log.chain(newest=3).words

    db.session.execute(update(AuditEntry).where(AuditEntry.number == 1).values(reason="x"))
    assert [log.chain(newest=n).state for n in (1, 2, 3, None)] == [GOOD, GOOD, BAD, BAD]

    db.session.execute(delete(AuditEntry).where(AuditEntry.number == 2))
    assert log.chain(newest=2).state == BAD


def test_a_log_whose_end_is_gone_is_bad(three_entries):
    db.session.execute(delete(AuditHead))

    assert log.chain().state == BAD


# All together


@pytest.mark.both_databases
def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(app, ada, monkeypatch):
    def broken(*args):
        raise KeyError("MAIL_SERVER")

    monkeypatch.setattr(mails.OutboxMail, "waiting", broken)
    db.session.execute(text("SELECT 1"))

    findings = {finding.name: finding for finding in doctor.examine()}

    assert findings["Mail queue"].state == BAD
    assert findings["Log"].state == GOOD


def test_without_its_database_the_rest_is_not_looked_at(site_with):
    url = f"postgresql://postgres:{GOOD_KEY}@127.0.0.1:{free_port()}/nothing"
    with site_with(SQLALCHEMY_DATABASE_URI=url).app_context():
        findings = doctor.examine()

    assert [finding.state for finding in findings[-2:]] == [BAD, NOTE]
    assert "Connection refused" in findings[-2].words
    assert GOOD_KEY not in str(findings)


def test_an_empty_database_is_told_to_be_deployed(site_with, tmp_path):
    with site_with(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/empty.sqlite").app_context():
        findings = doctor.examine()

    bad = [finding for finding in findings if finding.state == BAD]
    assert {finding.cure for finding in bad} == {"flask deploy"}
    assert {"Migrations", "Default role", "Mail queue", "Log"} <= {finding.name for finding in bad}


# The page


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


@pytest.mark.both_databases
def test_the_page_shows_what_the_command_says(admin):
    answer = admin.get("/admin/health")

    for finding in doctor.examine():
        assert f'<th scope="row">{finding.name}</th>' in answer.text
    assert "No problems." in answer.text


def test_the_page_says_what_is_bad_and_what_mends_it(admin):
    make_user(role=None)

    text = admin.get("/admin/health").text

    assert "Problems found" in text
    assert "1: they can’t do anything." in text and "To fix: flask deploy" in text


def test_the_page_compares_with_its_own_request(admin):
    text = admin.get("/admin/health", headers={"X-Forwarded-For": "192.0.2.1"}).text

    assert "The proxy isn’t trusted" in text


def test_the_page_tells_no_secret(app, admin):
    app.config.update(SECRET_KEY=app.config["SECRET_KEY"], MAIL_PASSWORD="do not tell")

    text = admin.get("/admin/health").text

    assert app.config["SECRET_KEY"] not in text and "do not tell" not in text


def test_what_a_mail_server_says_is_text(app, admin, monkeypatch):
    """R-14."""
    monkeypatch.setattr(mails, "words_of", lambda error: "550 <script>alert(1)</script>")
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_USE_TLS=False)

    assert "550 &lt;script&gt;" in admin.get("/admin/health").text


def test_the_page_does_not_wait_for_a_mail_server_that_says_nothing(app, admin, monkeypatch):
    assert page.SECONDS <= 3
    monkeypatch.setattr(page, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = dict(MAIL_SERVER="127.0.0.1", MAIL_PORT=silent.getsockname()[1])
        app.config.update(where, MAIL_TIMEOUT=600)
        begun = time.monotonic()
        answer = admin.get("/admin/health")

    assert "Can’t connect" in answer.text and time.monotonic() - begun < 300


def test_a_long_log_is_read_in_full_for_who_asks(admin, three_entries, monkeypatch):
    monkeypatch.setattr(page, "NEWEST", 2)
    link = 'href="/admin/health?verify=1"'

    assert "the newest 2 of 3 entries verified" in (text := admin.get("/admin/health").text)
    assert link in text
    assert ">3 entries verified" in (text := admin.get("/admin/health?verify=1").text)
    assert link not in text


def test_a_log_that_is_too_long_for_a_page_is_left_to_the_command(
    admin, three_entries, monkeypatch
):
    monkeypatch.setattr(page, "NEWEST", 1)
    monkeypatch.setattr(page, "MOST", 2)

    text = admin.get("/admin/health?verify=1").text

    assert "the newest 1 of 3 entries verified" in text
    assert "flask audit verify" in text


def test_looking_changes_nothing(admin, three_entries):
    """R-09."""
    before = AuditHead.now(), User.count(), Setting.change()

    admin.get("/admin/health?verify=1")

    assert (AuditHead.now(), User.count(), Setting.change()) == before

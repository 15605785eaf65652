"""Signing in and out, devices, how long a session lives, and cookies of all kinds."""

from datetime import timedelta

import pytest
import time_machine
from crawling import Page
from factories import ANOTHER, PASSWORD, link_in, mails, make_user
from sqlalchemy import select

from app.extensions import db
from app.models import Role, User, UserSession
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account
from app.security.tokens import read, sign

SECRET = "/settings/profile"  # a page for members


def sign_in(client, login="alice", password=PASSWORD, **more):
    return client.post("/auth/login", data={"login": login, "password": password, **more})


def is_in(client):
    return client.get(SECRET).status_code == 200


def copy_of(app, client, *names):
    """Another browser with some of this one's cookies; all, without names."""
    other = app.test_client()
    for name in names or ("session", "remember_token", "device"):
        if cookie := client.get_cookie(name):
            other.set_cookie(name, cookie.value)
    return other


def test_one_signs_in_by_name_or_address_in_any_case(client, alice):
    for login in ("alice", " ALICE ", "Alice@EXAMPLE.org"):
        sign_in(client, login)
        assert is_in(client), login
        client.post("/auth/logout")


def test_a_password_that_differs_a_little_is_wrong(client, alice):
    for password in (PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD):
        page = sign_in(client, password=password)
        assert "Wrong email, username, or password." in page.text
        assert not is_in(client)


def test_a_closed_account_is_told_only_to_who_knows_its_password(client):
    """R-67, R-60."""
    make_user("alice").deactivated_at = utcnow()

    assert "deactivated" in sign_in(client).text
    assert "deactivated" not in sign_in(client, password="guessed").text
    assert not is_in(client)


def test_a_planted_session_is_worth_nothing_after_its_victim_signs_in(app, client, alice):
    """R-57."""
    with client.session_transaction() as session:
        session["seen"] = "the thief's session"
    thief = copy_of(app, client)
    planted = client.get_cookie("session").value

    sign_in(client)

    assert is_in(client) and not is_in(thief)
    assert client.get_cookie("session").value != planted


def test_nothing_of_a_planted_session_is_kept(client, alice):
    """R-57, R-11."""
    with client.session_transaction() as session:
        session.update(csrf_token="planted", _user_id="planted", anything="planted")

    sign_in(client)

    with client.session_transaction() as session:
        assert "planted" not in session.values()


@pytest.mark.parametrize("remember", ["", "y"])
def test_copies_of_the_cookies_are_dead_after_signing_out(app, client, alice, remember):
    """R-58."""
    sign_in(client, remember=remember)
    thief = copy_of(app, client)
    assert is_in(thief)

    client.post("/auth/logout")

    assert not is_in(client) and not is_in(thief)
    assert client.get_cookie("remember_token") is None


def test_signing_out_in_production_takes_the_remember_cookie_away(production, alice):
    """R-58, R-23: browsers drop a __Host- cookie only where the answer is marked secure."""
    client = production.test_client()
    sign_in(client, remember="y")

    cookies = client.post("/auth/logout").headers.getlist("Set-Cookie")

    (gone,) = [cookie for cookie in cookies if cookie.startswith("__Host-remember=;")]
    assert "Secure" in gone and "Path=/" in gone and "Domain" not in gone


def test_a_remembered_device_comes_back_without_its_session_cookie(app, client, alice):
    sign_in(client, remember="y")

    assert is_in(copy_of(app, client, "remember_token"))


def test_a_device_that_is_not_remembered_leaves_no_lasting_mark(app, client, alice):
    sign_in(client)

    assert client.get_cookie("remember_token") is None
    assert not is_in(copy_of(app, client, "device"))
    assert client.get_cookie("session").expires is None


def test_changing_the_password_ends_all_other_sessions(app, client, alice):
    """R-59: remembered ones too, but not the one in use."""
    other = app.test_client()
    sign_in(other, remember="y")
    sign_in(client)

    new = {"password": ANOTHER, "password2": ANOTHER}
    client.post("/auth/change-password", data={"old_password": PASSWORD, **new})

    assert is_in(client)
    assert not is_in(other) and not is_in(copy_of(app, other, "remember_token"))


def test_resetting_the_password_ends_every_session(app, client, alice):
    """R-59 (D000-7)."""
    sign_in(client, remember="y")
    token = alice.generate_reset_token()

    new = {"password": ANOTHER, "password2": ANOTHER}
    app.test_client().post(f"/auth/reset-password/{token}", data=new)

    assert not is_in(client) and not is_in(copy_of(app, client, "remember_token"))
    assert sign_in(client, password=ANOTHER).status_code == 302


@pytest.mark.parametrize("act", [User.deactivate, delete_account], ids=["deactivate", "delete"])
def test_closing_or_deleting_an_account_ends_its_sessions_at_once(app, client, alice, act):
    """R-60."""
    sign_in(client, remember="y")

    act(
        alice,
    )

    assert not is_in(client) and not is_in(copy_of(app, client, "remember_token"))
    assert "Sign in" in client.get("/").text


def test_a_reactivated_account_does_not_get_its_old_sessions_back(client, alice):
    """R-60."""
    sign_in(client)
    alice.deactivate()
    db.session.commit()

    alice.reactivate()

    assert not is_in(client)


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(client, mona):
    """R-61."""
    client.sign_in(mona)
    assert client.get("/moderation/").status_code == 200

    mona.role = Role.named("User")

    assert client.get("/moderation/").status_code == 403


def test_a_session_that_is_idle_for_too_long_is_over(app, alice):
    """R-62: on the server, whatever the browser keeps."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    for remember, idle, alive in (
        ("", 23 * hour, True),
        ("", 25 * hour, False),
        ("y", 29 * day, True),
        ("y", 31 * day, False),
    ):
        client = app.test_client()
        sign_in(client, remember=remember)
        session = client.get_cookie("session").value
        with time_machine.travel(utcnow() + idle):
            client.set_cookie("session", session)
            assert is_in(client) is alive, (remember, idle)


def test_a_session_in_use_lives_for_a_week_and_no_longer(client, alice):
    """R-62."""
    sign_in(client)
    start, days_alive = utcnow(), 0

    for hours in range(12, 24 * 10, 12):
        with time_machine.travel(start + timedelta(hours=hours)):
            days_alive = hours / 24 if is_in(client) else days_alive

    assert days_alive == 6.5


def test_a_member_sees_their_own_devices_only(client, alice, bob):
    """R-63."""
    client.sign_in(bob)
    agents = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "Mozilla/5.0 (iPhone) Safari/604"]
    for agent in agents:
        UserSession.open(alice, remembered=False, address="203.0.113.9", agent=agent)
    client.sign_in(alice)

    page = client.get("/settings/sessions").text

    assert "Firefox on Linux" in page and "Safari on iPhone" in page
    assert page.count("<article") == 3 and page.count("This device") == 1


def test_a_device_that_ran_out_is_not_listed(client, alice):
    """R-63, R-62."""
    with time_machine.travel(utcnow() - timedelta(days=2)):
        UserSession.open(alice, remembered=False, address="203.0.113.9", agent="curl")
    client.sign_in(alice)

    assert "203.0.113.9" not in client.get("/settings/sessions").text


def test_one_device_can_be_ended_from_another(app, client, alice):
    """R-63."""
    lost, kept = app.test_client(), app.test_client()
    row = lost.sign_in(alice)
    kept.sign_in(alice)
    client.sign_in(alice)

    assert client.post(f"/settings/sessions/{row.id}/end").location == "/settings/sessions"

    assert not is_in(lost)
    assert is_in(kept) and is_in(client)


def test_the_device_in_use_is_signed_out_like_any_other(app, client, alice):
    """R-63, R-58."""
    sign_in(client, remember="y")
    copy = copy_of(app, client)
    row = db.session.scalar(select(UserSession))

    assert client.post(f"/settings/sessions/{row.id}/end").location == "/auth/login"

    assert not is_in(client) and not is_in(copy)
    assert client.get_cookie("remember_token") is None


def test_all_other_devices_can_be_ended_at_once(app, client, alice, bob):
    """R-63."""
    others = [app.test_client() for _ in range(3)]
    for other in others:
        other.sign_in(alice)
    bobs = app.test_client()
    bobs.sign_in(bob)
    client.sign_in(alice)

    client.post("/settings/sessions/end-others")

    assert not any(is_in(other) for other in others)
    assert is_in(client) and is_in(bobs)


def test_how_many_devices_were_ended_is_said_in_words(app, client, alice):
    client.sign_in(alice)
    for number, words in (
        (0, "No other devices were signed in."),
        (1, "Signed out one other device."),
        (3, "3 other devices."),
    ):
        for _ in range(number):
            app.test_client().sign_in(alice)
        client.post("/settings/sessions/end-others")
        assert words in client.get("/settings/sessions").text


def test_a_session_of_somebody_else_cannot_be_ended(app, client, alice, bob):
    """R-63, R-78."""
    bobs = app.test_client()
    row = bobs.sign_in(bob)
    client.sign_in(alice)

    for id in (row.id, 0, 2147483647):
        assert client.post(f"/settings/sessions/{id}/end").status_code == 404
    assert is_in(bobs)


def test_the_database_does_not_hold_what_the_cookie_holds(client, alice):
    """Who reads the database cannot sign in with what they find."""
    sign_in(client)
    with client.session_transaction() as session:
        token = session["_user_id"]
    row = db.session.scalar(select(UserSession))

    assert token not in (row.token_hash, str(row.id))
    with client.session_transaction() as session:
        session["_user_id"] = row.token_hash
    assert not is_in(client)


@pytest.fixture
def raw_client(app, alice):
    """A browser that keeps no cookies, so that a test can send what it likes."""
    return app.test_client(use_cookies=False)


MANGLED = ["", "x", "....", "a|b", "a|é", "|", "%00%ff", '"', "\\", "eyJ", ".eJw." + "A" * 99]
MANGLED += ["1|" + 128 * "0", "x" * 70_000, "{{7*7}}", "' OR 1=1 --", "null"]


def test_a_mangled_cookie_is_a_visitor(raw_client):
    """R-65."""
    for name in ("session", "remember_token", "device"):
        for value in MANGLED:
            environ = {"HTTP_COOKIE": f"{name}={value}".encode().decode("latin-1")}
            answer = raw_client.get(SECRET, environ_overrides=environ)
            assert answer.status_code == 302, (name, value[:99])
        data = {"login": "alice", "password": PASSWORD}
        answer = raw_client.post("/auth/login", data=data, environ_overrides=environ)
        assert answer.status_code == 302, name


def test_thousands_of_cookies_are_a_visitor(raw_client):
    """R-65."""
    cookies = "; ".join(f"session{i}=x; session=y{i}" for i in range(3000))

    assert raw_client.get(SECRET, environ_overrides={"HTTP_COOKIE": cookies}).status_code == 302


def test_a_cookie_sent_raw_does_reach_the_site(raw_client, client, alice):
    """Otherwise the two tests above would prove nothing."""
    sign_in(client)
    cookie = f"session={client.get_cookie('session').value}"

    assert raw_client.get(SECRET, environ_overrides={"HTTP_COOKIE": cookie}).status_code == 200


def test_a_cookie_with_one_letter_changed_is_a_visitor(app, client, alice):
    """R-65: one of somebody who is signed in."""
    sign_in(client, remember="y")

    for name in ("session", "remember_token"):
        value, thief = client.get_cookie(name).value, app.test_client()
        for place in range(0, len(value) - 1, 17):  # the last letter has bits that mean nothing
            other = "A" if value[place] != "A" else "B"
            thief.set_cookie(name, value[:place] + other + value[place + 1 :])
            assert not is_in(thief), (name, place)


def test_a_mailed_token_is_no_cookie_and_a_cookie_is_no_token(client, alice):
    """R-48, R-65."""
    token = alice.generate_reset_token()
    sign_in(client)
    cookie = client.get_cookie("session").value

    assert client.get(f"/auth/reset-password/{cookie}").status_code == 400
    for name in ("session", "remember_token", "device"):
        client.set_cookie(name, token)
    assert not is_in(client)


KNOWN_KEYS = "secret|secret key|secret_key|SECRET_KEY|dev|development|hard to guess string|changeme"
KNOWN_KEYS += (
    "|change-me|password|default|key|test|testing|flask|flasky|flaskbb|offbrand|12345|admin"
)
KNOWN_KEYS += (
    "|you-will-never-guess|super secret key|supersecret|my secret key|mysecretkey|s3cr3t|qwerty"
)
KNOWN_KEYS += (
    "|a secret key|the quick brown fox jumps over the lazy dog|very secret|key123|foobar|CHANGEME"
)
KNOWN_KEYS += "|not-so-secret|my_precious|temp|SjdnUends821Jsdlkvxh391ksdODnejdDw"


def test_a_cookie_signed_by_a_key_from_a_tutorial_is_worth_nothing(app, client, alice):
    """R-66: even one that holds the token of a live session."""
    sign_in(client)
    with client.session_transaction() as session:
        content = dict(session)

    for key in ["", *KNOWN_KEYS.split("|")]:
        app.secret_key, kept = key or "\0", app.secret_key
        forged = app.session_interface.get_signing_serializer(app).dumps(content)
        app.secret_key = kept
        client.set_cookie("session", forged)
        assert not is_in(client)


OLD, NEW = "an old key for these tests, long enough", "a new key for these tests, long enough"


def rotated(site_with):
    """The site as it was, as it is after its key was changed, and when the old one is dropped."""
    after = site_with(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD])
    return site_with(SECRET_KEY=OLD), after, site_with(SECRET_KEY=NEW)


def test_a_new_key_signs_nobody_out(site_with, alice):
    """R-56."""
    before, after, only_new = rotated(site_with)
    client = before.test_client()
    sign_in(client, remember="y")

    for name in ("session", "remember_token"):
        assert is_in(copy_of(after, client, name))
        assert not is_in(copy_of(only_new, client, name))


def test_the_new_key_signs(site_with, alice):
    """R-56 (CVE-2025-47278: Flask 3.1.0 signed with the oldest)."""
    before, after, only_new = rotated(site_with)
    client = after.test_client()
    sign_in(client, remember="y")

    for name in ("session", "remember_token"):
        assert is_in(copy_of(only_new, client, name))
        assert not is_in(copy_of(before, client, name))


def test_an_open_form_survives_a_new_key_and_a_fresh_one_is_signed_by_it(site_with, alice):
    """R-56."""
    before, after, only_new = sites = rotated(site_with)
    for site in sites:
        site.config["WTF_CSRF_ENABLED"] = True

    for opened_at, sent_to in ((before, after), (after, only_new)):
        client = opened_at.test_client()
        (form,) = Page("/", client.get("/auth/login")).posting
        data = {**form.fields, "login": "alice", "password": PASSWORD}
        answer = copy_of(sent_to, client).post("/auth/login", data=data)
        assert answer.status_code == 302


def test_mailed_links_survive_a_new_key(site_with, alice):
    """R-56."""
    before, after, only_new = rotated(site_with)
    before.test_client().post("/auth/reset-password", data={"email": alice.email})
    link = link_in(mails("reset_password")[0])

    assert after.test_client().get(link).status_code == 200
    assert only_new.test_client().get(link).status_code == 400


def test_tokens_are_signed_by_the_newest_key_whatever_the_fallbacks(app):
    """R-56: their order, too."""
    for fallbacks in ([], [OLD], ["one more key", OLD], [OLD, "one more key"]):
        app.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=fallbacks)
        token = sign("device", {}, 60)
        app.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[])
        assert read("device", token)[0], fallbacks

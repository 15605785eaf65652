"""Links in mails: what each of the four may do, for whom, how long, and once only."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from factories import ANOTHER, PASSWORD, make_user
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from app.extensions import db
from app.models import User
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account
from app.security.tokens import Verdict, read, sign

OLD, NEW = "old@example.org", "new@example.org"
PATHS = {
    "confirm": "/auth/confirm/",
    "reset": "/auth/reset-password/",
    "change_email": "/auth/change-email/",
    "revert_email": "/auth/revert-email/",
}
PURPOSES = list(PATHS)
LIFETIMES = {"confirm": 7 * 86400, "reset": 3600, "change_email": 3600, "revert_email": 7 * 86400}
each_purpose = pytest.mark.parametrize("purpose", PURPOSES)


def make_token(purpose, user, expiration=None):
    if purpose == "confirm":
        return user.generate_confirmation_token(expiration)
    if purpose == "reset":
        return user.generate_reset_token(expiration)
    if purpose == "change_email":
        return user.generate_email_change_token(NEW, expiration)
    return user.generate_email_revert_token(OLD, expiration)


def post(client, purpose, token):
    return client.post(PATHS[purpose] + token, data=dict(password=ANOTHER, password2=ANOTHER))


def pass_time(time_machine, seconds):
    time_machine.move_to(utcnow() + timedelta(seconds=seconds))


def facts():
    """All that is stored of people, but when they were seen."""
    columns = [column for column in User.__table__.columns if column.name != "last_seen"]
    return db.session.execute(select(*columns).order_by(User.id)).all()


@pytest.fixture
def olga(app):
    """A newcomer for whom a link of each purpose can be made."""
    return make_user("olga", confirmed=False)


@each_purpose
def test_a_good_link_does_its_work(client, olga, purpose):
    token, before = make_token(purpose, olga), facts()

    assert post(client, purpose, token).status_code == 302
    assert facts() != before
    assert olga.is_confirmed  # each of them proves an address


@each_purpose
def test_a_used_link_is_dead(client, olga, purpose):
    """R-46."""
    token = make_token(purpose, olga)
    post(client, purpose, token)
    after = facts()

    for _ in range(2):
        page = post(client, purpose, token)
        assert (page.status_code, "This link doesn’t work" in page.text) == (400, True)
    assert facts() == after


@each_purpose
def test_older_links_die_with_the_one_that_was_used(client, olga, purpose):
    """R-47."""
    older, newer = make_token(purpose, olga, 500), make_token(purpose, olga, 600)

    assert post(client, purpose, newer).status_code == 302
    assert post(client, purpose, older).status_code == 400


def change_the_password(user):
    user.change_password(ANOTHER)


def change_the_address(user):
    user.change_email(user.generate_email_change_token("third@example.org"))


def change_and_return(user):
    address = user.email
    change_the_address(user)
    user.change_email(user.generate_email_change_token(address))


@pytest.mark.parametrize("act", [change_the_password, change_the_address, change_and_return])
@pytest.mark.parametrize("purpose", ["reset", "change_email"])
def test_open_links_die_when_password_or_address_change(client, olga, purpose, act):
    """R-46, R-47."""
    token = make_token(purpose, olga)
    act(olga)
    db.session.commit()
    after = facts()

    assert post(client, purpose, token).status_code == 400
    assert facts() == after


def test_a_password_set_anew_by_a_thief_leaves_the_way_back_open(client, olga):
    """R-47 does not hold for the one link that undoes a theft."""
    token = make_token("revert_email", olga)
    change_the_password(olga)

    assert post(client, "revert_email", token).status_code == 302
    assert olga.email == OLD


def test_a_link_works_for_one_purpose(client, olga):
    """R-48."""
    before, verdicts, answers = facts(), {}, []
    for made_for in PURPOSES:
        token = make_token(made_for, olga)
        others = [purpose for purpose in PURPOSES if purpose != made_for]
        verdicts |= {(made_for, p): User.read_link(p, token).verdict for p in others}
        answers.append(post(client, others[0], token).status_code)

    assert set(verdicts.values()) == {Verdict.BAD}
    assert answers == [400] * 4
    assert facts() == before


def test_a_cookie_is_no_link(client, alice):
    """R-48."""
    client.post("/auth/login", data=dict(login="alice", password=PASSWORD, remember="y"))
    cookies = [client.get_cookie(name) for name in ("session", "remember_token", "device")]

    for purpose in PURPOSES:
        for cookie in cookies:
            assert User.read_link(purpose, cookie.value).verdict is Verdict.BAD


def test_a_link_is_no_cookie(client, olga):
    """R-48."""
    for purpose in PURPOSES:
        for name in ("session", "remember_token"):
            client.set_cookie(name, make_token(purpose, olga))
        answer = client.get("/settings/profile")
        assert answer.location == "/auth/login?next=/settings/profile"


@each_purpose
def test_a_link_of_another_changes_nothing_of_mine(client, bob, olga, purpose):
    """R-49."""
    client.sign_in(bob)
    token, mine = make_token(purpose, olga), facts()[0]

    post(client, purpose, token)

    assert mine.username == "bob"
    assert facts()[0] == mine


def test_a_person_cannot_use_the_link_of_another(alice, bob):
    """R-49."""
    alice.confirmed_at = bob.confirmed_at = None

    assert bob.confirm(alice.generate_confirmation_token()) is Verdict.BAD
    assert bob.change_email(alice.generate_email_change_token(NEW)) is Verdict.BAD
    assert (bob.email, bob.is_confirmed) == ("bob@example.org", False)


@each_purpose
def test_a_link_lives_as_long_as_it_was_said_to(app, olga, time_machine, purpose):
    """R-50."""
    start = utcnow().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    token = make_token(purpose, olga)

    time_machine.move_to(start + timedelta(seconds=LIFETIMES[purpose] - 1), tick=False)
    assert User.read_link(purpose, token).verdict is Verdict.GOOD
    time_machine.move_to(start + timedelta(seconds=LIFETIMES[purpose]), tick=False)
    assert User.read_link(purpose, token).verdict is Verdict.EXPIRED


@each_purpose
def test_how_long_links_live_is_a_setting(app, olga, time_machine, purpose):
    """R-50."""
    name = purpose.removesuffix("_email").upper()
    names = {"CONFIRM": "CONFIRMATION", "CHANGE": "EMAIL_CHANGE", "REVERT": "EMAIL_REVERT"}
    app.config[f"{names.get(name, name)}_LIFETIME"] = timedelta(minutes=2)
    token = make_token(purpose, olga)

    pass_time(time_machine, 121)

    assert User.read_link(purpose, token).verdict is Verdict.EXPIRED


@each_purpose
def test_an_expired_link_says_so_and_changes_nothing(client, olga, time_machine, purpose):
    """R-50: bad and expired are told apart, in status and words."""
    token, before = make_token(purpose, olga, 60), facts()
    pass_time(time_machine, 61)

    for page in (client.get(PATHS[purpose] + token), post(client, purpose, token)):
        assert (page.status_code, "This link has expired" in page.text) == (410, True)
    assert facts() == before


@each_purpose
def test_a_link_that_was_used_and_ran_out_is_simply_dead(client, olga, time_machine, purpose):
    token = make_token(purpose, olga)
    post(client, purpose, token)
    pass_time(time_machine, 8 * 86400)

    assert post(client, purpose, token).status_code == 400


def test_good_expired_and_bad_are_three_verdicts(app, time_machine):
    token = sign("tea", {"cups": 2}, timedelta(minutes=1))

    assert read("tea", token) == (Verdict.GOOD, {"cups": 2})
    assert read("coffee", token) == (Verdict.BAD, {})
    pass_time(time_machine, 61)
    assert read("tea", token) == (Verdict.EXPIRED, {"cups": 2})
    assert [bool(verdict) for verdict in Verdict] == [True, False, False]


def test_a_token_from_the_future_is_bad(app, time_machine):
    token = sign("tea", {}, 10**9)

    pass_time(time_machine, -59)
    assert read("tea", token)[0] is Verdict.GOOD  # two clocks may differ a little
    pass_time(time_machine, -3600)
    assert read("tea", token)[0] is Verdict.BAD


def test_links_outlive_a_change_of_the_key_for_as_long_as_it_is_named(app, olga):
    token = olga.generate_reset_token()
    old, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "a key that nobody has seen so far"
    assert User.read_link("reset", token).verdict is Verdict.BAD

    app.config["SECRET_KEY_FALLBACKS"] = [old]

    assert User.read_link("reset", token).verdict is Verdict.GOOD
    assert olga.generate_reset_token() != token


def with_other_key(token, path):
    purpose = next(name for name in PATHS if PATHS[name] == path)
    forger = URLSafeTimedSerializer("a guessed key", salt=f"offbrand {purpose}")
    return forger.dumps({"user": 1, "until": 2**40})


def unsigned(token, path):
    return token.rpartition(".")[0]


def flipped(token, path):
    return token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]


MANGLED = {
    "cut short": lambda token, path: token[:-5],
    "without a signature": unsigned,
    "with one letter changed": flipped,
    "signed with another key": with_other_key,
    "with the payload of another": lambda token, path: "eyJ1c2VyIjoxfQ" + token[token.index(".") :],
    "in capitals": lambda token, path: token.upper(),
    "twice": lambda token, path: token + token,
    "with a full stop after it": lambda token, path: token + ".",
    "with a space in it": lambda token, path: token[:9] + "%20" + token[9:],
    "dots only": lambda token, path: "....",
    "one letter": lambda token, path: "x",
    "not ASCII": lambda token, path: token + "%C3%BC%E2%80%8B",
    "not UTF-8": lambda token, path: token + "%FF",
    "with a NUL": lambda token, path: token + "%00",
    "with a letter more": lambda token, path: "x" + token,
    "very long": lambda token, path: token + "A" * 8000,
    "compressed rubbish": lambda token, path: ".eJxxxxxx" + token[token.index(".") :],
}


POLITELY = ["cut short", "with one letter changed", "not ASCII", "not UTF-8", "with a NUL"]
POLITELY += ["very long", "compressed rubbish", "dots only"]


def test_a_mangled_token_is_bad(olga):
    """R-51. What is not UTF-8 is refused before anybody reads it as a token."""
    for purpose, path in PATHS.items():
        token = make_token(purpose, olga)
        for kind, mangle in MANGLED.items():
            if kind != "not UTF-8":
                link = User.read_link(purpose, unquote(mangle(token, path)))
                assert link.verdict is Verdict.BAD, (purpose, kind)


def test_a_mangled_link_is_answered_politely(client, olga):
    """R-51."""
    before = facts()

    for purpose, kind in zip(PURPOSES * 2, POLITELY, strict=True):
        mangled = MANGLED[kind](make_token(purpose, olga), PATHS[purpose])
        for page in (client.get(PATHS[purpose] + mangled), post(client, purpose, mangled)):
            assert page.status_code == 400, (purpose, kind)
            assert re.search("This link doesn’t work|couldn’t read that request", page.text)
    assert facts() == before


def test_a_token_that_holds_something_else_is_bad(app):
    """R-51."""
    for purpose in PURPOSES:
        serializer = URLSafeTimedSerializer(app.secret_key, salt=f"offbrand {purpose}")
        for payload in (None, 7, "text", [], {}):
            token = serializer.dumps(payload)
            assert User.read_link(purpose, token).verdict is Verdict.BAD, (purpose, payload)


def test_a_confirmation_link_proves_one_address(client, olga):
    """R-52."""
    for_old = olga.generate_confirmation_token()
    olga.email = NEW

    assert post(client, "confirm", for_old).status_code == 400
    assert not olga.is_confirmed
    assert post(client, "confirm", olga.generate_confirmation_token()).status_code == 302


@each_purpose
def test_opening_a_link_changes_nothing(client, olga, purpose):
    """Mail scanners open links (R-53)."""
    path, before = PATHS[purpose] + make_token(purpose, olga), facts()

    answers = [client.get(path), client.head(path), client.get(path)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert facts() == before
    assert post(client, purpose, path.rpartition("/")[2]).status_code == 302  # not used up


@each_purpose
def test_a_form_without_its_token_changes_nothing(strict_client, olga, purpose):
    """D000-11."""
    token, before = make_token(purpose, olga), facts()

    assert post(strict_client, purpose, token).status_code == 400
    assert facts() == before


@each_purpose
def test_an_opened_link_shows_one_button(client, olga, purpose):
    """R-53."""
    page = client.get(PATHS[purpose] + make_token(purpose, olga)).text

    assert re.findall(r"<form[^>]*>", page.partition("<main")[2])[0].count('method="post"') == 1
    assert len(re.findall(r'type="submit"', page)) == 1


@pytest.mark.parametrize(
    "purpose, state",
    [("confirm", "good"), ("reset", "good"), ("reset", "expired"), ("reset", "bad")],
)
def test_pages_behind_links_tell_nobody_of_them(client, olga, time_machine, purpose, state):
    """R-54."""
    token = make_token(purpose, olga, 60) + ("x" if state == "bad" else "")
    pass_time(time_machine, 61 if state == "expired" else 0)

    page = client.get(PATHS[purpose] + token)

    assert page.cache_control.no_store
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    targets = re.findall(r'(?:src|href|action)="([^"]*)"', page.text)
    assert targets and all(re.match(r"/(?!/)|#", target) for target in targets)
    assert not any(token in target for target in targets)


@each_purpose
def test_links_of_a_deactivated_person_are_dead(client, olga, ada, purpose):
    token = make_token(purpose, olga)
    olga.deactivate()
    db.session.commit()
    before = facts()

    assert post(client, purpose, token).status_code == 400
    assert facts() == before


def test_links_of_a_deleted_person_are_dead(client, olga):
    token = make_token("reset", olga)
    delete_account(olga)

    assert post(client, "reset", token).status_code == 400


WAYS_ON = {
    ("reset", False): "/auth/reset-password",
    ("change_email", False): "/auth/login",
    ("confirm", False): "/auth/login",
    ("revert_email", False): "/auth/change-password",
    ("reset", True): "/auth/change-password",
    ("change_email", True): "/auth/change-email",
    ("confirm", True): "/auth/confirm",
}


def test_a_dead_link_leads_to_a_way_on(client, olga):
    """R-51."""
    for (purpose, signed_in), next_step in WAYS_ON.items():
        if signed_in:
            client.sign_in(olga)
        page = client.get(PATHS[purpose] + "dead").text
        assert f'"{next_step}"' in page.partition("<main")[2], (purpose, signed_in)

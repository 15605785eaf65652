"""Signing up: which names and addresses, what strangers learn, and confirming the address."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from factories import ANOTHER, PASSWORD, link_in, mails, make_user
from sqlalchemy import func, select

from app.auth.forms import RegistrationForm
from app.extensions import db
from app.models import SignUpMark, User
from app.models.fields import utcnow
from app.security.tokens import sign
from app.text.names import address_or_none, is_reserved

TAKEN = "That username is taken"


def sign_up(client, **changes):
    form = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    return client.post("/auth/register", data=form | changes)


def count_people():
    return db.session.scalar(select(func.count(User.id)))


def answer_to(client, **changes):
    """All that a stranger sees: the answer, what it sets, and the page it leads to."""
    answer = sign_up(client, **changes)
    page = client.get(answer.location).text if answer.location else answer.text
    page = page.replace(changes["email"], "what was typed")
    varying = ("X-Request-ID", "Set-Cookie")
    headers = [(name, value) for name, value in answer.headers if name not in varying]
    cookies = [line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")]
    return (
        answer.status_code,
        headers,
        cookies,
        re.sub(r'(nonce|csrf_token" value)="[^"]*"', "", page),
    )


@pytest.fixture
def hashes(monkeypatch):
    """The passwords that were hashed or verified, as far as it costs time."""
    costly = []
    for name in ("hash", "verify"):
        real = getattr(PasswordHasher, name)
        monkeypatch.setattr(
            PasswordHasher, name, lambda *args, real=real: costly.append(args[-1]) or real(*args)
        )
    return costly


def test_a_newcomer_is_a_member_who_has_to_confirm(client):
    answer = sign_up(client, first_name=" Nora ", last_name="Ünal")
    nora = User.with_username("nora")

    assert answer.location == "/auth/login"
    assert (nora.email, nora.full_name(), nora.role.name) == (
        "nora@example.org",
        "Nora Ünal",
        "User",
    )
    assert not nora.is_confirmed
    assert [(mail.kind, mail.recipient) for mail in mails()] == [("confirm", "nora@example.org")]


GOOD_NAMES = ["n", "Nora", "nora.b_2", "N" * 64, "n.b.c", "n_", "Nora1990"]
BAD_NAMES = [
    "n.",
    "n..b",
    "",
    "1nora",
    "_nora",
    ".nora",
    "n" * 65,
    "no ra",
    "no-ra",
    "nora@home",
    "no/ra",
    "<b>nora</b>",
    "n\u043era",  # a Cyrillic o
    "n\u03bfra",  # a Greek o
    "\uff4eora",  # a wide n
    "no\u200bra",  # zero width
    "nora\u200d",
    "no\u00adra",
    "\u202enora",  # bidi
    "nora\u2066",
    "nora\u0301",  # combining
    "n\u00f6ra",
    "no\tra",
    "no\nra",
    "no\r\nra",
    "nora\n",  # the whole name is looked at, its end too
    "nora\r",
    "nora\x00",
    "no\u00a0ra",
    "no\u2028ra",
    "nora\U000e0041",  # a tag
    "\u3164",
]


def test_a_name_is_of_letters_digits_dots_and_underscores_whoever_gives_it(app):
    """R-28, R-29: all else could pass for another."""
    assert [User(username=name).username for name in GOOD_NAMES] == GOOD_NAMES
    for name in BAD_NAMES:
        with pytest.raises(ValueError, match="Start with a letter"):
            User(username=name)


def test_the_form_takes_such_names_and_refuses_others(client):
    """R-28, R-29."""
    for name in ("", "1nora", "n" * 65, "n\u043era", "no\u200bra", "no\r\nra"):
        page = sign_up(client, username=name)
        assert (page.status_code, 'id="username-errors"' in page.text) == (200, True), name
    assert sign_up(client, username="nora\x00").status_code == 400
    assert count_people() == 0

    sign_up(client, username="N" * 64)
    assert User.with_username("n" * 64).username == "N" * 64


def test_a_name_is_taken_however_it_is_written(client, alice):
    """R-28, and one that would pass for staff is taken too (R-30)."""
    for name in ("alice", "ALICE", " alice ", "alice\n"):
        assert TAKEN in sign_up(client, username=name).text, name
    for name in ("admin", "a.d_min", "Mod_7_"):
        assert "That username is reserved" in sign_up(client, username=name).text, name

    assert (count_people(), mails()) == (1, [])


RESERVED = {
    "offbrand": True,
    "Moderators": True,
    "administrators": True,
    "support_2": True,
    "admin1_": True,
    "ROOT": True,
    "Admins": True,
    "nora": False,
    "adminton": False,
    "madmin": False,
    "boss": False,
}


def test_reserved_names_are_told_by_what_is_left_without_case_dots_and_digits(app):
    """R-30."""
    assert {name: is_reserved(name) for name in RESERVED} == RESERVED


def test_what_a_path_of_the_site_begins_with_is_no_username(app):
    """R-30, whatever paths there are."""
    begins = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    words = {word for word in begins if word and "<" not in word}

    assert {"static", "search", "robots.txt"} < words
    assert [word for word in words if not is_reserved(word.title())] == []


def test_an_address_is_kept_without_case_and_outer_space(client):
    """R-31."""
    sign_up(client, email=" Nora@Example.ORG\n")

    assert User.with_username("nora").email == "nora@example.org"


def test_an_address_has_one_account_however_it_is_typed(client, alice):
    """R-31, R-33."""
    sign_up(client, email=" Alice@Example.ORG ")

    assert count_people() == 1
    assert [mail.recipient for mail in mails("already_registered")] == ["alice@example.org"]


NO_ADDRESSES = [  # test_addresses.py has more, as no form is needed for them
    "",
    "nora",
    "nora@localhost",
    "nora@example.org, eve@evil.net",
    "Nora <nora@example.org>",
    "nora@[127.0.0.1]",
    "n\u0131na@example.org",
    f"{'n' * 250}@example.org",
]


def test_what_is_no_address_is_refused_at_its_field(client):
    for typed in NO_ADDRESSES:
        assert 'id="email-errors"' in sign_up(client, email=typed).text, typed

    assert (count_people(), mails()) == (0, [])


def test_a_known_address_is_answered_like_an_unknown_one(client, app):
    """The same status, words, headers and cookies (R-33, D000-9)."""
    make_user("zoe")
    make_user("uma", confirmed=False)
    make_user("guy", role=None).deactivate()

    unknown = answer_to(client, email="nobody@example.org", username="nora2")
    for name in ("zoe", "uma", "guy"):
        known = answer_to(app.test_client(), email=f"{name}@example.org")
        assert known == unknown, name
    assert unknown[0] == 302


def test_a_known_address_costs_as_much_as_an_unknown_one(client, alice, hashes):
    """R-33: one password is hashed and one mail written, on both paths."""
    costs = []
    for email, username in [("alice@example.org", "n1"), ("new@example.org", "n2")]:
        hashes.clear()
        before = len(mails())
        sign_up(client, email=email, username=username)
        costs.append((list(hashes), len(mails()) - before))

    assert costs == [([PASSWORD], 1), ([PASSWORD], 1)]


def test_the_owner_of_the_address_learns_that_somebody_tried(client, alice):
    """R-33."""
    sign_up(client, email="alice@example.org")

    (mail,) = mails()
    assert (mail.kind, mail.recipient, mail.user_id) == (
        "already_registered",
        "alice@example.org",
        alice.id,
    )
    assert link_in(mail) == "/auth/reset-password"


def test_signing_up_with_a_known_address_changes_nothing_of_its_account(client, alice):
    """R-33."""
    before = alice.password_hash
    sign_up(client, email="alice@example.org", password=ANOTHER, password2=ANOTHER)

    assert (alice.username, alice.password_hash) == ("alice", before)


def test_of_a_name_may_be_told_that_it_is_taken_of_an_address_never(client, alice):
    """R-33."""
    page = sign_up(client, email="alice@example.org", username="alice")

    assert TAKEN in page.text
    assert 'id="email-errors"' not in page.text
    assert mails() == []


def test_an_address_is_not_flooded_and_nobody_can_tell(client, app, alice):
    """The next try within the hour is answered like the first, but nothing is sent (R-73)."""
    answers = [
        answer_to(app.test_client(), email="alice@example.org", username=f"n{i}") for i in range(3)
    ]

    assert all(answer == answers[0] for answer in answers)
    assert len(mails("already_registered")) == 1


def test_a_name_taken_between_the_look_and_the_leap_is_told(client, alice, monkeypatch):
    """The constraint in the database has the last word (R-34)."""
    monkeypatch.setattr(RegistrationForm, "validate_username", lambda form, field: None)

    page = sign_up(client, username="Alice")

    assert (page.status_code, TAKEN in page.text) == (200, True)
    assert (count_people(), mails()) == (1, [])


EXTRA = {
    "id": "4711",
    "role": "3",
    "role_id": "3",
    "permissions": "255",
    "admin": "1",
    "is_administrator": "y",
    "confirmed": "true",
    "confirmed_at": "2020-01-01 00:00:00",
    "is_confirmed": "1",
    "deactivated_at": "2020-01-01 00:00:00",
    "password_hash": "x",
    "password_due_at": "2020-01-01 00:00:00",
    "auth_epoch": "99",
    "ways_back": "99",
    "username_key": "ada",
    "avatar_key": "0" * 32,
    "member_since": "2001-01-01 00:00:00",
    "last_seen": "2001-01-01 00:00:00",
    "session": "1",
    "about_me": "from the sign-up",
    "location": "from the sign-up",
}


def values_of(user, *besides):
    names = [name for name in EXTRA if name not in ("is_administrator", *besides)]
    return {name: str(getattr(user, name, None)) for name in names}


def test_unexpected_fields_change_nothing_at_sign_up(client):
    """R-35."""
    sign_up(client)
    sign_up(client, email="eve@example.org", username="eve", **EXTRA)
    own = "id", "password_hash", "username_key", "avatar_key", "member_since", "session"
    nora, eve = User.with_username("nora"), User.with_username("eve")

    assert values_of(nora, *own) == values_of(eve, *own)
    assert not {eve.id, eve.password_hash, eve.avatar_key} & {4711, "x", "0" * 32}
    assert eve.member_since.year > 2001


def test_unexpected_fields_change_nothing_on_the_profile(client, alice):
    """R-35."""
    client.sign_in(alice)
    client.get("/")
    before = values_of(alice, "about_me", "location")

    extra = EXTRA | {"email": "eve@example.org", "username": "eve", "password": "eve"}
    client.post("/settings/profile", data=extra | {"first_name": "Al"})

    assert values_of(alice, "about_me", "location") == before
    assert (alice.email, alice.username, alice.first_name) == ("alice@example.org", "alice", "Al")


def test_a_field_that_comes_twice_is_refused(client):
    page = sign_up(client, email=["nora@example.org", "eve@evil.net"])

    assert "sent more than once" in page.text
    assert (count_people(), mails()) == (0, [])


def test_no_header_gets_into_a_mail_through_a_field(client):
    """R-37."""
    words = ["n\r\nBcc: eve@evil.net", "n\nBcc: eve@evil.net", "n\r\n Bcc: e", "n\u2028Bcc: e"]

    for field, text in zip(("email", "username", "first_name", "last_name"), words, strict=True):
        assert sign_up(client, **{field: text}).status_code == 200
    for text in words:
        assert sign_up(client, first_name=text).status_code == 200

    assert (count_people(), mails()) == (0, [])


def test_no_foreign_link_gets_into_a_mail_through_a_name(client):
    """R-37."""
    bait = "Win at https://evil.net/now"
    sign_up(client, first_name=bait, last_name="<a href='//evil.net'>x</a>")

    (mail,) = mails()
    assert "evil" not in mail.text + mail.html + mail.subject
    assert set(re.findall(r'href="([^"]*)"', mail.html)) == {f"http://localhost{link_in(mail)}"}


def test_no_foreign_link_gets_into_a_mail_through_a_host(client):
    """R-37."""
    form = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    for header in ("Host", "X-Forwarded-Host"):
        client.post("/auth/register", data=form, headers={header: "evil.net"})

    assert not [mail for mail in mails() if "evil" in mail.text + mail.html]


def test_members_do_not_sign_up(client, alice):
    client.sign_in(alice)

    assert sign_up(client).location == "/"
    assert count_people() == 1


def test_a_newcomer_is_led_to_confirm_first(client):
    """But who errs gets a 404 (D001-2)."""
    client.sign_in(make_user("nora", confirmed=False))

    for page in ("/", "/user/nora", "/settings/profile", "/admin/"):
        assert client.get(page).location == "/auth/unconfirmed", page
    assert "nora@example.org" in client.get("/auth/unconfirmed").text
    assert client.get("/no/such/page").status_code == 404


def test_confirming_opens_the_site_and_shows_the_way(client, app):
    nora, nick = make_user("nora", confirmed=False), make_user("nick", confirmed=False)
    client.sign_in(nora)
    nowhere = app.test_client()

    for browser, person, page in ((client, nora, "/"), (nowhere, nick, "/auth/login")):
        answer = browser.post(f"/auth/confirm/{person.generate_confirmation_token()}")
        assert (answer.location, person.is_confirmed) == (page, True)


def test_a_newcomer_can_have_the_mail_again(client):
    """D000-2."""
    nora = make_user("nora", confirmed=False)
    client.sign_in(nora)

    assert client.post("/auth/confirm").location == "/auth/unconfirmed"

    (mail,) = mails("confirm")
    assert client.post(link_in(mail)).location == "/"
    assert nora.is_confirmed


def test_a_confirmed_member_is_sent_no_further_mail(client, alice):
    """Nor is anything sent by opening a page (D000-11)."""
    client.sign_in(alice)

    client.post("/auth/confirm")

    assert client.get("/auth/confirm").status_code == 405
    assert mails() == []
    assert client.get("/auth/unconfirmed").location == "/"


def test_a_form_that_is_sent_twice_makes_one_account_and_one_mail(client):
    """R-96, and the second answer is that of the first."""
    with client.session_transaction() as session:
        session["csrf_token"] = "of the page with the form"
    first, second = [sign_up(client, email="new@example.org", username="newcomer") for _ in "12"]

    assert (first.location, second.location) == ("/auth/login", "/auth/login")
    assert [mail.kind for mail in mails()] == ["confirm"]


def test_the_same_form_from_another_browser_is_told_that_the_name_is_taken(client, app):
    """Nobody learns from it whether name and address belong together (R-33)."""
    sign_up(client, email="new@example.org", username="newcomer")

    answer = sign_up(app.test_client(), email="new@example.org", username="newcomer")

    assert TAKEN in answer.text


# What tells programs from people


@pytest.fixture
def unhurried(app):
    app.config["SIGN_UP_SECONDS"] = 3


def opened(client):
    """The mark of the moment at which the form was opened, as the page has it."""
    page = client.get("/auth/register").text
    return re.search(r'name="opened"[^>]*value="([^"]*)"', page)[1]


def later(monkeypatch, seconds):
    now = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: now)


def test_the_field_that_people_do_not_see_has_to_stay_empty(client):
    refused = sign_up(client, homepage="https://casino.example")

    assert refused.status_code == 200 and mails() == []
    assert "Your browser filled in a hidden field" in refused.text
    assert "casino.example" not in refused.text
    assert sign_up(client).location == "/auth/login"


def test_the_field_that_people_do_not_see_is_out_of_their_way(client):
    """In text browsers too, which know neither styles nor the attribute `hidden`."""
    page = client.get("/auth/register").text
    (field,) = re.findall(r'<input[^>]*name="homepage"[^>]*>', page)

    assert 'type="hidden"' in field and 'autocomplete="off"' in field and "required" not in field
    assert "Leave this empty" not in page


def test_who_is_too_quick_presses_again(unhurried, client, monkeypatch):
    """The time counts from when the form was opened first, so a person loses but a moment."""
    mark = opened(client)
    first = sign_up(client, opened=mark)
    assert first.status_code == 200 and "That was a little too fast" in first.text and mails() == []
    assert mark in first.text and "nora@example.org" in first.text

    later(monkeypatch, 4)

    assert sign_up(client, opened=mark).location == "/auth/login"


def test_who_opened_no_form_is_too_quick(unhurried, client, monkeypatch):
    for mark in (None, "", "x", "é" * 9, "x" * 9000):
        values = {} if mark is None else {"opened": mark}
        refused = sign_up(client, **values)
        assert "That was a little too fast" in refused.text and mails() == [], values

    mark = re.search(r'name="opened"[^>]*value="([^"]*)"', refused.text)[1]
    later(monkeypatch, 4)
    assert sign_up(client, opened=mark).location == "/auth/login"


def test_a_form_makes_one_account_and_tells_of_no_address(unhurried, app, alice, monkeypatch):
    """R-33: what the second use answers says nothing about the first."""
    answers = []
    for first in ("alice@example.org", "new@example.org"):
        client = app.test_client()
        mark = opened(client)
        with client.session_transaction() as session:
            session["csrf_token"] = first
        later(monkeypatch, 4)
        sent = [dict(email=first), dict(email=first), dict(email="2@example.org", username="two")]
        pages = [sign_up(client, opened=mark, **values) for values in sent]
        answers.append([page.location or "used already" in page.text for page in pages])
        assert opened(client) not in pages[2].text and mark not in pages[2].text

    assert answers == [["/auth/login", "/auth/login", True]] * 2
    assert User.with_username("two") is None
    assert len(mails("already_registered")) == 1
    fresh = re.search(r'name="opened"[^>]*value="([^"]*)"', pages[2].text)[1]
    later(monkeypatch, 4)
    assert sign_up(client, opened=fresh, username="two", email="2@example.org").location


def test_marks_are_forgotten_and_old_ones_count_as_new(unhurried, client, monkeypatch):
    mark = opened(client)
    with time_machine.travel(utcnow() + timedelta(days=1, seconds=9)):
        old = sign_up(client, opened=mark)
        assert "form has expired" in old.text and mails() == []

    later(monkeypatch, 4)
    sign_up(client, opened=mark)
    SignUpMark.purge()
    assert db.session.query(SignUpMark).count() == 1
    with time_machine.travel(utcnow() + timedelta(days=3)):
        SignUpMark.purge()
    assert db.session.query(SignUpMark).count() == 0


def test_a_form_from_a_host_whose_clock_is_ahead_is_not_too_quick(unhurried, client, monkeypatch):
    later(monkeypatch, 30)
    mark = opened(client)
    later(monkeypatch, -20)

    assert sign_up(client, opened=mark).location == "/auth/login"


def test_no_other_token_says_when_a_form_was_opened(unhurried, client, app):
    assert (
        "That was a little too fast"
        in sign_up(client, opened=sign("confirm", {"at": 0}, None)).text
    )


def test_addresses_of_local_networks_are_taken_where_the_configuration_says_so(app, client):
    local = "a@localhost", "a@office.local", "a@shop.test", "a@intranet", "a@mail.lan"
    assert [address for address in local if address_or_none(address)] == ["a@mail.lan"]

    app.config["LOCAL_ADDRESSES"] = True

    assert [address_or_none(address) for address in local] == list(local)
    assert sign_up(client, email="nora@localhost").location == "/auth/login"
    assert [mail.recipient for mail in mails()] == ["nora@localhost"]
    wrong = "@localhost", "a@", "a b@localhost", "a@-x.local", "a@local..test"
    assert [address for address in wrong if address_or_none(address)] == []

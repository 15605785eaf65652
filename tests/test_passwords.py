"""Passwords: which are accepted, how they are stored and changed."""

import re
import unicodedata
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from factories import ANOTHER, PASSWORD, link_in, mails, make_user
from werkzeug.security import generate_password_hash
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.extensions import db, limiter
from app.models import User, UserSession
from app.security.passwords import problem_with, strength

COMMONEST = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8][:600]
GIBBERISH = "qv8Zr2kXw0pLm5tB"  # hard to guess, and of no language


def sign_up(client, password, **changes):
    form = dict(email="nora@example.org", username="nora", password=password, password2=password)
    return client.post("/auth/register", data=form | changes)


def change(client, password, old=PASSWORD, **changes):
    form = dict(old_password=old, password=password, password2=password)
    return client.post("/auth/change-password", data=form | changes)


def reset(client, user, password):
    form = dict(password=password, password2=password)
    return client.post(f"/auth/reset-password/{user.generate_reset_token()}", data=form)


def sign_in(client, login, password):
    """Whether the door opens."""
    return client.post("/auth/login", data=dict(login=login, password=password)).status_code == 302


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


def test_a_password_has_8_to_256_characters():
    """R-38."""
    for length in (8, 15, 64, 256):
        assert problem_with((GIBBERISH * 16)[:length]) is None, length
    for password in ("", GIBBERISH[:7], "ü" * 7):
        assert "at least 8" in problem_with(password)
    assert "at most 256" in problem_with(GIBBERISH * 16 + "x")


def test_every_door_counts_the_characters(client, alice):
    """R-38: signing up, setting anew, and changing."""
    client.sign_in(alice)
    for password in (GIBBERISH[:7], GIBBERISH * 16 + "x"):
        assert reset(client, alice, password).status_code == 200
        assert change(client, password).status_code == 200
    client.sign_out()
    for password, code in (
        (GIBBERISH[:7], 200),
        (GIBBERISH * 16 + "x", 200),
        (GIBBERISH * 16, 302),
    ):
        assert sign_up(client, password).status_code == code


def test_a_password_is_not_cut(alice):
    """R-39."""
    for length in (64, 72, 256):
        alice.password = password = (GIBBERISH * 16)[:length]

        assert alice.verify_password(password)
        assert not alice.verify_password(password[:-1])
        assert not alice.verify_password(password[:-1] + "!")


ALIKE = {
    "  violet anchor 71 drum ": "violet anchor 71 drum",
    "Violet Anchor 71 Drum": "violet anchor 71 drum",
    "фиолетовый якорь 71": "фиолетовый якорь 72",
    "ﬁolet anchor 71 drum": "fiolet anchor 71 drum",
    "violet 🥁 anchor 🥁 71": "violet  anchor  71",
    "naïve anchor 71 drum": "naive anchor 71 drum",
    "violet\tanchor 71 drum": "violet anchor 71 drum",
}


def test_a_password_is_kept_as_it_was_typed(client, alice):
    """Not trimmed, folded or simplified (R-39)."""
    for password, other in ALIKE.items():
        alice.password = password
        assert alice.verify_password(password) and not alice.verify_password(other), password

    sign_up(client, "  ﬁolet anchor 71 drum ")
    assert not sign_in(client, "nora", "fiolet anchor 71 drum")
    assert sign_in(client, "nora", "  ﬁolet anchor 71 drum ")


def test_a_password_with_a_nul_is_refused_not_cut(client):
    """R-39."""
    assert sign_up(client, PASSWORD + "\x00tail").status_code == 400
    assert User.with_username("nora") is None


def test_the_commonest_passwords_are_refused():
    """R-40."""
    assert [word for word in COMMONEST[::6] if problem_with(word) is None] == []
    assert len(COMMONEST) == 600


@pytest.mark.large
def test_all_of_the_commonest_passwords_are_refused():
    """R-40."""
    assert [word for word in COMMONEST if problem_with(word) is None] == []


def test_a_common_password_is_refused_at_every_door(client, alice):
    """R-40."""
    client.sign_in(alice)
    pages = [change(client, "trustno1"), reset(client, alice, "trustno1")]
    client.sign_out()
    pages.append(sign_up(client, "trustno1"))

    assert all("easy to guess" in page.text for page in pages)
    assert alice.verify_password(PASSWORD)
    assert User.with_username("nora") is None


OWN = ["xylophontriangel", "XylophonTriangel", "xylophontriangel@example.org"]
OWN += ["legnairtnohpolyx", "xylophontriangel1", "quaddelwutz", "Quaddelwutz!", "knorzelmatsch"]
OWN += ["brutzelfink", "Offbrand2026", "offbrandflask"]


def test_a_password_made_of_ones_own_names_or_the_sites_is_refused(client):
    """R-40."""
    names = dict(username="quaddelwutz", first_name="Knorzelmatsch", last_name="Brutzelfink")
    for password in OWN:
        limiter.reset()
        page = sign_up(client, password, email="xylophontriangel@example.org", **names)
        assert (page.status_code, "easy to guess" in page.text) == (200, True), password


def test_ones_own_names_are_refused_later_too(client):
    """R-40."""
    person = make_user(
        "quaddelwutz", email="xylophontriangel@example.org", first_name="Knorzelmatsch"
    )
    client.sign_in(person)

    for password in ("quaddelwutz", "xylophontriangel", "Knorzelmatsch"):
        assert "easy to guess" in change(client, password).text
        assert "easy to guess" in reset(client, person, password).text


def test_no_kinds_of_characters_are_asked_for():
    """R-41."""
    plain = ["violetanchordrum", "VIOLETANCHORDRUM", "4077159362186", "?!%&=)(/;:_-"]
    assert {problem_with(password) for password in [*plain, "紫色の錨と太鼓と笛"]} == {None}


NEW = {"password": "new-password", "password2": "new-password"}
TOLD = {
    "/auth/register": {"email": "email", "username": "username", "first_name": "given-name"}
    | {"last_name": "family-name", **NEW},
    "/auth/login": {"login": "username", "password": "current-password"},
    "/auth/reset-password": {"email": "email"},
    "/auth/change-password": {"old_password": "current-password", **NEW},
    "/auth/change-email": {"email": "email", "password": "current-password"},
}


def test_fields_tell_password_managers_what_they_are(client, alice):
    """R-41."""
    told = {}
    for page, fields in TOLD.items():
        if "change" in page:
            client.sign_in(alice)
        inputs = re.findall(r"<input[^>]*>", client.get(page).text)
        told[page] = {}
        for name in fields:
            (field,) = [tag for tag in inputs if f'name="{name}"' in tag]
            told[page][name] = re.search('autocomplete="([^"]*)"', field)[1]

    assert told == TOLD


def test_nobody_is_kept_from_pasting():
    """R-41."""
    app = Path(__file__).resolve().parent.parent / "app"
    sources = [app / "static" / "site.js", *(app / "templates").rglob("*.html")]

    assert len(sources) > 20
    assert not [path.name for path in sources if "paste" in path.read_text().lower()]


def test_changing_the_password_needs_the_current_one(client, alice):
    """R-43."""
    client.sign_in(alice)

    for old in ("", PASSWORD.upper(), PASSWORD + " "):
        page = change(client, ANOTHER, old=old)
        assert (page.status_code, 'id="old_password-errors"' in page.text) == (200, True)
    assert alice.verify_password(PASSWORD)
    assert mails() == []


def test_changing_the_password_keeps_this_device_and_ends_the_others(client, app, alice):
    other = app.test_client()
    for browser in (client, other):
        browser.sign_in(alice)

    assert change(client, ANOTHER).location == "/"

    assert alice.verify_password(ANOTHER)
    assert client.get("/settings/profile").status_code == 200
    assert other.get("/settings/profile").status_code == 302


def test_setting_a_password_anew_ends_every_session_and_proves_the_address(client, app):
    nora = make_user("nora", confirmed=False)
    client.sign_in(nora)

    assert reset(app.test_client(), nora, ANOTHER).location == "/auth/login"

    assert client.get("/settings/sessions").location.startswith("/auth/login")
    assert (nora.is_confirmed, nora.verify_password(ANOTHER)) == (True, True)


@pytest.mark.parametrize("way", ["change", "reset"])
def test_the_owner_gets_a_mail_when_the_password_changed(client, alice, way):
    """R-45."""
    if way == "change":
        client.sign_in(alice)
        change(client, ANOTHER)
    else:
        reset(client, alice, ANOTHER)

    (mail,) = mails()
    assert (mail.kind, mail.recipient) == ("password_changed", "alice@example.org")
    assert link_in(mail) == "/auth/reset-password"


def test_the_new_password_has_to_be_another_one(client, alice):
    client.sign_in(alice)

    page = change(client, PASSWORD)

    assert (page.status_code, "This is your current password" in page.text) == (200, True)
    assert mails() == []


def test_two_passwords_that_differ_are_sent_back(client, alice):
    client.sign_in(alice)

    pages = [sign_up(client, PASSWORD, password2=ANOTHER), change(client, ANOTHER, password2="x")]

    assert "The passwords don’t match." in pages[1].text
    assert alice.verify_password(PASSWORD)
    assert User.with_username("nora") is None


def test_a_huge_password_is_answered_without_hashing(client, alice, hashes):
    """R-44."""
    before, client_of_alice = alice.password_hash, client.application.test_client()
    client_of_alice.sign_in(alice)
    for length in (257, 450_000, 1_100_000):
        huge = "x" * length
        form = dict(email="new@example.org", password=huge)
        answers = [
            sign_up(client, huge),
            reset(client, alice, huge),
            client.post("/auth/login", data=dict(login="alice", password=huge)),
            change(client_of_alice, huge),
            change(client_of_alice, ANOTHER, old=huge),
            client_of_alice.post("/auth/change-email", data=form),
        ]
        assert {answer.status_code for answer in answers} <= {200, 413}
    assert hashes == []
    assert User.with_username("alice").password_hash == before


def test_a_huge_password_does_not_verify(alice, hashes):
    """R-44."""
    hashes.clear()

    assert not alice.verify_password("x" * 257)
    assert hashes == []


def test_asking_for_a_new_password_looks_the_same_for_everybody(client, alice):
    """D001-5, R-69."""
    make_user("ghost").deactivate()

    for name in ("nobody", "ghost", "alice"):
        answer = client.post("/auth/reset-password", data=dict(email=f"{name}@example.org"))
        page = client.get(answer.location)
        assert (answer.status_code, answer.location) == (302, "/auth/login")
        words = "If an account has this email, we sent it a link to choose a new password"
        assert words in page.text
    assert [mail.recipient for mail in mails()] == ["alice@example.org"]


def test_a_password_for_the_first_time_only_has_to_be_changed(client, alice):
    """D004-3."""
    alice.require_new_password()
    client.sign_in(alice)
    assert client.get("/").location == "/auth/change-password"

    change(client, ANOTHER)

    assert client.get("/").status_code == 200
    assert alice.password_due_at is None


def test_what_is_said_while_typing_is_what_the_form_will_say(client):
    for password in ("trustno1", GIBBERISH, "short", ""):
        told = client.post("/auth/password-strength", data=dict(password=password)).get_json()

        assert told["accepted"] is (problem_with(password) is None)
        assert told["words"] == (problem_with(password) or strength(password)[1])


def test_a_session_ended_by_a_new_password_stays_ended(client, app, alice):
    """A thief who was signed in is out for good (D000-7)."""
    client.sign_in(alice)
    reset(app.test_client(), alice, ANOTHER)

    assert client.get("/settings/profile").status_code == 302
    assert UserSession.end_all(alice) == 0


def test_who_has_to_choose_a_new_password_reads_why(client, alice, ada):
    """One was set for them, or an administrator demands another of a member of long standing."""
    client.sign_in(alice)
    said = {}
    for why in ("not at all", "set for them", "demanded"):
        if why == "set for them":
            alice.require_new_password()
        elif why == "demanded":
            alice.password_due_at = None
            alice.demand_new_password(by=ada, reason="It was in a leak.")
        page = client.get("/auth/change-password").text
        said[why] = "was set for you" in page, "An administrator asked you" in page

    assert said == {
        "not at all": (False, False),
        "set for them": (True, False),
        "demanded": (False, True),
    }


COMPOSED, DECOMPOSED = "Zoë-qv8Zr-é한", unicodedata.normalize("NFD", "Zoë-qv8Zr-é한")


def test_a_letter_is_one_however_a_keyboard_composes_it(client):
    """Signing up, signing in, and changing it."""
    assert sign_up(client, DECOMPOSED, password2=COMPOSED).status_code == 302
    nora = User.with_username("nora")
    assert [nora.verify_password(text) for text in (COMPOSED, DECOMPOSED)] == [True, True]
    assert not nora.verify_password("Zoe-qv8Zr-e한")

    for password in (COMPOSED, DECOMPOSED):
        assert sign_in(client, "nora", password)
        assert "This is your current password" in change(client, DECOMPOSED, old=COMPOSED).text
        client.sign_out()


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("hashed", [COMPOSED, DECOMPOSED])
def test_a_hash_from_before_fits_and_is_made_anew(app, client, typed, hashed):
    nora = make_user("nora")
    nora.password_hash = old = app.extensions["passwords"].hasher.hash(hashed)

    assert sign_in(client, "nora", typed)

    db.session.refresh(nora)
    assert (nora.password_hash == old) == (hashed == COMPOSED)
    client.sign_out()
    assert sign_in(client, "nora", COMPOSED) and not nora.verify_password("Zoe")


def test_an_old_hash_of_another_kind_fits_in_any_spelling(client):
    nora = make_user("nora")
    nora.password_hash = generate_password_hash(DECOMPOSED, "pbkdf2:sha256:1000")

    assert sign_in(client, "nora", COMPOSED)
    assert nora.password_hash.startswith("$argon2")


def test_the_letters_are_counted_as_they_are_hashed():
    assert problem_with("e\u0301" * 7) == "Use at least 8 characters."
    assert problem_with(unicodedata.normalize("NFD", "é" + GIBBERISH * 15 + "ü" * 15)) is None


def test_a_plain_password_costs_one_hash_and_any_other_three_at_most(client, hashes):
    make_user("nora")
    for password in ("wrong but plain", "wrong ünd nöt"):
        hashes.clear()
        assert not sign_in(client, "nora", password)
        known = len(hashes)
        hashes.clear()
        assert not sign_in(client, "nobody", password)
        assert len(hashes) == known == (1 if password.isascii() else 2)

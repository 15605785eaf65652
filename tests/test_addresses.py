"""Addresses: changing one, taking it back, and that a mail goes where it was stored."""

import re

from factories import ANOTHER, PASSWORD, link_in, mails, make_user

from app.extensions import db
from app.models import User, UserSession
from app.text.names import (
    address_or_none,
    canonical_address,
    has_hidden_characters,
    readable_address,
)

NEW = "new@example.org"
THIEF, THIEF2 = "thief@evil.net", "thief2@evil.net"


def ask(client, email=NEW, password=PASSWORD):
    return client.post("/auth/change-email", data=dict(email=email, password=password))


def move(client, person, address):
    """Change email the whole way, by the mailed link; return the mail with the way back."""
    client.sign_in(person)
    ask(client, address)
    client.post(link_in(mails("change_email")[-1]))
    return mails("email_changed")[-1]


NEARLY_MIKE = [
    "m\u0131ke@example.org",  # a dotless i
    "mi\u212ae@example.org",  # a Kelvin sign
    "\uff4dike@example.org",  # a wide m
    "mike@k\u0131ng.org",
    "mike@ex\u0430mple.org",  # a Cyrillic a
    "mike@example.org.",
    "mike+x@example.org",
]


def test_a_reset_is_mailed_to_the_stored_address_or_to_nobody(client):
    """R-32: a Kelvin sign in a domain is the letter it looks like."""
    make_user("mike", email="mike@example.org")
    make_user("mike2", email="mike@king.org")

    for typed in NEARLY_MIKE:
        client.post("/auth/reset-password", data=dict(email=typed))
    assert {mail.recipient for mail in mails()} <= {"mike@example.org"}
    client.post("/auth/reset-password", data=dict(email="mike@\u212aing.org"))

    assert [mail.recipient for mail in mails()].count("mike@king.org") == 1


ONE_FORM = {
    "alice@example.org": "alice@example.org",
    " Alice@EXAMPLE.org\n": "alice@example.org",
    "a.b+c@ex-ample.org": "a.b+c@ex-ample.org",
    "alice@b\u00fccher.example.org": "alice@xn--bcher-kva.example.org",
    "alice@\u212aing.org": "alice@king.org",
    "al\u0131ce@example.org": None,
    "alice@exam\u200bple.org": None,
    "alice@example.org\x00": None,
    "alice@example.org\nBcc: eve@evil.net": None,
    '"al ice"@example.org': None,
    "alice@@example.org": None,
    "alice@example..org": None,
}


def test_an_address_has_one_form_in_which_it_is_stored():
    """R-31, R-32."""
    assert {typed: address_or_none(typed) for typed in ONE_FORM} == ONE_FORM
    for stored in filter(None, ONE_FORM.values()):
        assert canonical_address(stored) == stored


def test_what_cannot_be_seen_is_found():
    """R-29, R-37."""
    for character in "\n\r\x00\x1b\u200b\u202e\u2066\ufeff\u00ad\u2028\u2029\ue000":
        assert has_hidden_characters(f"al{character}ice"), repr(character)
    assert not has_hidden_characters("\u0646\u0627\u0645\u200c\u0647\u0627 Zoë 名 👩\u200d🌾")


def test_people_sign_in_and_reset_with_their_address_in_any_case(client, alice):
    """R-31."""
    typed = " Alice@Example.ORG "
    client.post("/auth/reset-password", data=dict(email=typed))
    answer = client.post("/auth/login", data=dict(login=typed, password=PASSWORD))

    assert [mail.recipient for mail in mails()] == ["alice@example.org"]
    assert answer.location == "/"


def test_a_change_of_address_goes_by_the_new_one(client, alice):
    """R-55."""
    client.sign_in(alice)
    ask(client, " New@Example.org")
    (mail,) = mails()
    assert (mail.recipient, alice.email) == (NEW, "alice@example.org")

    client.post(link_in(mail))

    assert (alice.email, alice.is_confirmed) == (NEW, True)
    assert User.with_email("alice@example.org") is None


def test_a_change_of_address_needs_the_password(client, alice):
    """R-55."""
    client.sign_in(alice)

    for password in ("", "a wrong guess", PASSWORD.upper()):
        page = ask(client, password=password)
        assert (page.status_code, 'id="password-errors"' in page.text) == (200, True)
    assert mails() == []


def test_a_visitor_asks_for_nothing(client):
    assert ask(client).status_code == 401
    assert mails() == []


def test_the_old_address_learns_of_the_change_and_gets_a_way_back(client, alice):
    """R-45."""
    mail = move(client, alice, NEW)

    assert (mail.recipient, mail.user_id) == ("alice@example.org", alice.id)
    assert link_in(mail).startswith("/auth/revert-email/")


def test_the_link_carries_the_address_whatever_its_form_says(client, alice):
    """R-55."""
    path = f"/auth/change-email/{alice.generate_email_change_token(NEW)}"

    client.post(path + f"?email={THIEF}", data=dict(email=THIEF, new_email=THIEF))

    assert alice.email == NEW


def test_a_change_of_address_can_be_finished_without_being_signed_in(client, alice):
    path = f"/auth/change-email/{alice.generate_email_change_token(NEW)}"

    assert NEW in client.get(path).text
    assert client.post(path).location == "/auth/login"


def answer_to(client, email):
    answer = ask(client, email)
    page = client.get(answer.location).text.replace(email, "the address")
    headers = [pair for pair in answer.headers if pair[0] not in ("X-Request-ID", "Set-Cookie")]
    return answer.status_code, headers, re.sub(r'(nonce|csrf_token" value)="[^"]*"', "", page)


def test_a_taken_address_is_answered_like_a_free_one(client, alice, bob):
    """R-33."""
    client.sign_in(alice)
    client.get("/")

    free, taken = answer_to(client, NEW), answer_to(client, "BOB@example.org")

    seen = [re.sub("(?i)bob@example.org", "the address", str(answer)) for answer in (free, taken)]
    assert seen[0] == seen[1]
    assert (free[0], "Check your inbox" in free[2]) == (302, True)


def test_the_owner_of_a_taken_address_is_told_and_nobody_else(client, alice):
    """R-33."""
    zoe, uma = make_user("zoe"), make_user("uma", confirmed=False)
    client.sign_in(alice)

    ask(client, "Zoe@example.org")
    ask(client, "Uma@example.org")

    for mail, person in zip(mails(), (zoe, uma), strict=True):
        told = (mail.kind, mail.recipient, mail.user_id)
        assert told == ("address_taken", person.email, person.id)
        assert "alice" not in mail.text + mail.html


def test_an_address_taken_in_the_meantime_stays_with_its_owner(client, alice):
    """R-55."""
    path = f"/auth/change-email/{alice.generate_email_change_token(NEW)}"
    zoe = make_user("zoe", email=NEW)

    page = client.post(path)

    assert (page.status_code, "This link doesn’t work" in page.text) == (400, True)
    assert (alice.email, zoe.email) == ("alice@example.org", NEW)
    assert mails() == []


def test_a_model_refuses_an_address_that_was_taken_in_the_meantime(alice, bob):
    """R-55."""
    token = alice.generate_email_change_token("bob@example.org")

    assert not alice.change_email(token)
    assert alice.email == "alice@example.org"
    assert alice.auth_epoch == db.session.scalar(
        db.select(User.auth_epoch).where(User.id == alice.id)
    )


def test_no_header_gets_into_a_mail_through_a_new_address(client, alice):
    """R-37."""
    client.sign_in(alice)

    for email in ("new@example.org\r\nBcc: eve@evil.net", "a@example.org,b@example.org", "x", ""):
        assert 'id="email-errors"' in ask(client, email).text
    assert mails() == []


def test_an_address_taken_away_comes_back(client, app, alice):
    """The way back restores the address, ends every session and asks for a new password."""
    mail = move(client, alice, THIEF)
    owner = app.test_client()

    answer = owner.post(link_in(mail))

    assert (alice.email, alice.is_confirmed) == ("alice@example.org", True)
    assert client.get("/settings/profile").status_code == 302  # the thief is out
    assert UserSession.end_all(alice) == 0
    form = dict(password=ANOTHER, password2=ANOTHER)
    assert owner.post(answer.location, data=form).location == "/auth/login"
    assert alice.verify_password(ANOTHER)


def test_a_way_back_works_once(client, alice):
    """R-46."""
    way_back = link_in(move(client, alice, THIEF))
    client.post(way_back)
    alice.email = NEW

    assert client.post(way_back).status_code == 400
    assert alice.email == NEW


def test_a_thief_who_moves_on_does_not_close_the_way_back(client, alice):
    first = move(client, alice, THIEF)
    move(client, alice, THIEF2)
    assert alice.email == THIEF2

    client.post(link_in(first))

    assert alice.email == "alice@example.org"


def test_a_thief_who_takes_their_own_way_back_does_not_close_the_owners(client, alice):
    first, second = move(client, alice, THIEF), move(client, alice, THIEF2)
    third = move(client, alice, "third@evil.net")
    client.post(link_in(third))
    client.post(link_in(second))
    assert alice.email == THIEF

    answers = [client.post(link_in(mail)).status_code for mail in (first, second, third)]

    assert answers == [302, 400, 400]
    assert alice.email == "alice@example.org"


def test_the_way_back_closes_those_of_the_thief(client, alice):
    first, second = move(client, alice, THIEF), move(client, alice, THIEF2)
    client.post(link_in(first))

    assert client.post(link_in(second)).status_code == 400
    assert alice.email == "alice@example.org"


def test_a_later_theft_can_be_undone_too(client, alice):
    client.post(link_in(move(client, alice, THIEF)))
    alice.password = PASSWORD  # by the link that came with it
    again, last = move(client, alice, THIEF), move(client, alice, THIEF2)

    answers = [client.post(link_in(mail)).status_code for mail in (last, again, last)]

    assert answers == [302, 302, 400]
    assert alice.email == "alice@example.org"


def test_a_squatter_who_never_confirmed_gives_way(client, alice):
    mail = move(client, alice, THIEF)
    make_user("squatter", email="alice@example.org", confirmed=False)

    assert client.post(link_in(mail)).status_code == 302

    assert alice.email == "alice@example.org"
    assert User.with_username("squatter") is None


def test_a_holder_who_confirmed_does_not_give_way(client, alice):
    mail = move(client, alice, THIEF)
    zoe = make_user("zoe", email="alice@example.org")

    assert client.post(link_in(mail)).status_code == 400

    assert (alice.email, zoe.email) == (THIEF, "alice@example.org")


def test_after_a_change_people_sign_in_with_the_new_address_only(client, app, alice):
    move(client, alice, NEW)
    doors = [app.test_client() for _ in range(2)]

    answers = [
        door.post("/auth/login", data=dict(login=login, password=PASSWORD)).status_code
        for door, login in zip(doors, [NEW, "alice@example.org"], strict=True)
    ]

    assert answers == [302, 200]


def test_taking_an_address_back_voids_the_password_that_was_known(client, alice):
    """Whoever changed the address knew it; a mailed link sets a new one (R-45)."""
    client.post(link_in(move(client, alice, THIEF)))

    assert alice.password_hash is None
    assert [mail.recipient for mail in mails("email_reverted")] == [THIEF]
    assert client.get(link_in(mails("reset_password")[-1])).status_code == 200


def test_a_slip_at_the_sign_up_gives_its_owner_no_way_into_the_account(client):
    """An address that was never confirmed gets no link to take the account back."""
    client.sign_in(make_user("cat", confirmed=False))
    ask(client, "cat2@example.org")

    client.post(link_in(mails("change_email")[-1]))

    assert User.with_username("cat").email == "cat2@example.org"
    assert mails("email_changed") == []


def test_the_address_one_has_already_is_a_mistake_at_its_field(client, alice):
    client.sign_in(alice)

    page = client.post(
        "/auth/change-email", data={"email": " Alice@EXAMPLE.org ", "password": PASSWORD}
    )

    assert "This is your address already." in page.text
    assert mails() == []


WRITTEN = {
    "bob@müller.example.org": "bob@xn--mller-kva.example.org",
    "bob@straße.example.org": "bob@xn--strae-oqa.example.org",
    "bob@пример.рф": "bob@xn--e1afmkfd.xn--p1ai",
    "bob@例え.jp": "bob@xn--r8jz45g.jp",
    "bob@example.org": "bob@example.org",
}


def test_an_address_is_shown_in_the_letters_in_which_it_is_written():
    assert {content: canonical_address(content) for content in WRITTEN} == WRITTEN
    assert [readable_address(stored) for stored in WRITTEN.values()] == list(WRITTEN)


def test_a_domain_that_passes_for_another_is_shown_in_code():
    for odd in ("bob@xn--80ak6aa92e.com", "bob@xn--a-0tb.com", "bob@xn--.com", "bob@xn--ä.com"):
        assert readable_address(odd) == odd  # аррӏе, a mixture of scripts, and none at all


def test_a_form_and_a_page_show_the_address_as_it_was_typed(client, ada):
    client.sign_in(ada)
    form = {"email": "Bob@Müller.example.org", "username": "", "role": "User"}

    assert (
        'value="bob@müller.example.org"' in client.post("/admin/users/new", data=form).text.lower()
    )
    make_user("bob", email="bob@xn--mller-kva.example.org")
    assert "bob@müller.example.org" in client.get("/admin/users").text

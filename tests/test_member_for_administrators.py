"""A member as administrators see them: what is offered, done, refused and logged."""

import re

import pytest
from factories import ANOTHER, PASSWORD, everything, keep, link_in, mails, make_user
from sqlalchemy import select

from app.admin.user_forms import NewUserForm
from app.extensions import db
from app.models import AuditEntry, Permission, Role, Sanction, User, UserSession

ACTS = ["confirm", "deactivate", "reactivate", "require-password", "reset-link", "sign-out"]


@pytest.fixture
def page(client, ada, alice):
    """Ada's browser, and where Alice's page is."""
    client.sign_in(ada)
    return f"/admin/users/{alice.id}"


def log():
    db.session.rollback()
    return [
        (e.action, e.actor_name, e.target_name) for e in db.session.scalars(AuditEntry.latest())
    ]


def buttons(text):
    return re.findall(r'formaction="/admin/users/\d+/([a-z-]+)"', text)


def test_the_page_shows_what_a_person_is_and_what_was_done(client, page, ada, alice):
    client.sign_in(alice)
    alice.change_role(Role.named("Moderator"), by=ada, reason="She asked.")
    client.sign_in(ada)

    text = client.get(page).text

    for words in ("alice@example.org", "Moderator", "change role", "She asked.", "127.0.0.1"):
        assert words in text


def test_the_page_shows_sanctions_in_force_and_past(client, page, mona, ada, alice):
    Sanction.impose(alice, "silence", by=mona, reason="Shouting.").lift(by=mona, reason="Sorry.")
    Sanction.impose(alice, "warning", by=mona, reason="Rude.")

    text = client.get(page).text

    for words in ("Silence", "Lifted by mona", "Sorry.", "Warning", "Active", "Rude."):
        assert words in text
    assert 'href="/moderation/people/alice"' in text and "Lift<span" in text


def test_names_and_about_are_edited_and_noted_and_told(client, page, ada, alice):
    form = dict(username="alicia", first_name="Al", last_name="", location="", about_me="Hello.")
    answer = client.post(f"{page}/edit", data=form | {"reason": "She asked."})

    assert answer.location == page
    assert (alice.username, alice.first_name, alice.about_me) == ("alicia", "Al", "Hello.")
    assert log()[0] == ("edit", "ada", "alicia")
    assert "Saved. We’ve notified alicia" in client.get(page).text
    client.post(f"{page}/edit", data=form)
    assert "No changes to save." in client.get(page).text and len(log()) == 1
    client.sign_in(alice)
    assert "ada edited your profile" in client.get("/notifications").text


WRONG_EDITS = {  # what is typed: what is said
    ("username", "bob"): "This username is taken",
    ("username", "BOB"): "This username is taken",
    ("username", "no good"): 'href="#username"',
    ("username", ""): 'href="#username"',
    ("about_me", "x" * 2001): 'href="#about_me"',
    ("first_name", "a\u202eb"): 'href="#first_name"',
}


def test_a_wrong_edit_is_said_at_its_field(client, page, alice, bob):
    form = dict(username="alice", first_name="", last_name="", location="", about_me="")
    for (field, value), words in WRONG_EDITS.items():
        answer = client.post(f"{page}/edit", data=form | {field: value})
        assert answer.status_code == 200 and words in answer.text, (field, value)
    assert log() == []


def test_nobody_edits_the_profile_of_an_equal(client, page, ada):
    other = make_user("otto", role="Administrator")

    allowed = client.get(f"/admin/users/{other.id}/edit").status_code == 200

    assert allowed is ada.may_act_on(other)


def test_mails_to_a_person_are_shown_as_envelopes(client, page):
    client.post(f"{page}/reset-link", data={"reason": ""})

    text = client.get(page).text

    assert "Choose a new password" in text
    assert link_in(mails("reset_password")[0]) not in text


def test_what_makes_no_sense_is_not_offered(client, page, alice):
    assert buttons(client.get(page).text) == ["deactivate", "require-password", "reset-link"]

    alice.deactivate()
    alice.confirmed_at = None
    assert buttons(client.get(page).text) == ["confirm", "reactivate", "require-password"]


@pytest.mark.parametrize("whom", ["ada", "boss"])
def test_on_oneself_and_on_the_mightier_nothing_is_offered_and_the_page_says_why(client, app, whom):
    """R-81: shown before the click."""
    keep(Role(name="Clerk", permissions=int(Permission.ADMIN)))
    make_user("ada", role="Clerk")
    make_user("boss", role="Administrator")
    client.sign_in(User.with_username("ada"))

    text = client.get(f"/admin/users/{User.with_username(whom).id}").text

    assert buttons(text) == [] and "Delete account" not in text
    assert ("You can’t do this to yourself" in text) == (whom == "ada")
    assert ("boss has a higher rank" in text) == (whom == "boss")


def test_what_is_done_to_people_above_ones_rank_is_refused_though_not_offered(client, app):
    """R-81: the model says no, and nothing changes; pages with forms are closed."""
    keep(Role(name="Clerk", permissions=int(Permission.ADMIN)))
    client.sign_in(make_user("clerk", role="Clerk"))
    boss = make_user("boss", role="Administrator")
    client.get("/admin/")
    before = everything()

    for act in ACTS:
        answer = client.post(f"/admin/users/{boss.id}/{act}", data={"reason": "x"})
        assert answer.status_code == 409 and "higher rank" in answer.text, act
    closed = [
        client.get(f"/admin/users/{boss.id}/{path}") for path in ("role", "address", "delete")
    ]

    assert everything() == before
    assert [page.status_code for page in closed] == [403, 403, 403]


def test_an_act_is_done_and_noted_once_with_its_reason_and_place(client, page, alice):
    """R-94; R-96, though each link is a mail of its own."""
    for act in ACTS:
        already = len(log())
        alice.confirmed_at = None if act == "confirm" else alice.member_since
        alice.deactivated_at = alice.member_since if act == "reactivate" else None
        if act == "sign-out":
            UserSession.open(alice, remembered=True, address="192.0.2.7", agent="")

        for _ in range(2):
            client.post(f"{page}/{act}", data={"reason": "Because."})

        entries = db.session.scalars(AuditEntry.latest()).all()
        assert len(entries) - already == (2 if act == "reset-link" else 1), act
        entry = entries[0]
        assert (entry.actor_name, entry.target_name, entry.reason) == ("ada", "alice", "Because.")
        assert entry.place == "127.0.0.1"


def test_deactivated_means_out_at_once(app, client, page, alice):
    """R-60."""
    hers = app.test_client()
    hers.sign_in(alice)

    client.post(f"{page}/deactivate", data={"reason": ""})

    assert hers.get("/settings/profile").status_code == 302
    assert not alice.is_active


def test_a_link_to_choose_a_password_goes_to_the_person_not_to_the_administrator(
    client, page, alice
):
    """R-83: and does not tell where the administrator sits."""
    client.post(f"{page}/reset-link", data={"reason": ""})

    (mail,) = mails("reset_password")
    assert mail.recipient == alice.email
    assert "Requested by the Offbrand team" in mail.text and "127.0.0.1" not in mail.text
    client.sign_out()
    client.post(link_in(mail), data={"password": ANOTHER, "password2": ANOTHER})
    assert alice.verify_password(ANOTHER)


def test_a_fourth_link_in_an_hour_is_not_sent(client, page):
    """R-73."""
    for _ in range(4):
        answer = client.post(f"{page}/reset-link", data={"reason": ""})

    assert "three links in the last hour" in client.get(answer.location).text
    assert len(mails("reset_password")) == len(log()) == 3


# Making an account

NEW = dict(email="nora@example.org", username="nora", first_name="Nora", last_name="", role="1")


def new(**values):
    return NEW | {"role": str(Role.named("User").id)} | values


def test_staff_makes_an_account_and_its_owner_the_password(client, page):
    """R-83, S001-46."""
    client.post("/admin/users/new", data=new())

    nora, (mail,) = User.with_username("nora"), mails("account_made")
    assert nora.password_hash is None and not nora.is_confirmed
    client.sign_out()
    client.post(link_in(mail), data={"password": PASSWORD, "password2": PASSWORD})
    assert nora.is_confirmed and nora.verify_password(PASSWORD)
    assert log() == [("create", "ada", "nora")]


NO_ACCOUNTS = [
    ("email", "alice@example.org", "Someone already uses this email."),
    ("email", "nobody", "Enter a valid email, such as name@example.com."),
    ("username", "Alice", "This username is taken"),
    ("username", "admin", "This username is taken"),
    ("username", "0nora", "Start with a letter"),
    ("first_name", "x" * 65, "Use at most 64 characters."),
    ("role", "999", "Choose one of the options"),
    ("role", "x", "Choose one of the options"),
]


def test_what_cannot_be_an_account_is_said_at_its_field(client, page):
    for field, value, words in NO_ACCOUNTS:
        answer = client.post("/admin/users/new", data=new(**{field: value}))
        assert (answer.status_code, words in answer.text) == (200, True), value

    assert (User.count(), mails()) == (2, [])


def test_whoever_was_faster_is_told_of_at_the_right_field(client, page, monkeypatch):
    """R-34: both looked free when the form was looked at."""
    for field, value in {"email": "alice@example.org", "username": "alice"}.items():
        monkeypatch.setattr(NewUserForm, f"validate_{field}", lambda form, field: None)
        answer = client.post("/admin/users/new", data=new(**{field: value}))
        assert f'id="{field}-errors"' in answer.text

    assert (User.count(), mails()) == (2, [])


def test_no_role_above_ones_own_is_offered_or_given(client, app):
    """R-81."""
    keep(Role(name="Clerk", permissions=int(Permission.ADMIN)))
    client.sign_in(make_user("clerk", role="Clerk"))
    alice = make_user("alice", role=None)
    roles = {role.name: role.id for role in Role.all()}

    for path in ("/admin/users/new", f"/admin/users/{alice.id}/role"):
        offered = re.findall(r'<option (?:selected )?value="(\d+)"', client.get(path).text)
        assert offered == [str(roles["Clerk"])]
        data = new(role=roles["Administrator"]) | {"reason": ""}
        assert "Choose one of the options" in client.post(path, data=data).text
    assert User.count() == 2 and alice.role is None


# Role, address, end


def test_an_administrator_gives_a_role_for_good_or_until_a_day(client, page, alice):
    moderator = str(Role.named("Moderator").id)
    client.post(f"{page}/role", data={"role": moderator, "until": "2099-05-01", "reason": ""})

    assert (alice.role.name, alice.former_role.name) == ("Moderator", "User")
    assert f"{alice.role_until:%Y-%m-%d %H:%M}" == "2099-05-02 00:00"
    client.post(f"{page}/role", data={"role": moderator, "until": "", "reason": ""})
    assert (alice.role.name, alice.role_until, alice.former_role) == ("Moderator", None, None)


def test_a_day_that_cannot_be_is_said_at_its_field(client, page, alice):
    for day in ("2020-01-01", "9999-12-31", "tomorrow", "0000-00-00"):
        data = {"role": str(Role.named("Moderator").id), "until": day, "reason": ""}
        assert 'id="until-errors"' in client.post(f"{page}/role", data=data).text, day

    assert alice.role.name == "User"


def test_a_new_address_has_to_be_proven_and_the_old_one_is_told(client, page, alice):
    client.post(f"{page}/address", data={"email": "New@Example.org", "reason": "Asked by phone."})

    assert (alice.email, alice.is_confirmed) == ("new@example.org", False)
    assert [(m.kind, m.recipient) for m in mails()] == [
        ("address_assigned", "new@example.org"),
        ("email_changed", "alice@example.org"),
    ]
    entry = db.session.scalars(AuditEntry.latest()).one()
    assert (entry.before, entry.after) == ("alice@example.org", "new@example.org")


def test_the_old_address_can_take_the_account_back(client, page, alice):
    client.post(f"{page}/address", data={"email": "new@example.org", "reason": ""})
    client.sign_out()

    client.post(link_in(mails("email_changed")[0]))

    assert alice.email == "alice@example.org"


def test_an_address_that_somebody_has_is_refused(client, page, alice, bob):
    answer = client.post(f"{page}/address", data={"email": bob.email, "reason": ""})

    assert "Someone already uses this email." in answer.text
    assert (alice.email, mails(), log()) == ("alice@example.org", [], [])


def test_the_address_of_the_last_administrator_stays_proven(client, ada):
    """R-82: even if another administrator were to try; here, an operator does."""
    with pytest.raises(ValueError, match="without an administrator"):
        ada.assign_address("new@example.org")

    assert ada.is_confirmed and ada.email == "ada@example.org"


def delete(client, page, **values):
    data = {"username": "alice", "password": PASSWORD, "reason": "Spam."} | values
    return client.post(f"{page}/delete", data=data)


def test_deleting_asks_for_the_name_and_ones_own_password(client, page):
    """S001-51, D001-1."""
    assert "Type alice exactly." in delete(client, page, username="Alice").text
    assert "That’s not your password." in delete(client, page, password="not it").text
    assert User.with_username("alice")

    assert delete(client, page).status_code == 302

    assert User.with_username("alice") is None
    assert log() == [("delete", "ada", "alice")]


def test_opening_the_page_of_deletion_deletes_nothing(client, page):
    """R-09, D001-1."""
    assert client.get(f"{page}/delete").status_code == 200
    assert User.with_username("alice")


def test_a_person_or_an_act_that_there_is_not_is_a_404(client, page, alice):
    for act in ("explode", "delete-all", ""):
        assert client.post(f"{page}/{act}", data={}).status_code == 404, act

    db.session.delete(alice)
    for path in ("", "/role", "/address", "/delete"):
        assert client.get(page + path).status_code == 404, path


def test_a_reason_that_cannot_be_is_said_and_nothing_is_done(client, page, alice):
    """R-88."""
    for reason in ("x" * 501, "a\u202eb"):
        answer = client.post(f"{page}/deactivate", data={"reason": reason})
        assert 'id="reason-errors"' in answer.text

    assert alice.is_active and log() == []


def test_two_who_are_the_last_cannot_be_removed_through_pages(client, ada):
    """R-82, D001: each needs the other."""
    eda = make_user("eda", role="Administrator")
    client.sign_in(ada)
    client.post(f"/admin/users/{eda.id}/deactivate", data={"reason": ""})
    assert not eda.is_active

    client.sign_in(ada)
    answer = client.post(f"/admin/users/{ada.id}/deactivate", data={"reason": ""})

    assert "to yourself" in client.get(answer.location).text
    assert db.session.scalars(select(User).where(User.id.in_(User.administrators()))).all() == [ada]

"""Importing people: nothing is written before the yes, all of it or nothing after it."""

from unittest.mock import Mock

import pytest
import time_machine
from factories import PASSWORD, keep, link_in, mails, make_user
from importing import (
    NORA,
    PATH,
    all_but_the_file,
    confirm,
    file_of,
    run,
    upload,
    waiting,
)
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.imports import work
from app.jobs import mail_worker
from app.models import AuditEntry, PeopleImport, Role, User
from app.models.fields import utcnow
from app.models.users import name_search

both_databases = pytest.mark.both_databases


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    client.get("/")
    return client


def log():
    db.session.rollback()
    entries = db.session.scalars(AuditEntry.latest().order_by(None).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_name) for entry in entries]


def test_nothing_is_written_before_the_yes(admin, alice):
    """But the file and what it would do."""
    before = all_but_the_file()

    answer = upload(admin, file_of(NORA, "alice@example.org,,Alicia,,,Moderator,,no"))
    admin.get(answer.location)

    assert all_but_the_file() == before
    assert waiting().filename == "people.csv"


def test_the_review_says_what_would_happen_line_by_line(admin, alice):
    lines = [
        NORA,
        "alice@example.org,,Alicia,,,Moderator,,no",
        "not an address,x,,,,,,",
        "ada@example.org,ada,,,,Administrator,yes,yes",
    ]
    page = admin.get(upload(admin, file_of(*lines)).location).text

    for words in (
        "Nora Nilsen, Bergen as User",
        "first name: nothing → Alicia",
        "User → Moderator",
    ):
        assert words in page
    assert "active: yes → no" in page and "No changes" in page
    assert "Email: Enter a valid email, such as name@example.com." in page
    assert "Import 2 lines and skip 1 with errors" in page


@both_databases
def test_after_the_yes_people_are_there(admin):
    answer = run(admin, NORA)

    nora = User.with_email("nora@example.org")
    assert answer.location == PATH
    assert (nora.username, nora.full_name(), nora.location) == ("nora", "Nora Nilsen", "Bergen")
    assert (nora.role.name, nora.is_confirmed, nora.is_active) == ("User", True, True)
    assert (nora.password_hash, nora.last_seen) == (None, None)
    assert abs((utcnow() - nora.member_since).total_seconds()) < 60
    assert len(nora.avatar_key) == 32
    assert waiting() is None
    assert "Import finished: 1 new, 0 changed, 0 skipped." in admin.get(PATH).text


@both_databases
def test_new_people_are_found_by_the_search(admin):
    """As if each had been made alone."""
    run(admin, NORA)
    alone = make_user("nora2", email="nora2@example.org", first_name="Nora", last_name="Nilsen")

    nora = User.with_username("nora")
    ids = name_search.matching("nilsen").scalar_subquery()
    found = db.session.scalars(select(User).where(User.id.in_(ids)).order_by(User.id)).all()
    assert found == [nora, alone]
    assert nora.search_text == alone.search_text.replace("nora2", "nora")
    assert (nora.name_key, nora.address_key) == ("nora nilsen", "nora@example.org")


def test_each_new_person_has_a_picture_of_their_own(admin):
    run(admin, NORA, NORA.replace("nora", "nils"))

    keys = db.session.scalars(select(User.avatar_key)).all()
    assert len(set(keys)) == 3


def test_what_a_file_leaves_out_is_as_usual(admin):
    """Not confirmed, active, the default role, and a username made from the address."""
    run(admin, "nora.nilsen@example.org", header="email")

    nora = User.with_email("nora.nilsen@example.org")
    assert (nora.username, nora.first_name, nora.role.name) == ("nora.nilsen", "", "User")
    assert (nora.is_confirmed, nora.is_active) == (False, True)


@both_databases
def test_changes_go_by_the_verbs_and_into_the_log(admin, alice):
    make_user("bob", confirmed=False).deactivate()
    db.session.commit()
    already = len(log())

    run(
        admin,
        "alice@example.org,alicia,Alice,Ås,Oslo,Moderator,yes,no",
        "bob@example.org,bob,,,,User,yes,yes",
    )
    assert [(mail.kind, mail.recipient) for mail in mails()] == [
        ("role_changed", "alice@example.org")
    ]

    alice, bob = User.with_username("alicia"), User.with_username("bob")
    assert (alice.first_name, alice.last_name, alice.location) == ("Alice", "Ås", "Oslo")
    assert (alice.role.name, alice.is_active) == ("Moderator", False)
    assert (bob.is_confirmed, bob.is_active) == (True, True)
    assert log()[already:] == [
        ("edit", "ada", "alicia"),
        ("change role", "ada", "alicia"),
        ("deactivate", "ada", "alicia"),
        ("confirm address", "ada", "bob"),
        ("reactivate", "ada", "bob"),
        ("import people", "ada", "people.csv"),
    ]
    assert AuditEntry.verify() is None


def test_the_log_has_one_entry_for_all_who_are_new(admin):
    """And one for each who got another role than the usual one."""
    run(admin, NORA, "mia@example.org,mia,,,,Moderator,yes,yes", "no address,,,,,,,")

    created, imported = db.session.scalars(AuditEntry.latest().order_by(None)).all()
    assert (created.action, created.target_name, created.after) == ("create", "mia", "Moderator")
    assert created.target_id == User.with_username("mia").id
    assert created.reason == "Import."
    assert '"new": 2, "changes": 0, "left out": 1, "sha256": "' in imported.after


def test_a_person_without_a_new_address_is_found_by_the_username(admin, alice):
    """Both addresses are told, and the new one has to be proven."""
    run(admin, "alice@example.net,alice", header="email,username")

    alice = User.with_username("alice")
    assert (alice.email, alice.is_confirmed) == ("alice@example.net", False)
    assert {(mail.kind, mail.recipient) for mail in mails()} == {
        ("address_assigned", "alice@example.net"),
        ("email_changed", "alice@example.org"),
    }


def test_a_file_may_vouch_for_the_address_that_an_account_moves_to(admin, alice):
    run(admin, "alice@example.net,alice,yes", header="email,username,confirmed")

    assert User.with_email("alice@example.net").is_confirmed
    assert [mail.kind for mail in mails()] == ["email_changed"]


def test_new_people_are_sent_a_link_where_that_was_ticked(client, admin):
    run(admin, NORA, "gone@example.org,gone,,,,,,no", mail="y")

    (mail,) = mails()
    assert (mail.kind, mail.recipient) == ("account_made", "nora@example.org")
    assert mail.user_id == User.with_username("nora").id
    client.sign_out()
    form = {"password": PASSWORD, "password2": PASSWORD}
    assert client.post(link_in(mail), data=form).location == "/auth/login"
    assert client.post("/auth/login", data={"login": "nora", "password": PASSWORD}).location == "/"


def test_new_people_are_sent_nothing_otherwise(admin):
    run(admin, NORA)

    assert mails() == []


def test_people_are_left_alone_who_are_as_the_file_says(admin, alice):
    upload(admin, file_of("ALICE@Example.org,,,,,,,"))

    page = admin.get(f"{PATH}/{waiting().id}").text
    assert "No changes: everyone in the file is already up to date." in page
    assert "plan_hash" not in page


def test_cancelling_takes_the_file_away(admin):
    upload(admin, file_of(NORA))
    before, id = all_but_the_file(), waiting().id

    assert admin.post(f"{PATH}/{id}/cancel").location == PATH
    assert waiting() is None
    assert all_but_the_file() == before
    assert admin.post(f"{PATH}/{id}/cancel").location == PATH  # pressed twice


@both_databases
def test_a_second_upload_replaces_the_first(admin):
    upload(admin, file_of(NORA), "first.csv")
    upload(admin, file_of(NORA), "second.csv")

    assert waiting().filename == "second.csv"
    assert db.session.query(PeopleImport).count() == 1
    assert "review second.csv" in admin.get(PATH).text


def test_after_a_day_the_file_is_gone(app, admin):
    upload(admin, file_of(NORA))
    row = waiting()
    row.created_at = row.created_at.replace(year=2020)

    assert admin.get(f"{PATH}/{row.id}").status_code == 404
    app.extensions.pop("purged_at", None)
    mail_worker.deliver_safely(app)
    assert waiting() is None


def test_nobody_else_sees_or_confirms_an_import(client, admin):
    """It was planned by the rank of who uploaded it."""
    upload(admin, file_of(NORA))
    client.sign_in(make_user("olga", role="Administrator"))

    assert client.get(f"{PATH}/{waiting().id}").status_code == 404
    confirm(client)
    client.post(f"{PATH}/{waiting().id}/cancel")
    assert waiting() is not None and User.with_username("nora") is None


@both_databases
def test_confirming_twice_has_one_effect(admin):
    """R-96: a double click."""
    run(admin, NORA)
    number, entries = User.count(), log()

    again = admin.post(f"{PATH}/1", data={"plan_hash": "x"})

    assert again.location == PATH
    assert (User.count(), log()) == (number, entries)


MEANWHILE = {
    "somebody has the same name": lambda: make_user("neo", first_name="Nora", last_name="Nilsen"),
    "an account is closed": lambda: User.with_username("alice").deactivate(),
    "a role was given": lambda: User.with_username("alice").change_role(Role.named("Moderator")),
    "the name is taken": lambda: make_user("nora", email="other@example.org"),
    "the address is taken": lambda: make_user("x", email="nora@example.org"),
}


@both_databases
def test_what_has_changed_meanwhile_is_shown_before_anything_is_written(admin, alice):
    """Each of these, one after the other, once the one before was shown."""
    upload(admin, file_of(NORA, "alice@example.org,,Alicia,,,Moderator,,no"))
    for what, happens in MEANWHILE.items():
        happens()
        db.session.commit()
        before, shown = all_but_the_file(), waiting().plan_hash

        answer = confirm(admin)

        assert answer.location == f"{PATH}/{waiting().id}", what
        assert all_but_the_file() == before, what
        assert waiting().plan_hash != shown, what
    assert "Something changed meanwhile" in admin.get(answer.location).text


def test_who_says_yes_while_others_write_is_asked_to_wait(admin, monkeypatch):
    """As by a double click on an import that takes a while."""
    upload(admin, file_of(NORA))
    away = OperationalError("", {}, Exception("database is locked"))
    monkeypatch.setattr(User, "one_at_a_time", Mock(side_effect=away))

    page = admin.get(confirm(admin).location).text

    assert "this import is already running" in page
    assert User.with_username("nora") is None and waiting() is not None


def test_a_yes_to_an_older_plan_is_no_yes(admin):
    upload(admin, file_of(NORA))

    confirm(admin, hash=64 * "0")

    assert User.with_username("nora") is None


@both_databases
def test_what_fails_in_the_middle_leaves_nothing_behind(admin, alice, monkeypatch):
    """All of it or nothing: here the log cannot be written, the very last."""
    upload(admin, file_of(NORA, "alice@example.org,,Alicia,,,,,"))
    before = all_but_the_file()
    monkeypatch.setattr(work.AuditEntry, "record", lambda *values, **named: 1 / 0)

    assert confirm(admin).status_code == 500
    assert all_but_the_file() == before
    assert waiting() is not None


def test_links_live_as_long_as_an_invitation(client, admin):
    run(admin, NORA, mail="y")
    client.sign_out()

    with time_machine.travel(utcnow().replace(year=utcnow().year + 1)):
        assert client.get(link_in(mails()[0])).status_code == 410


def test_a_role_with_a_strange_name_is_one(admin):
    keep(Role(name="=Odd", permissions=4))

    run(admin, "nora@example.org,'=Odd", header="email,role")

    assert User.with_email("nora@example.org").role.name == "=Odd"


def test_the_header_may_be_in_any_order(admin):
    run(admin, "Nilsen;nora@example.org", header="Last name;EMAIL")

    assert User.with_email("nora@example.org").last_name == "Nilsen"


@pytest.mark.parametrize("name", ["alice", "nora"])
def test_a_file_that_vouches_for_an_address_makes_nobody_administrator(app, client, name):
    """R-36, R-81: not by OFFBRAND_ADMIN either; that takes a proof that mail reaches them."""
    app.config["OFFBRAND_ADMIN"] = f"{name}@example.org"
    keep(Role(name="Elder", permissions=31))
    make_user("alice", confirmed=False)
    client.sign_in(make_user("elder", role="Elder"))

    run(client, f"{name}@example.org,yes", header="email,confirmed")

    person = User.with_username(name)
    assert (person.is_confirmed, person.role.name) == (True, "User")

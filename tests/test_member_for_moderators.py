"""A member as moderators see them: history and hints."""

import pytest
from factories import PASSWORD, keep, make_comment, make_post, make_user

from app.extensions import db
from app.models import Case, Invitation, Report, Role, Sanction, User, UserSession
from app.models.fields import utcnow
from app.models.moderation import user_history
from app.models.moderation.case import DISMISSED, HIDDEN


def case(person, outcome="", reporter=None):
    settled = utcnow() if outcome else None
    values = dict(noun="user", person=person, category="Spam", settled_at=settled)
    made = keep(Case(outcome=outcome, report_count=1, **values))
    keep(Report(case=made, reporter=reporter or make_user(), category="Spam", reason="Spam."))


def session(person, address):
    return UserSession.open(person, remembered=False, address=address, agent="")


def look(client, viewer, username="alice"):
    client.sign_in(viewer)
    answer = client.get(f"/moderation/people/{username}")
    assert answer.status_code == 200
    return answer.text


def test_reports_are_counted_by_what_became_of_them(client, alice, bob, mona):
    for outcome in (DISMISSED, DISMISSED, HIDDEN, ""):
        case(alice, outcome, reporter=bob)

    hers, his = look(client, mona), look(client, mona, "bob")

    assert "Reports made</dt><dd>Never" in hers
    assert "4 times: 1 upheld, 2 dismissed, 1 open" in hers
    assert "Reports made</dt><dd>4 times: 1 upheld, 2 dismissed, 1 open" in his


def test_of_very_many_reports_the_last_ones_are_counted(client, alice, bob, mona, monkeypatch):
    monkeypatch.setattr(user_history, "MOST_COUNTED", 2)
    for outcome in (HIDDEN, DISMISSED, DISMISSED):
        case(alice, outcome, reporter=bob)

    assert "Of the last 2: 0 upheld, 2 dismissed, 0 open" in look(client, mona)


def test_sanctions_hidden_texts_and_the_log_are_shown(client, alice, mona):
    for make in (make_post, make_comment):
        make(author=alice, text="Buy now.").hide(by=mona, reason="Advertising.")
    Sanction.impose(alice, "silence", by=mona, reason="Be calm.", until=None)

    page = look(client, mona)

    assert "Silence" in page and "Active" in page and "Be calm." in page
    assert page.count("Buy now.") == 2 and page.count("Advertising.") == 2
    assert "Silenced</dd>" in page and "mona</strong> silenced alice" in page


def test_how_they_came_is_recorded(client, flask, alice, mona, ada):
    form = dict(email="nora@example.org", username="nora", password=PASSWORD)
    client.post("/auth/register", data=form | dict(password2=PASSWORD))
    User.make(role=Role.get_default(), by=ada, email="max@example.org", username="max")
    User.make(role=Role.get_default(), email="otto@example.org", username="otto")
    invitation = Invitation.send("ivy@example.org", Role.get_default(), by=ada)
    invitation.join(username="ivy", password=PASSWORD)

    modes = {user.username: user.sign_up_mode for user in db.session.scalars(db.select(User))}
    assert modes == dict(
        nora="open", max="staff", otto="shell", ivy="invitation", alice="", mona="", ada=""
    )
    assert 'Invitation from <a href="/moderation/people/ada">' in look(client, mona, "ivy")
    assert "Unknown" in look(client, mona)


def test_other_accounts_of_a_network_are_a_hint(client, alice, bob, mona):
    session(alice, "2001:db8:1:2::7")
    session(bob, "2001:db8:1:2:ffff::8")
    session(make_user("carl"), "2001:db8:1:3::7")

    page = look(client, mona)

    assert "Only a hint" in page and "/moderation/people/bob" in page
    assert "/moderation/people/carl" not in page and "2001:db8" not in page


def test_an_address_that_is_not_known_is_no_network(client, alice, bob, mona):
    session(alice, "")
    session(bob, "")

    assert "Only a hint" not in look(client, mona)


def test_ten_neighbours_at_most_are_named(client, alice, mona):
    session(alice, "192.0.2.7")
    for number in range(12):
        session(make_user(f"near{number}"), "192.0.2.7")

    assert look(client, mona).count('href="/moderation/people/near') == 10


@pytest.mark.parametrize("who", ["mona", "ada"])
def test_staff_get_no_hints_about_themselves_and_their_betters(client, alice, mona, ada, who):
    session(dict(mona=mona, ada=ada)[who], "192.0.2.7")
    session(alice, "192.0.2.7")

    page = look(client, mona, who)

    assert "same network" not in page and "Clean up" not in page


def test_the_way_there_is_for_moderators(client, alice, bob, mona):
    for person in (None, bob, mona):
        client.sign_in(person) if person else client.sign_out()
        there = "/moderation/people/alice" in client.get("/user/alice").text
        assert there == (person is mona)


FOUND = {
    "": {"alice", "bob", "mona"},
    "ALICE": {"alice"},
    "al": {"alice"},
    "Liddell": {"alice"},
    "bob Burger": {"bob"},
    "example": set(),
    "bob@example.org": set(),
    "%": set(),
}


@pytest.mark.both_databases
def test_people_are_found_by_their_names_and_not_by_their_addresses(client, alice, bob, mona):
    alice.last_name, bob.last_name = "Liddell", "Bürger"
    bob.first_name = "Burger"
    client.sign_in(mona)

    seen = {}
    for words in FOUND:
        page = client.get("/moderation/people", query_string=dict(q=words)).text
        seen[words] = {name for name in FOUND[""] if f"/people/{name}" in page}
        assert "alice@" not in page
    assert seen == FOUND
    answer = client.get("/moderation/people", query_string=dict(q="\x00"))
    assert answer.status_code == 400


def test_who_is_not_there_is_not_found(client, mona):
    client.sign_in(mona)

    assert client.get("/moderation/people/nobody").status_code == 404


def test_a_closed_account_is_there_for_moderators(client, alice, mona, ada):
    alice.deactivate(by=ada)

    assert "Deactivated" in look(client, mona)


def test_nobody_of_the_staff_reads_how_often_they_or_their_betters_were_reported(client, mona, ada):
    for person in (mona, ada):
        case(person, DISMISSED)

    for name in ("mona", "ada"):
        assert "1 dismissed" not in look(client, mona, name)
    assert "1 dismissed" in look(client, ada, "mona")


def test_moderators_read_no_address_of_a_member_in_what_was_done_to_them(client, alice, mona, ada):
    alice.assign_address("private@example.net", by=ada, reason="Wrote to us.")
    Sanction.impose(alice, "warning", by=ada, reason="Be kind.")
    case(alice)
    made = db.session.scalars(db.select(Case)).one()

    page = look(client, mona) + client.get(f"/moderation/case/{made.id}").text

    assert "private@example.net" not in page and "alice@example.org" not in page
    assert "Wrote to us." not in page and page.count("Be kind.") == 3

"""Asking for a role: who may, for which, and what comes of it."""

import pytest
from factories import everything_but_visits, keep, link_in, mails, make_user
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, Role, RoleRequest
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account
from app.models.users.rank import Refused

WHY = "I am awake at night."


@pytest.fixture
def moderator(app):
    """The role, which people may ask for."""
    role = Role.named("Moderator")
    role.requestable = True
    return role


@pytest.fixture
def asked(alice, moderator):
    """Alice's request to be Moderator."""
    return RoleRequest.ask(alice, moderator, WHY)


def ask(client, role, reason=WHY):
    return client.post(f"/roles/{role.id}/ask", data={"reason": reason})


def decide(client, asked, **form):
    id = getattr(asked, "id", asked)
    return client.post(f"/admin/requests/roles/{id}", data={"words": "", **form})


def requests_of(person):
    rows = select(RoleRequest).where(RoleRequest.user_id == person.id).order_by(RoleRequest.id)
    return db.session.scalars(rows).all()


def acts():
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_name) for entry in entries]


# Asking


def test_a_member_asks_for_a_role_and_sees_that_it_waits(client, alice, moderator):
    client.sign_in(alice)
    assert "Permissions" in client.get(f"/roles/{moderator.id}/ask").text

    answer = ask(client, moderator)
    page = client.get(answer.location).text

    (asked,) = requests_of(alice)
    assert (asked.role, asked.reason, asked.is_open) == (moderator, WHY, True)
    assert "Your request is pending" in page and WHY in page and "We’ll email the decision" in page
    assert alice.role.name == "User"


def test_a_double_click_asks_once(client, alice, moderator):
    """R-96."""
    client.sign_in(alice)

    answers = [ask(client, moderator).location for _ in "12"]

    assert answers[0] == answers[1] and len(requests_of(alice)) == 1


def test_one_request_is_open_at_a_time(client, alice, asked):
    helper = keep(Role(name="Helper", permissions=8, requestable=True))
    client.sign_in(alice)

    answer = ask(client, helper)

    assert "Withdraw that request first" in answer.text
    assert requests_of(alice) == [asked]


def test_nonsense_on_the_form_asks_for_nothing(client, alice, moderator):
    """R-88."""
    client.sign_in(alice)

    for reason in ("", "x" * 501, "a\u202eb", ["one", "two"]):
        page = ask(client, moderator, reason)
        assert (page.status_code, "field-error" in page.text) == (200, True), reason
    assert requests_of(alice) == []


def test_nobody_asks_for_a_role_that_is_not_offered(client, alice):
    admin = Role.named("Administrator")
    client.sign_in(alice)

    assert client.get(f"/roles/{admin.id}/ask").status_code == 404
    assert ask(client, admin).status_code == 404
    with pytest.raises(Refused):
        RoleRequest.ask(alice, admin, WHY)
    assert requests_of(alice) == []


def test_a_role_that_is_not_there_is_a_404(client, alice):
    """R-86."""
    client.sign_in(alice)

    for id in ("0", "2147483648", "x"):
        assert client.get(f"/roles/{id}/ask").status_code == 404
        assert client.post(f"/roles/requests/{id}/withdraw").status_code == 404


@pytest.mark.parametrize("who", ["mona", "ada"])
def test_nobody_asks_for_what_they_have(client, request, moderator, who):
    person = request.getfixturevalue(who)
    client.sign_in(person)

    page = client.get(f"/roles/{moderator.id}/ask").text
    assert "already have everything Moderator allows" in page
    ask(client, moderator)

    assert requests_of(person) == []


def test_what_one_would_give_up_is_said(client, alice):
    helper = keep(Role(name="Helper", permissions=8, requestable=True))
    client.sign_in(alice)

    page = client.get(f"/roles/{helper.id}/ask").text

    assert "You’d lose" in page and "FOLLOW, COMMENT, WRITE" in page


def test_a_request_can_be_withdrawn_and_made_anew(client, alice, ada, asked):
    client.sign_in(alice)

    for _ in range(2):
        client.post(f"/roles/requests/{asked.id}/withdraw")
    assert asked.outcome == "withdrawn"
    ask(client, asked.role)

    assert [request.is_open for request in requests_of(alice)] == [False, True]


def test_nobody_withdraws_what_another_asked_for(client, bob, asked):
    """R-78."""
    client.sign_in(bob)

    assert client.post(f"/roles/requests/{asked.id}/withdraw").status_code == 404
    assert asked.is_open


def test_opening_the_page_asks_for_nothing(client, alice, moderator):
    """R-09."""
    client.sign_in(alice)
    client.get("/")
    before = everything_but_visits()

    client.get(f"/roles/{moderator.id}/ask")

    assert everything_but_visits() == before


# Deciding


def test_the_administration_shows_who_asks_and_why(client, ada, asked):
    client.sign_in(ada)

    page = client.get("/admin/requests").text

    assert "alice</a> requests Moderator" in page and WHY in page and "Accept<" in page


def test_an_accepted_request_gives_the_role_and_a_mail(client, alice, ada, asked):
    client.sign_in(ada)

    decide(client, asked, accept="1", words="Thank you!")

    (mail,) = mails()
    assert alice.role.name == "Moderator" and asked.outcome == "accepted"
    assert (mail.kind, mail.recipient, link_in(mail)) == (
        "role_accepted",
        alice.email,
        "/auth/login",
    )
    assert "> Thank you!" in mail.text
    assert acts() == [("accept request", "ada", "alice"), ("change role", "ada", "alice")]


def test_a_declined_request_changes_nothing_but_is_told(client, alice, ada, asked):
    client.sign_in(ada)

    decide(client, asked, decline="1", words="Not yet.")

    (mail,) = mails()
    assert (alice.role.name, asked.outcome) == ("User", "declined")
    assert mail.kind == "role_declined" and "> Not yet." in mail.text
    assert acts() == [("decline request", "ada", "alice")]
    client.sign_in(alice)
    page = client.get(f"/roles/{asked.role_id}/ask").text
    assert "was declined" in page and "Not yet." in page and "Permissions" in page


@pytest.mark.parametrize(
    "first, second", [("accept", "decline"), ("decline", "accept"), ("withdraw", "accept")]
)
def test_the_second_who_decides_is_told(client, alice, ada, asked, first, second):
    client.sign_in(ada)
    if first == "withdraw":
        asked.withdraw()
    else:
        decide(client, asked, **{first: "1"})
    before = len(mails()), len(acts()), alice.role

    answer = decide(client, asked, **{second: "1"})

    assert "was already decided" in client.get(answer.location).text
    assert (len(mails()), len(acts()), alice.role) == before


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_what_was_decided_stays_decided(alice, ada, asked, verb):
    asked.decline(by=ada)

    with pytest.raises(Refused, match="decided or withdrawn"):
        getattr(asked, verb)(by=ada)
    assert alice.role.name == "User"


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_only_administrators_of_that_rank_decide(client, alice, mona, verb):
    """R-81: the page says why, and offers nothing."""
    boss = Role.named("Administrator")
    boss.requestable = True
    asked = RoleRequest.ask(alice, boss, WHY)
    keep(Role(name="Older", permissions=31))
    olga = make_user("olga", role="Older")
    for person in (alice, mona, olga):
        with pytest.raises(Refused):
            getattr(asked, verb)(by=person)
    client.sign_in(olga)

    page = client.get("/admin/requests").text
    decide(client, asked, **{verb: "1"})

    assert "You can’t give the role Administrator" in page and "Accept<" not in page
    assert asked.is_open and alice.role.name == "User" and mails() == []


def test_nobody_decides_on_their_own_request(client):
    """R-81."""
    keep(Role(name="Older", permissions=31))
    olga = make_user("olga", role="Older")
    helper = keep(Role(name="Helper", permissions=32, requestable=True))
    asked = RoleRequest.ask(olga, helper, WHY)
    olga.role.permissions = 0xFF
    client.sign_in(olga)

    assert "You can’t do this to yourself" in client.get("/admin/requests").text
    with pytest.raises(Refused, match="You can’t do this to yourself"):
        asked.accept(by=olga)


def test_a_request_that_is_moot_by_now_is_shown_as_such(client, alice, ada, asked):
    alice.change_role(Role.named("Administrator"), by=ada)
    client.sign_in(ada)

    page = client.get("/admin/requests").text
    decide(client, asked, accept="1")

    assert "They already have these permissions" in page and "Accept<" not in page
    assert asked.is_open and alice.role.name == "Administrator"  # not made less by it
    decide(client, asked, decline="1")
    assert not asked.is_open


def test_a_request_goes_with_its_role(client, alice, ada):
    helper = keep(Role(name="Helper", permissions=8, requestable=True))
    RoleRequest.ask(alice, helper, WHY)
    db.session.delete(helper)
    db.session.commit()
    client.sign_in(ada)

    assert "No pending role requests." in client.get("/admin/requests").text
    assert requests_of(alice) == []


def test_a_request_goes_with_its_member(client, alice, ada, asked):
    delete_account(alice, by=ada)
    db.session.commit()
    client.sign_in(ada)

    assert "No pending role requests." in client.get("/admin/requests").text


@pytest.mark.parametrize(
    "form", [{}, {"accept": "1", "decline": "1"}, {"accept": "1", "words": "see evil.net"}]
)
def test_nonsense_decides_nothing(client, ada, alice, asked, form):
    """R-88, R-37."""
    client.sign_in(ada)

    page = decide(client, asked, **form)

    assert (page.status_code, "field-error" in page.text) == (200, True)
    assert form.get("words", "") in page.text
    assert asked.is_open and alice.role.name == "User" and mails() == []


def test_what_was_written_is_text(client, ada, asked):
    """R-14."""
    asked.reason = "<script>alert(1)</script>"
    client.sign_in(ada)

    assert "<script>alert" not in client.get("/admin/requests").text


def test_a_role_for_a_time_ends_as_before_when_another_is_given(alice, ada, asked, time_machine):
    """What was given on request stays, whatever one held for a time before."""
    helper = keep(Role(name="Helper", permissions=7 | 32))
    alice.change_role(helper, by=ada, until=utcnow().replace(year=2997))

    asked.accept(by=ada)
    time_machine.move_to(utcnow().replace(year=2998))

    assert alice.current_role.name == "Moderator"

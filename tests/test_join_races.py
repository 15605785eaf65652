"""Invitations and requests that several people act on in the same moment."""

from functools import partial

import pytest
from factories import ANOTHER, keep, mails, make_user
from sqlalchemy import select
from test_races import at_once, cookie_of, meet, post, restless_threads, sign_up, statuses

from app.admin import requests
from app.extensions import db
from app.models import AuditEntry, Invitation, Role, RoleRequest, Setting, User
from app.models.users.approval import Approval
from app.models.users.rank import Refused

__all__ = ["meet", "restless_threads"]
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]
NORA = "nora@example.org"


def invite(by, email=NORA, role="User"):
    return Invitation.send(email, Role.named(role), by=by)


def join(app, token, username):
    form = dict(username=username, password=ANOTHER, password2=ANOTHER)
    return partial(post, app, f"/auth/join/{token}", **form)


def acts():
    return db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()


def test_of_four_uses_of_one_invitation_one_makes_an_account(app, ada, meet):
    """R-97: the others get a polite page."""
    meet(Invitation, "join", 4)  # all have found the link good
    token = invite(ada).generate_token()

    answers = at_once(app, *[join(app, token, f"n{i}") for i in range(4)])

    assert statuses(answers).count(302) == 1
    assert set(statuses(answers)) <= {200, 302, 400}
    assert User.count(User.email == NORA) == 1
    assert acts().count("join") == 1
    assert AuditEntry.verify() is None


def test_of_two_invited_who_want_one_name_one_has_it(app, ada, meet):
    """R-34: the other is told at the field, and joins with another one."""
    meet(Invitation, "join", 2, seconds=0.2)
    tokens = [invite(ada, f"n{i}@example.org").generate_token() for i in range(2)]

    answers = at_once(app, *[join(app, token, "nora") for token in tokens])

    assert statuses(answers) == [200, 302]
    assert [("That username is taken" in page) for status, page in answers if status == 200] == [
        True
    ]
    loser = tokens[[status for status, page in answers].index(200)]
    assert join(app, loser, "nora2")()[0] == 302


def test_of_an_invited_and_a_stranger_with_one_address_one_account_is_left(app, ada):
    """R-34: and the invitation still works where the stranger was faster."""
    token = invite(ada).generate_token()

    answers = at_once(app, join(app, token, "nora"), sign_up(app, "thief", NORA))

    assert User.count(User.email == NORA) == 1
    if User.with_email(NORA).username != "nora":
        assert answers[0][0] == 200 and join(app, token, "nora")()[0] == 302
    assert User.with_email(NORA).username == "nora"


def test_joining_and_revoking_at_once_come_to_one_of_the_two(app, client, ada):
    invitation = invite(ada)
    token, cookie = invitation.generate_token(), cookie_of(client, ada)
    revoke = partial(post, app, f"/admin/invitations/{invitation.id}/revoke", cookie)

    at_once(app, join(app, token, "nora"), revoke)

    joined = User.with_email(NORA) is not None
    assert invitation.state == ("joined" if joined else "revoked")
    assert acts()[1:] == (["join"] if joined else ["revoke invitation"])


def test_joining_while_the_inviter_loses_the_rank_grants_what_holds_in_the_end(app, ada):
    """R-81: whoever is first, the other sees it."""
    make_user("boss", role="Administrator")
    token = invite(ada, role="Administrator").generate_token()

    def demote():
        person, boss = User.with_username("ada"), User.with_username("boss")
        person.change_role(Role.get_default(), by=boss)
        db.session.commit()

    at_once(app, join(app, token, "nora"), demote)

    after = [action for action in acts() if action in ("join", "change role")]
    given = "Administrator" if after == ["join", "change role"] else "User"
    assert User.with_username("nora").role.name == given


def test_a_double_click_on_invite_invites_once(app, client, ada):
    """R-95, R-96."""
    cookie = cookie_of(client, ada)
    form = dict(addresses=NORA, role=Role.get_default().id, greeting="")

    answers = at_once(app, *[partial(post, app, "/admin/invitations/new", cookie, **form)] * 4)

    assert set(statuses(answers)) <= {200, 302}
    assert (len(mails("invitation")), acts()) == (1, ["invite"])


def test_a_double_click_on_send_again_sends_one(app, client, ada):
    """R-95, R-96."""
    cookie, invitation = cookie_of(client, ada), invite(ada)
    path = f"/admin/invitations/{invitation.id}/resend"

    answers = at_once(app, *[partial(post, app, path, cookie, times_sent="1")] * 4)

    assert statuses(answers) == [302] * 4
    assert (len(mails("invitation")), invitation.times_sent) == (1, 2)


def test_an_old_link_pressed_four_times_sends_one_fresh_one(app, ada):
    """R-73, R-95."""
    path = f"/auth/join/{invite(ada).generate_token(-60)}/again"

    answers = at_once(app, *[partial(post, app, path)] * 4)

    assert statuses(answers) == [302] * 4
    assert len(mails("invitation")) == 1


@pytest.mark.parametrize("choices", [["accept", "decline"], ["decline"] * 2])
def test_of_two_who_decide_on_a_newcomer_one_does(app, client, ada, meet, choices):
    """R-95: the second is told, and the newcomer gets one mail."""
    meet(Approval, "_decide", 2)
    nora = make_user("nora")
    nora.ask_for_approval("Please.")
    make_user("eda", role="Administrator")
    cookies = [cookie_of(client, User.with_username(name)) for name in ("ada", "eda")]
    path = f"/admin/requests/newcomers/{nora.id}"

    answers = at_once(
        app,
        *[
            partial(post, app, path, cookie, words="", **{choice: "1"})
            for cookie, choice in zip(cookies, choices, strict=True)
        ],
    )

    assert statuses(answers) == [302, 302]
    (mail,) = mails()
    (act,) = acts()
    assert (mail.kind, act) in [("accepted", "approve"), ("declined", "decline")]
    assert (User.with_username("nora") is None) == (act == "decline")


@pytest.mark.parametrize("choices", [["accept", "decline"], ["accept"] * 2])
def test_of_two_who_decide_on_a_request_one_does(app, client, alice, ada, meet, choices):
    """R-95."""
    meet(requests, "answer_role_request", 2)
    asked = keep(RoleRequest(user=alice, role=Role.named("Moderator"), reason="Please."))
    make_user("eda", role="Administrator")
    cookies = [cookie_of(client, User.with_username(name)) for name in ("ada", "eda")]
    path = f"/admin/requests/roles/{asked.id}"

    answers = at_once(
        app,
        *[
            partial(post, app, path, cookie, words="", **{choice: "1"})
            for cookie, choice in zip(cookies, choices, strict=True)
        ],
    )

    assert statuses(answers) == [302, 302]
    assert len(mails()) == 1
    assert alice.is_moderator() == (asked.outcome == "accepted")


def test_deciding_while_it_is_withdrawn_comes_to_one_of_the_two(app, client, alice, ada):
    asked = keep(RoleRequest(user=alice, role=Role.named("Moderator"), reason="Please."))
    cookies = [cookie_of(client, person) for person in (alice, ada)]
    withdraw = partial(post, app, f"/roles/requests/{asked.id}/withdraw", cookies[0])
    path = f"/admin/requests/roles/{asked.id}"

    at_once(app, withdraw, partial(post, app, path, cookies[1], words="", accept="1"))

    assert (asked.outcome, alice.is_moderator()) in [("accepted", True), ("withdrawn", False)]


def test_a_request_is_decided_while_its_role_is_deleted(app, alice, ada):
    """Nobody waits for the other in a circle."""
    helper = keep(Role(name="Helper", permissions=8))
    asked = keep(RoleRequest(user=alice, role=helper, reason="Please."))
    id = asked.id

    def decline():
        request, boss = db.session.get(RoleRequest, id), User.with_username("ada")
        if request is None:  # it went with the role
            return
        try:
            request.decline(by=boss)
            db.session.commit()
        except Refused:
            db.session.rollback()

    def delete():
        with User.an_administrator_remains():
            db.session.delete(Role.named("Helper"))
        db.session.commit()

    at_once(app, decline, delete)

    assert Role.named("Helper") is None
    assert db.session.scalars(select(RoleRequest)).all() == []


def test_a_double_click_on_ask_asks_once(app, client, alice):
    """R-95, R-96."""
    role = Role.named("Moderator")
    role.requestable = True
    cookie = cookie_of(client, alice)

    path = f"/roles/{role.id}/ask"
    answers = at_once(app, *[partial(post, app, path, cookie, reason="Please.")] * 4)

    assert statuses(answers) == [302] * 4
    assert len(db.session.scalars(select(RoleRequest)).all()) == 1


def test_of_eight_who_apply_with_one_address_one_has_it(app, meet):
    """R-34, R-33: by approval too."""
    Setting.change(registration="approval")

    people = [partial(sign_up(app, f"n{i}", NORA), reason="Please.") for i in range(8)]
    answers = at_once(app, *people)

    assert statuses(answers) == [302] * 8
    assert User.count(User.approval_asked_at.is_not(None)) == 1

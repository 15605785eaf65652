"""Invitations: who is invited, with which role, what the link does, and for how long."""

import re
from datetime import timedelta

import pytest
from factories import ANOTHER, PASSWORD, everything, keep, link_in, mails, make_user
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, Invitation, Role, Setting, User
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account
from app.models.users.rank import Refused
from app.security.tokens import sign

NORA = "nora@example.org"
JOIN = dict(username="nora", password=ANOTHER, password2=ANOTHER)
WEEK = timedelta(days=7)


def invite(by, email=NORA, role="User", **values):
    return Invitation.send(email, Role.named(role), by=by, **values)


def path_of(invitation, expiration=None):
    return f"/auth/join/{invitation.generate_token(expiration)}"


def join(client, invitation, **changes):
    return client.post(path_of(invitation), data=JOIN | changes)


def send_form(client, addresses=NORA, role="User", **fields):
    data = dict(addresses=addresses, role=Role.named(role).id, greeting="") | fields
    return client.post("/admin/invitations/new", data=data)


def acts():
    """Pairs of an act and who did it, the oldest first."""
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name) for entry in entries]


def settled(client):
    """All that is stored, once the visit is noted and the log is sealed."""
    client.get("/")
    return everything()


def emails():
    return db.session.scalars(select(Invitation.email).order_by(Invitation.email)).all()


@pytest.fixture
def olga(app):
    """An administrator who holds less than others do."""
    keep(Role(name="Older", permissions=31))
    return make_user("olga", role="Older")


# Inviting


def test_an_administrator_invites_by_address_with_a_role_and_a_word(client, ada):
    client.sign_in(ada)

    answer = send_form(client, role="Moderator", greeting="Come!\nThere is cake.")

    (invitation,) = db.session.scalars(select(Invitation))
    (mail,) = mails("invitation")
    assert answer.location == "/admin/invitations"
    assert (invitation.email, invitation.role.name, invitation.state) == (NORA, "Moderator", "open")
    assert (mail.recipient, link_in(mail).split("/")[2]) == (NORA, "join")
    assert "ada wrote:\n\n> Come!\n> There is cake." in mail.text
    assert acts() == [("invite", "ada")]


def test_several_are_invited_at_once_each_of_them_once(client, ada):
    client.sign_in(ada)

    send_form(client, "A@Example.org\nb@example.org, c@example.org;\n a@example.org \n\n")

    assert emails() == ["a@example.org", "b@example.org", "c@example.org"]
    assert len(mails("invitation")) == 3


MIXED = f"alice@example.org\nnobody\nold@example.org\nulla@example.org\nwaits@example.org\n{NORA}"


@pytest.fixture
def known(ada, alice):
    invite(ada, "old@example.org")
    make_user("ulla", confirmed=False)
    make_user("waits").ask_for_approval("Please.")


def test_of_those_who_cannot_be_invited_each_is_told_and_why(client, ada, known):
    client.sign_in(ada)
    before = settled(client)

    page = send_form(client, MIXED)

    said = dict(re.findall(r"<li><strong>(.*?)</strong>: (.*?)</li>", page.text))
    assert said["alice@example.org"] == "Already has an account."
    assert said["old@example.org"].startswith("Already invited")
    assert "unconfirmed email" in said["ulla@example.org"]
    assert "See Requests" in said["waits@example.org"]
    assert "Enter a valid email" in said["nobody"] and NORA not in said
    assert everything() == before


def test_the_rest_may_go(client, ada, known):
    client.sign_in(ada)

    send_form(client, MIXED, leave_out="1")

    assert [mail.recipient for mail in mails("invitation")] == [NORA]


def test_with_nobody_left_nobody_is_invited(client, ada, alice):
    client.sign_in(ada)

    page = send_form(client, "alice@example.org", leave_out="1")

    assert "Nobody can be invited" in page.text
    assert emails() == []


def test_a_form_sent_twice_invites_once(client, ada):
    """R-96."""
    client.sign_in(ada)

    send_form(client)
    page = send_form(client)

    assert "Already invited" in page.text
    assert len(mails("invitation")) == 1


def test_at_most_fifty_are_invited_at_once(client, ada):
    client.sign_in(ada)

    page = send_form(client, "\n".join(f"n{i}@example.org" for i in range(51)))

    assert "at most 50" in page.text
    assert emails() == []


NONSENSE = [
    {"addresses": ""},
    {"addresses": "x" * 13_000},
    {"addresses": "a\u202e@example.org"},
    {"role": "4711"},
    {"role": ""},
    {"role": "9" * 30},
    {"greeting": "x" * 501},
    {"greeting": "a\u2066b"},
    {"greeting": "Look at https://evil.net"},
    {"greeting": "Look at evil.net/now"},
    {"greeting": "Look at EVIL。net"},
    {"greeting": "Write to eve@evil"},
]


def test_nonsense_on_the_form_invites_nobody(client, ada):
    """R-88, R-37: words that are mailed hold no links."""
    client.sign_in(ada)
    before = settled(client)

    for fields in NONSENSE:
        values = dict(addresses=NORA, role=str(Role.get_default().id), greeting="") | fields
        page = client.post("/admin/invitations/new", data=values)
        assert (page.status_code, "field-error" in page.text) == (200, True), fields

    assert everything() == before


def test_a_greeting_that_holds_no_link_is_fine(client, ada):
    client.sign_in(ada)

    for n, words in enumerate(("Hi. It is 3.5 km, at 8 p.m.", "Hello!\r\n\tSee you…", "z.B. so")):
        assert send_form(client, f"n{n}@example.org", greeting=words).status_code == 302, words


def test_a_greeting_is_text_wherever_it_is_shown(client, ada):
    """R-14, R-37."""
    invitation = invite(ada, greeting="<b>Hi</b> <a href=x>")
    client.sign_in(ada)
    send_form(client, "other@example.org", greeting="<b>Hi</b> <img src=x>")
    client.sign_out()

    (mail,) = mails("invitation")
    assert "<b>" not in mail.html and "<img" not in mail.html
    assert "<b>" not in client.get(path_of(invitation)).text


def test_who_invites_is_named_so_that_no_reader_takes_it_for_a_link(app):
    """R-37."""
    client, boss = app.test_client(), make_user("evil.net", role="Administrator")
    client.sign_in(boss)

    send_form(client)

    (mail,) = mails("invitation")
    assert "evil.net" not in mail.text + mail.html + mail.subject


def test_nobody_invites_with_a_role_above_their_own(client, olga):
    """R-81: it is not offered, and refused."""
    client.sign_in(olga)

    offered = client.get("/admin/invitations/new").text
    page = send_form(client, role="Administrator")

    assert ">Moderator<" in offered and ">Administrator<" not in offered
    assert "field-error" in page.text and emails() == []
    with pytest.raises(Refused, match="can’t give the role Administrator"):
        invite(olga, role="Administrator")


def test_only_administrators_invite(alice, mona, ada):
    """R-81: and none whose account is closed."""
    closed = make_user("closed", role="Administrator")
    closed.deactivate()
    for person in (alice, mona, closed):
        with pytest.raises(Refused):
            invite(person)


def test_who_holds_little_is_offered_little(client):
    """R-81."""
    keep(Role(name="Bare", permissions=16))
    client.sign_in(make_user("bert", role="Bare"))

    page = client.get("/admin/invitations/new").text

    assert re.findall(r"<option[^>]*>(.*?)<", page) == ["Bare"]


def test_an_address_is_not_flooded_with_invitations(client, ada):
    """R-73: the rest go all the same."""
    client.sign_in(ada)
    for _ in range(4):
        send_form(client)
        db.session.execute(Invitation.__table__.delete())

    answer = send_form(client, f"{NORA}\nother@example.org")

    assert len([mail for mail in mails("invitation") if mail.recipient == NORA]) == 3
    assert "too many emails" in client.get(answer.location).text
    assert emails() == ["other@example.org"]


# The list


def test_the_list_shows_what_waits_and_on_demand_all(client, ada):
    invite(ada, "open@example.org", "Moderator")
    invite(ada, "late@example.org").sent_at = utcnow() - 2 * WEEK
    invite(ada, "back@example.org").revoke(by=ada)
    join(client, invite(ada))
    client.sign_in(ada)

    waiting = client.get("/admin/invitations").text
    everyone = client.get("/admin/invitations?show=all").text

    assert all(
        word in waiting for word in ("open@", "late@", ">Pending<", ">Expired<", "Moderator")
    )
    assert "back@" not in waiting and NORA not in waiting
    assert all(word in everyone for word in ("back@", NORA, ">Revoked<", ">Joined<", "/user/nora"))


def test_a_long_list_has_pages(client, ada):
    for number in range(21):
        invite(ada, f"n{number}@example.org")
    client.sign_in(ada)

    first = client.get("/admin/invitations")
    older = re.search(r'href="(/admin/invitations\?after=[^"]*)"', first.text).group(1)

    assert "n20@" in first.text and "n0@" not in first.text
    assert "n0@" in client.get(older).text


def test_nonsense_in_the_query_shows_the_list(client, ada):
    """R-90."""
    client.sign_in(ada)

    for query in ("after=x", "before=%00", "after=WzFd", "show=nonsense"):
        assert client.get(f"/admin/invitations?{query}").status_code in (200, 400), query


def test_what_is_above_ones_rank_cannot_be_sent_again_or_revoked(client, ada, olga):
    """R-81."""
    invitation = invite(ada, role="Administrator")
    client.sign_in(olga)

    page = client.get("/admin/invitations").text
    for act in ("resend", "revoke"):
        client.post(f"/admin/invitations/{invitation.id}/{act}", data={"times_sent": 1})

    assert "allows more than yours" in page and "Revoke<" not in page
    assert invitation.state == "open" and invitation.times_sent == 1
    assert mails() == []


def test_sending_again_makes_a_fresh_link_and_voids_the_old_one(client, ada, olga):
    invitation = invite(ada)
    invitation.sent_at -= 2 * WEEK
    old = path_of(invitation)
    client.sign_in(olga)

    client.post(f"/admin/invitations/{invitation.id}/resend", data={"times_sent": 1})
    client.sign_out()

    (mail,) = mails("invitation")
    assert client.get(old).status_code == 400
    assert client.get(link_in(mail)).status_code == 200
    assert (invitation.state, invitation.invited_by) == ("open", olga)
    assert acts() == [("invite", "ada"), ("resend invitation", "olga")]


def test_a_double_click_on_send_again_sends_one(client, ada):
    """R-96: the second click names what is no longer so."""
    invitation = invite(ada)
    client.sign_in(ada)

    for times_sent in ("1", "1", "0", "7", "", "x", "9" * 30):
        path = f"/admin/invitations/{invitation.id}/resend"
        client.post(path, data={"times_sent": times_sent})

    assert len(mails("invitation")) == 1


def test_sending_again_and_again_is_refused(client, ada):
    """R-73."""
    invitation = invite(ada)
    client.sign_in(ada)

    statuses = [
        client.post(f"/admin/invitations/{invitation.id}/resend", data={"times_sent": number})
        for number in (1, 2, 3, 4)
    ]

    assert [answer.status_code for answer in statuses] == [302, 302, 302, 429]
    assert (len(mails("invitation")), invitation.times_sent) == (3, 4)


def test_a_revoked_invitation_is_dead(client, ada):
    invitation = invite(ada)
    path = path_of(invitation)
    client.sign_in(ada)
    for _ in range(2):
        client.post(f"/admin/invitations/{invitation.id}/revoke")
    client.sign_out()

    assert client.get(path).status_code == 400
    assert client.post(path, data=JOIN).status_code == 400
    assert User.with_username("nora") is None
    assert acts() == [("invite", "ada"), ("revoke invitation", "ada")]


def test_whoever_has_joined_is_past_sending_and_revoking(client, ada):
    invitation = invite(ada)
    join(client, invitation)
    client.sign_in(ada)

    for act in ("resend", "revoke"):
        path = f"/admin/invitations/{invitation.id}/{act}"
        answer = client.post(path, data={"times_sent": 1})
        assert "They have already joined." in client.get(answer.location).text, act
    assert mails() == []


def test_a_revoked_address_can_be_invited_anew(ada):
    invite(ada).revoke(by=ada)

    assert invite(ada).state == "open"
    assert invite(ada) is None  # one at a time


def test_an_invitation_that_is_not_there_is_a_404(client, ada):
    client.sign_in(ada)

    for path in ("0/resend", "4711/resend", "4711/revoke"):
        assert client.post(f"/admin/invitations/{path}").status_code == 404, path


# Joining


def test_the_invited_joins_in_every_mode_and_is_confirmed(client, ada):
    for mode in ("open", "approval", "invitation", "closed"):
        invitation = invite(ada, f"{mode}@example.org", role="Moderator")
        Setting.change(registration=mode)

        answer = join(client, invitation, username=mode, first_name="Nora")
        nora = User.with_username(mode)

        assert answer.location == "/auth/login"
        assert (nora.email, nora.role.name) == (f"{mode}@example.org", "Moderator")
        assert nora.is_confirmed and not nora.awaits_approval
        assert (invitation.state, invitation.joined) == ("joined", nora)
        assert (nora.first_name, acts()[-1]) == ("Nora", ("join", mode))


def test_joining_signs_nobody_in_but_signing_in_works(client, ada):
    """R-57."""
    join(client, invite(ada))
    assert client.get("/settings/profile").status_code == 302

    answer = client.post("/auth/login", data={"login": "nora", "password": ANOTHER})

    assert answer.location == "/"
    assert client.get("/settings/profile").status_code == 200


def test_opening_the_link_changes_nothing(client, ada):
    """R-09, R-53."""
    path = path_of(invite(ada, greeting="Come!"))
    before = settled(client)

    for page in (client.get(path), client.head(path)):
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert everything() == before


def test_a_used_link_is_dead(client, app, ada):
    """R-46."""
    path = path_of(invite(ada))
    client.post(path, data=JOIN)
    before = settled(client)

    again = app.test_client().post(path, data=JOIN | {"username": "nora2"})

    assert (again.status_code, "Already joined?" in again.text) == (400, True)
    assert everything() == before


def test_the_same_form_sent_twice_is_answered_alike(client, ada):
    """R-96: for the browser that joined, and for no other."""
    path = path_of(invite(ada))
    with client.session_transaction() as session:
        session["csrf_token"] = "of the page with the form"

    answers = [client.post(path, data=JOIN).location for _ in "12"]

    assert answers == ["/auth/login", "/auth/login"]
    assert User.count() == 2


NOT_TO_BE = [  # the fields are those of the sign-up, so one of each kind
    {"username": "1nora"},
    {"username": "Ada"},
    {"username": "moderator"},
    {"first_name": "x" * 65},
    {"last_name": "a\u202eb"},
    {"password": NORA, "password2": NORA},
    {"password2": "something else"},
    {"username": ["nora", "eve"]},
]


def test_what_no_newcomer_may_choose_the_invited_may_not_either(client, ada):
    """R-28 to R-30, R-38, R-40, R-88."""
    invitation = invite(ada)

    for changes in NOT_TO_BE:
        page = join(client, invitation, **changes)
        assert (page.status_code, "field-error" in page.text) == (200, True), changes

    assert (User.count(), invitation.state) == (1, "open")


def test_unexpected_fields_change_nothing(client, ada):
    """R-35."""
    extra = dict(email="eve@evil.net", role="3", role_id="3", permissions="255", id="4711")

    join(client, invite(ada), **extra)

    nora = User.with_username("nora")
    assert (nora.email, nora.role.name) == (NORA, "User") and nora.id != 4711


def test_whoever_is_signed_in_is_told_to_sign_out_first(client, ada, alice):
    path = path_of(invite(ada))
    client.sign_in(alice)

    for page in (client.get(path), client.post(path, data=JOIN)):
        assert "Sign out first" in page.text
    assert User.with_username("nora") is None


def test_a_mangled_link_is_a_polite_page(client):
    """R-51."""
    for token in ("x", "é", "." * 300):
        assert client.get(f"/auth/join/{token}").status_code == 400
        assert client.post(f"/auth/join/{token}/again").location == "/auth/login"


def test_no_other_link_lets_anybody_join_and_this_one_does_nothing_else(client, ada):
    """R-48."""
    invitation = invite(ada)
    payload = {"invitation": invitation.id, "print": invitation.fingerprint}
    for purpose in ("confirm", "reset", "change_email", "revert_email"):
        assert client.get(f"/auth/join/{sign(purpose, payload, 60)}").status_code == 400, purpose

    token = invitation.generate_token()
    for path in ("confirm", "reset-password", "change-email", "revert-email"):
        assert client.get(f"/auth/{path}/{token}").status_code == 400, path


def test_an_invitation_that_is_gone_lets_nobody_join(client, ada):
    path = path_of(invite(ada))
    db.session.execute(Invitation.__table__.delete())

    assert client.get(path).status_code == 400


# What an invitation grants


def demote(ada, boss):
    ada.change_role(Role.named("Moderator"), by=boss)


@pytest.mark.parametrize(
    "loss",
    [
        lambda ada, boss: ada.change_role(Role.named("Moderator"), by=boss),
        lambda ada, boss: ada.deactivate(by=boss),
        lambda ada, boss: delete_account(ada, by=boss),
        lambda ada, boss: ada.assign_address("elsewhere@example.org", by=boss),
    ],
    ids=["demoted", "deactivated", "deleted", "unproven"],
)
def test_an_invitation_grants_nothing_that_the_inviter_may_not_give_by_then(client, ada, loss):
    """R-81: the newcomer gets the default role, and the log says so."""
    invitation = invite(ada, role="Administrator")
    loss(ada, make_user("boss", role="Administrator"))

    join(client, invitation)

    entry = db.session.scalars(AuditEntry.latest()).first()
    assert User.with_username("nora").role.name == "User"
    assert (entry.action, entry.after) == ("join", "User")
    assert "Invited as Administrator, a role that the inviter can no longer give" in entry.reason


def test_an_inviter_whose_role_has_run_out_gives_nothing_by_it(client, olga, time_machine):
    """R-81: a role for a time counts until then, not a moment longer."""
    olga.change_role(Role.named("Administrator"), until=utcnow() + timedelta(days=1))
    invitation = invite(olga, role="Administrator")
    time_machine.move_to(utcnow() + timedelta(days=2))

    join(client, invitation)

    assert User.with_username("nora").role.name == "User"


def test_a_role_that_grew_since_is_given_only_by_those_who_hold_as_much(client, ada, olga):
    """R-81: the role counts as it is when somebody joins."""
    helper = keep(Role(name="Helper", permissions=8))
    invitation = invite(olga, role="Helper")
    helper.permissions = 0xFF

    join(client, invitation)

    assert User.with_username("nora").role.name == "User"


def test_an_invitation_whose_role_was_deleted_gives_the_default_one(client, ada):
    helper = keep(Role(name="Helper", permissions=8))
    invitation = invite(ada, role="Helper")
    db.session.flush()
    db.session.delete(helper)
    db.session.commit()
    db.session.expire_all()

    join(client, invitation)

    assert User.with_username("nora").role.name == "User"


def test_whoever_sends_it_again_answers_for_the_role(client, ada):
    """R-81: the first inviter is gone, another administrator stands by it."""
    boss = make_user("boss", role="Administrator")
    invitation = invite(ada, role="Moderator")
    delete_account(ada, by=boss)
    db.session.flush()
    invitation.resend(by=boss, times_sent=1)

    join(client, invitation)

    assert User.with_username("nora").role.name == "Moderator"


def test_the_address_of_the_first_administrator_is_proven_by_joining(client, app, ada):
    """R-36."""
    app.config["OFFBRAND_ADMIN"] = NORA

    join(client, invite(ada))

    assert User.with_username("nora").is_administrator()


# Others with the same address


def test_an_account_that_only_claims_the_address_gives_way(client, ada):
    """The mailbox's owner wins, as with a way back to an address."""
    invitation = invite(ada)
    make_user("thief", email=NORA, confirmed=False, password=PASSWORD)

    assert join(client, invitation).location == "/auth/login"

    assert User.with_username("thief") is None
    assert User.with_email(NORA).username == "nora"
    assert (
        "Replaced the unconfirmed account thief"
        in db.session.scalars(AuditEntry.latest()).first().reason
    )


def test_an_account_that_has_the_address_by_now_stays(client, ada):
    invitation = invite(ada)
    make_user("earlier", email=NORA)
    before = settled(client)

    for page in (client.get(path_of(invitation)), join(client, invitation)):
        assert (page.status_code, "already has an account" in page.text) == (200, True)
    assert everything() == before


def test_a_member_whom_staff_moved_to_the_address_stays(client, ada, alice):
    """Nobody's account is lost by a slip of staff."""
    alice.member_since -= WEEK
    invitation = invite(ada)
    alice.assign_address(NORA, by=ada)

    page = join(client, invitation)

    assert "already has an account" in page.text
    assert User.with_username("alice") is alice


# A link that has run out


def test_a_link_that_has_run_out_offers_a_fresh_one(client, ada, time_machine):
    """R-50."""
    path = path_of(invite(ada, role="Moderator"))
    time_machine.move_to(utcnow() + WEEK + timedelta(minutes=1))

    page = client.get(path)
    assert (page.status_code, f'action="{path}/again"' in page.text) == (410, True)
    assert client.post(path, data=JOIN).status_code == 410
    assert client.post(f"{path}/again").location == "/auth/login"

    (mail,) = mails("invitation")
    assert mail.recipient == NORA
    assert client.post(link_in(mail), data=JOIN).location == "/auth/login"
    assert User.with_username("nora").role.name == "Moderator"
    assert acts() == [("invite", "ada"), ("resend invitation", "the site"), ("join", "nora")]


def answer_to_again(app, path):
    client = app.test_client()
    answer = client.post(f"{path}/again")
    return answer.status_code, answer.location, client.get(answer.location).text.count("a new link")


def test_nobody_learns_what_became_of_the_invitation(client, app, ada):
    """The same answer for one that stands, was used, revoked, is good still, or never was."""
    stands, used, revoked, good = (invite(ada, f"n{i}@example.org") for i in range(4))
    tokens = [path_of(invitation, -60) for invitation in (stands, used, revoked)]
    join(client, used)
    revoked.revoke(by=ada)

    answers = {answer_to_again(app, path) for path in (*tokens, path_of(good), "/auth/join/x")}

    assert answers == {(302, "/auth/login", 1)}
    assert [mail.recipient for mail in mails("invitation")] == ["n0@example.org"]


def test_one_old_link_sends_one_fresh_one(client, ada):
    """R-73: and the address is never flooded."""
    path = path_of(invite(ada), -60)

    for _ in range(3):
        client.post(f"{path}/again")
    assert len(mails("invitation")) == 1

    for _ in range(4):
        old = db.session.scalars(Invitation.pending()).one()
        client.post(f"{path_of(old, -60)}/again")
    assert len(mails("invitation")) == 3

"""Who may sign up: everybody, those whom an administrator lets in, the invited, nobody."""

import re

import pytest
from factories import PASSWORD, everything, keep, link_in, mails, make_user
from sqlalchemy import select
from test_access_map import VALUES

from app.extensions import db
from app.models import AuditEntry, OutboxMail, Role, Setting, User
from app.models.fields import utcnow
from app.models.users.rank import Refused

WHY = "I build boats, and would like to read about them."
JSON = {"Accept": "application/json"}
OUTSIDE = (
    "auth.",
    "account.end_view_as",
    "account.keep_account",
    "account.unsubscribe",
)  # open to all


def sign_up(client, **changes):
    form = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    return client.post("/auth/register", data=form | changes)


def wait(username="nora", **values):
    """A newcomer who confirmed the address and waits."""
    person = make_user(username, **values)
    person.ask_for_approval(WHY)
    db.session.flush()
    return person


def decide(client, person, **form):
    path = f"/admin/requests/newcomers/{getattr(person, 'id', person)}"
    return client.post(path, data={"words": "", **form})


def acts():
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_name) for entry in entries]


@pytest.fixture
def by_approval(app):
    Setting.change(registration="approval")


# The four modes


def test_in_the_open_mode_whoever_confirms_is_in(client):
    page = client.get("/auth/register").text
    sign_up(client)
    client.post(link_in(*mails("confirm")))

    assert "Why would you like to join?" not in page
    assert not User.with_username("nora").awaits_approval
    assert User.with_username("nora") in db.session.scalars(User.newest())


def test_where_strangers_cannot_sign_up_the_page_says_so_kindly(client):
    modes = {"invitation": "By invitation only", "closed": "Registration is closed"}
    for mode, words in modes.items():
        Setting.change(registration=mode)
        for answer in (client.get("/auth/register"), sign_up(client)):
            assert (answer.status_code, words in answer.text) == (403, True)
            assert "Thanks for your interest" in answer.text
        told = client.get("/auth/register", headers=JSON).json["error"]
        assert (told["code"], told["title"]) == (403, words)

    assert (User.count(), mails()) == (0, [])


def test_sign_up_is_offered_only_where_it_is_possible(client):
    """In the navigation, on the landing page, and where one signs in."""
    for mode, offered in {"open": 2, "approval": 2, "invitation": 0, "closed": 0}.items():
        Setting.change(registration=mode)
        pages = [client.get(path).text for path in ("/", "/auth/login")]
        assert [page.count('href="/auth/register"') for page in pages] == [offered, offered], mode


def test_a_change_of_mode_counts_for_a_form_that_is_open_already(client):
    client.get("/auth/register")
    Setting.change(registration="closed")

    assert sign_up(client).status_code == 403
    assert User.count() == 0


def test_members_are_led_home_from_the_sign_up_in_any_mode(client, alice):
    client.sign_in(alice)
    for mode in ("invitation", "closed"):
        Setting.change(registration=mode)
        assert client.get("/auth/register").location == "/"


def test_the_text_for_newcomers_is_shown_as_text(client):
    """R-14."""
    for mode in ("open", "approval", "invitation", "closed"):
        Setting.change(registration=mode, sign_up_text="<b>Be kind.</b>")
        assert "&lt;b&gt;Be kind.&lt;/b&gt;" in client.get("/auth/register").text, mode


# Signing up by approval


def test_by_approval_the_newcomer_writes_why(client, by_approval):
    assert "Why would you like to join?" in client.get("/auth/register").text

    assert sign_up(client, reason=f"  {WHY}\r\nPlease. ").location == "/auth/login"

    nora = User.with_username("nora")
    assert (nora.sign_up_reason, nora.awaits_approval) == (f"{WHY}\nPlease.", True)
    assert not nora.is_confirmed and [mail.kind for mail in mails()] == ["confirm"]


def test_by_approval_nobody_signs_up_without_a_readable_reason(client, by_approval):
    """R-88."""
    for reason in (None, "", "   ", "x" * 501, "a\u202eb", ["one", "two"]):
        page = sign_up(client, **({} if reason is None else {"reason": reason}))
        assert (page.status_code, 'id="reason-errors"' in page.text) == (200, True), reason

    assert (User.count(), mails()) == (0, [])


def test_outside_of_that_mode_a_reason_is_ignored(client):
    """R-35."""
    sign_up(client, reason=WHY, approval_asked_at="2020-01-01", sign_up_reason=WHY)

    nora = User.with_username("nora")
    assert (nora.sign_up_reason, nora.approval_asked_at) == ("", None)


def answer_to(client, **changes):
    answer = sign_up(client, reason=WHY, **changes)
    page = client.get(answer.location).text.replace(changes["email"], "what was typed")
    headers = [pair for pair in answer.headers if pair[0] not in ("X-Request-ID", "Set-Cookie")]
    return answer.status_code, headers, re.sub(r'(nonce|csrf_token" value)="[^"]*"', "", page)


def test_by_approval_too_a_known_address_is_answered_like_an_unknown_one(client, app, by_approval):
    """R-33."""
    make_user("zoe")
    make_user("uma", confirmed=False)
    waits = wait("wim")

    unknown = answer_to(client, email="new@example.org", username="n2")
    for name in ("zoe", "uma", "wim"):
        browser = app.test_client()
        known = answer_to(browser, email=f"{name}@example.org", username=f"{name}2")
        assert known == unknown, name

    assert [mail.kind for mail in mails()] == ["confirm"] + ["already_registered"] * 3
    reasons = [User.with_username(name).sign_up_reason for name in ("zoe", "uma")]
    assert (reasons, waits.sign_up_reason) == (["", ""], WHY)


# Waiting


def test_a_newcomer_confirms_first_and_then_waits(client, by_approval):
    sign_up(client, reason=WHY)
    client.post("/auth/login", data={"login": "nora", "password": PASSWORD})
    assert client.get("/settings/profile").location == "/auth/unconfirmed"

    client.post(link_in(*mails("confirm")))

    assert client.get("/settings/profile").location == "/auth/waiting"
    page = client.get("/auth/waiting").text
    assert WHY in page and "Pending since" in page and "administrator will review" in page


def test_whoever_waits_is_led_to_where_it_says_so(client, alice):
    client.sign_in(wait())

    for path in ("/", "/user/alice", "/settings/profile", "/admin/"):
        assert client.get(path).location == "/auth/waiting", path
    told = client.get(path, headers=JSON)
    words = "Your request to join is still pending."
    assert (told.status_code, told.json["error"]["words"]) == (403, words)


def test_whoever_waits_writes_nothing(client, app, time_machine):
    """R-79."""
    time_machine.move_to(utcnow(), tick=False)  # a visit is noted once a minute
    client.sign_in(wait())
    client.get("/")
    before = everything()

    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and not rule.endpoint.startswith(OUTSIDE):
            values = {name: VALUES[name] for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
            assert client.post(path, data={"first_name": "x"}).location == "/auth/waiting", path
    assert everything() == before


def test_whoever_waits_can_change_the_address_and_sign_out(client):
    nora = wait()
    client.sign_in(nora)

    assert client.get("/auth/change-email").status_code == 200
    client.post("/auth/change-email", data=dict(email="new@example.org", password=PASSWORD))
    client.post(link_in(*mails("change_email")))
    assert (nora.email, nora.awaits_approval) == ("new@example.org", True)

    assert client.post("/auth/logout").location == "/"


def test_whoever_waits_is_offered_nothing_that_is_closed(client):
    client.sign_in(wait())

    page = client.get("/auth/waiting").text

    assert "/settings/profile" not in page and 'href="/user/nora"' not in page
    assert "Your request to join" in page


def test_whoever_waits_is_seen_by_staff_only(client, alice, mona):
    wait()
    seen = {}
    for person in (alice, mona):
        client.sign_in(person)
        seen[person.username] = client.get("/user/nora").status_code

    assert seen == {"alice": 404, "mona": 200}


def test_members_do_not_wait(client, alice):
    client.sign_in(alice)

    assert client.get("/auth/waiting").location == "/"


def test_a_newcomer_who_waits_is_no_administrator(app, ada):
    """R-82: not yet; so the one who is cannot leave."""
    wait("boss", role="Administrator")

    with pytest.raises(Refused):
        ada.deactivate()


def test_whoever_waits_stays_in_the_queue_when_the_mode_changes(client, app, ada, by_approval):
    client.sign_in(wait())
    staff = app.test_client()
    staff.sign_in(ada)
    for mode in ("open", "invitation", "closed"):
        Setting.change(registration=mode)

        page = client.get("/auth/waiting").text
        assert "still in the queue" in page
        assert "nora" in staff.get("/admin/requests").text


def test_the_configured_administrator_never_waits(client, app, by_approval):
    """R-36: from the moment the address is proven."""
    app.config["OFFBRAND_ADMIN"] = "nora@example.org"
    sign_up(client, reason=WHY)
    assert User.with_username("nora").awaits_approval

    client.post(link_in(*mails("confirm")))

    nora = User.with_username("nora")
    assert (nora.awaits_approval, nora.is_administrator()) == (False, True)


def test_people_made_by_operators_never_wait(flask, by_approval):
    flask("users", "create", "--username", "nora", "--password", PASSWORD, "nora@example.org")

    assert not User.with_username("nora").awaits_approval


# Deciding


def test_the_queue_shows_the_oldest_first_with_their_words(client, ada):
    for number in range(3):
        wait(f"n{number}").approval_asked_at = utcnow().replace(year=2026 - number)
    make_user("unproven", confirmed=False).ask_for_approval("Nothing to see yet.")
    client.sign_in(ada)

    page = client.get("/admin/requests").text

    assert re.findall(r">(n\d)</a>", page) == ["n2", "n1", "n0"]
    assert WHY in page and "Nothing to see yet." not in page
    assert "1 more hasn’t confirmed their email yet." in page


def test_the_dashboard_counts_those_who_can_be_decided_on(client, ada):
    wait()
    make_user("unproven", confirmed=False).ask_for_approval(WHY)
    client.sign_in(ada)

    page = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", client.get("/admin/").text))

    assert "1 newcomer" in page


def test_a_long_queue_has_pages(client, ada):
    for number in range(21):
        wait(f"n{number}")
    client.sign_in(ada)

    first = client.get("/admin/requests")
    later = re.search(r'href="(/admin/requests\?after=[^"]*)"', first.text).group(1)

    assert ">n0<" in first.text and ">n20<" not in first.text
    assert ">n20<" in client.get(later).text


def test_accepting_lets_the_newcomer_in_and_mails_them(client, ada):
    nora = wait()
    client.sign_in(ada)

    decide(client, nora, accept="1", words="Glad to have you.")

    (mail,) = mails()
    assert not nora.awaits_approval and acts() == [("approve", "ada", "nora")]
    assert (mail.kind, mail.recipient, link_in(mail)) == ("accepted", nora.email, "/auth/login")
    assert "> Glad to have you." in mail.text
    client.sign_in(nora)
    assert client.get("/settings/profile").status_code == 200


def test_declining_mails_the_newcomer_and_deletes_the_account(client, app, ada):
    nora = wait()
    theirs = app.test_client()
    theirs.sign_in(nora)
    client.sign_in(ada)

    decide(client, nora, decline="1", words="We are full.")

    (mail,) = mails()
    assert User.with_username("nora") is None
    assert (mail.kind, mail.recipient, mail.user_id) == ("declined", "nora@example.org", None)
    assert "> We are full." in mail.text
    assert theirs.get("/settings/profile").location.startswith("/auth/login")
    entry = db.session.scalars(AuditEntry.latest()).one()
    assert (entry.action, entry.target_name, entry.reason) == ("decline", "nora", "We are full.")
    assert db.session.scalars(AuditEntry.public()).all() == []


def test_whoever_was_declined_may_ask_again(client, ada, by_approval):
    wait().decline(by=ada)

    sign_up(client, reason=WHY)

    assert User.with_username("nora").awaits_approval


def test_nonsense_on_the_form_decides_nothing(client, ada):
    """R-88, R-37; what was typed stands there still."""
    nora = wait()
    client.sign_in(ada)
    client.get("/")
    before = everything()
    nonsense = [
        {"words": "Which of the two?"},
        {"accept": "1", "decline": "1", "words": "Both"},
        {"accept": "1", "words": "x" * 501},
        {"accept": "1", "words": "https://evil.net"},
    ]

    for form in nonsense:
        page = decide(client, nora, **form)
        assert (page.status_code, "field-error" in page.text) == (200, True), form
        assert form["words"] in page.text
    assert everything() == before


def test_the_second_who_decides_is_told(client, ada):
    for first, second in (("accept", "decline"), ("decline", "accept"), ("decline", "decline")):
        id = wait(f"{first}_{second}").id
        client.sign_in(ada)
        decide(client, id, **{first: "1"})
        mailed, done = len(mails()), len(acts())

        answer = decide(client, id, **{second: "1"})

        assert "was already decided" in client.get(answer.location).text
        assert (len(mails()), len(acts())) == (mailed, done)


def test_a_member_is_not_decided_on(ada, alice):
    for verb in ("approve", "decline"):
        with pytest.raises(Refused, match="already decided on alice"):
            getattr(alice, verb)(by=ada)

    db.session.commit()
    assert User.with_username("alice") is alice


def test_only_those_decide_who_may_give_the_role(client, mona, alice):
    """R-81: the page says why."""
    nora = wait()
    keep(Role(name="Bare", permissions=17))
    bert = make_user("bert", role="Bare")
    client.sign_in(bert)

    page = client.get("/admin/requests").text
    for verb, choice in {"approve": "accept", "decline": "decline"}.items():
        for person in (alice, mona, bert):
            with pytest.raises(Refused):
                getattr(nora, verb)(by=person)
        decide(client, nora, **{choice: "1"})

    assert "which allows more than yours" in page and "Accept<" not in page
    assert nora.awaits_approval and mails() == []


def test_operators_decide_too(app):
    wait("nora").approve()
    wait("nick").decline()
    db.session.flush()

    assert User.count(User.approval_asked_at.is_not(None)) == 0


def test_what_a_newcomer_wrote_is_text(client, ada):
    """R-14."""
    wait(first_name="<i>N</i>").sign_up_reason = "<script>alert(1)</script>"
    client.sign_in(ada)

    page = client.get("/admin/requests").text

    assert "<script>alert" not in page and "<i>" not in page


def test_a_mail_that_waits_still_goes_after_its_account(client, ada):
    nora = wait()
    client.sign_in(ada)

    decide(client, nora, decline="1")

    assert [mail.kind for mail in db.session.scalars(OutboxMail.newest())] == ["declined"]

"""Acts on many people: shown first, refused one by one, done once, and an administrator remains."""

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from factories import everything, keep, mails, make_user
from sqlalchemy import select

from app.admin import bulk, users
from app.extensions import db
from app.models import AuditEntry, Permission, Role, User, UserSession
from app.models.fields import utcnow
from app.models.users.bulk import MOST, act_on_each, rehearse

PREVIEW, DO = "/admin/users/bulk", "/admin/users/bulk/do"
DONE = {  # act: what is true of a person afterwards
    "role": lambda p: p.role.name == "Moderator",
    "confirm": lambda p: p.is_confirmed,
    "deactivate": lambda p: not p.is_active,
    "reactivate": lambda p: p.is_active,
    "require-password": lambda p: p.password_due_at is not None,
    "reset-link": lambda p: len(mails("reset_password")) > 0,
    "sign-out": lambda p: UserSession.of(p) == [],
}


@pytest.fixture
def in_bulk(client, ada):
    """Ada sends the form about people: to the preview, or to where it is done."""
    client.sign_in(ada)

    def send(act, people, path=DO, **values):
        ids = [getattr(person, "id", person) for person in people]
        role = Role.named(values.pop("role", "Moderator")).id if act == "role" else ""
        form = {"people": ids, "act": act, "new_role": role, "reason": "Spring cleaning."}
        return client.post(path, data=form | values)

    return send


@pytest.fixture
def crew(alice, bob, client):
    """Alice and Bob, to whom every act means something."""
    for person in (alice, bob):
        UserSession.open(person, remembered=False, address="127.0.0.1", agent="")
    return [alice, bob]


def ready(act, people):
    for person in people:
        if act == "confirm":
            person.confirmed_at = None
        if act == "reactivate":
            person.deactivated_at = utcnow()
    db.session.commit()


def flashed(client):
    page = client.get("/admin/users").text
    return html.unescape(re.findall(r"data-flash>\s*<p>(.*?)\s*</p>", page)[-1])


def outcomes(text):
    """What the preview says of each person."""
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>(.*?)</td>', text, re.DOTALL)
    return {name: " ".join(re.sub("<[^>]+>", "", html.unescape(w)).split()) for name, w in rows}


def log():
    return db.session.scalars(AuditEntry.latest()).all()


def test_an_act_is_shown_first_and_changes_nothing(in_bulk, crew):
    ready("confirm", crew[1:])
    ready("reactivate", crew[1:])
    in_bulk("role", crew, PREVIEW)  # a visit is noted at most once a minute
    before = everything()

    for act in DONE:
        page = in_bulk(act, crew, PREVIEW)
        assert (page.status_code, set(outcomes(page.text))) == (200, {"alice", "bob"}), act
        assert "Nothing has changed yet" in page.text
        assert everything() == before, act


@pytest.mark.parametrize("act", DONE)
def test_what_was_shown_is_done_once_and_logged_for_each(client, in_bulk, crew, act):
    """R-95: also for links, which otherwise could be sent again."""
    ready(act, crew)
    page = in_bulk(act, crew, PREVIEW).text
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    form["people"] = re.findall(r'name="people" value="(\d+)"', page)

    assert client.post(DO, data=form).location == "/admin/users"
    assert "2 of 2 done" in flashed(client)
    client.post(DO, data=form)
    assert "0 of 2 done" in flashed(client)

    assert all(DONE[act](person) for person in crew)
    content = [(e.actor_name, e.target_name, e.reason) for e in log()]
    assert sorted(content) == [("ada", name, "Spring cleaning.") for name in ("alice", "bob")]
    assert len(mails()) == (2 if act in ("role", "reset-link") else 0)
    assert AuditEntry.verify() is None


def test_a_role_can_be_given_to_many_until_a_day(client, in_bulk, alice, bob):
    day = (utcnow() + timedelta(days=30)).date()

    page = in_bulk("role", [alice, bob], PREVIEW, until=day.isoformat()).text
    in_bulk("role", [alice, bob], until=day.isoformat())

    assert f"User → {alice.role_in_words}" == outcomes(page)["alice"]
    assert alice.role_until == bob.role_until == alice.role_until.replace(hour=0, minute=0)
    assert (alice.role.name, bob.former_role.name) == ("Moderator", "User")
    assert len(mails("role_changed")) == 2


def test_each_person_is_told_apart_what_would_happen_and_why_not(client, ada, crew):
    """R-81: rank, oneself, what is so already, and who is gone."""
    bare = keep(Role(name="Bare", permissions=int(Permission.ADMIN | Permission.WRITE)))
    boss = make_user("boss", role="Bare")
    twin, nell = make_user("twin", role="Bare"), make_user("nell", role=None)
    nell.deactivate()
    client.sign_in(boss)
    form = dict(act="deactivate", people=[ada.id, boss.id, twin.id, nell.id, 999_999])

    page = client.post(PREVIEW, data=form).text

    refused = "Refused You can’t do this to yourself or to someone of higher rank."
    assert outcomes(page) == {
        "ada": refused,
        "boss": refused,
        "twin": "Deactivate",
        "nell": "No change needed.",
        "No. 999999": "Deleted This account no longer exists.",
    }
    assert re.findall(r'name="people" value="(\d+)"', page) == [str(twin.id)]
    assert "Deactivate: 1 person" in page
    assert bare.name == "Bare"


def test_where_nothing_can_be_done_nothing_is_offered(client, in_bulk, ada):
    page = in_bulk("deactivate", [ada], PREVIEW).text

    assert "No changes to make." in page
    assert "Deactivate: " not in page


def test_what_was_refused_and_who_is_gone_is_said_afterwards(client, in_bulk, ada, alice, bob):
    bob.deactivate()

    in_bulk("deactivate", [alice, bob, ada, 999_999])

    words = flashed(client)
    assert words.startswith("Deactivate: 1 of 4 done. 1 needed no change. 1 account was")
    assert "1 refused. You can’t do this to yourself" in words
    assert ada.is_active and not alice.is_active


def test_the_message_about_five_hundred_refusals_fits_into_a_cookie(client, in_bulk):
    people = [make_user(f"member{n}", password_hash="x") for n in range(20)]
    for person in people:
        person.role = Role.named("Moderator")

    day = (utcnow() + timedelta(days=30)).date().isoformat()
    in_bulk("role", people, until=day)  # a reason for each, with their names

    words = flashed(client)
    assert len(words) < 700 and "20 refused" in words


def test_a_mighty_role_is_not_offered_and_not_given(client, ada, alice):
    """R-81."""
    keep(Role(name="Bare", permissions=int(Permission.ADMIN) | 7))
    client.sign_in(make_user("boss", role="Bare"))
    mighty = Role.named("Administrator").id

    assert f'<option value="{mighty}">' not in client.get("/admin/users").text.split("new_role")[1]
    form = dict(act="role", new_role=mighty, people=[alice.id])
    assert "Choose one of the options" in client.post(DO, data=form).text
    assert alice.role.name == "User"


@pytest.mark.parametrize("act", ["role", "deactivate"])
def test_the_last_administrator_stays_through_bulk(client, in_bulk, ada, act):
    """R-82: Ada loses the role while she looks at the preview; the others hold it no more."""
    eda, ida = (make_user(name, role="Administrator") for name in ("eda", "ida"))

    in_bulk(act, [ada, eda, ida], role="User")

    assert db.session.scalars(User.administrators()).all() == [ada.id]
    assert not {eda.role.name, eda.is_active} >= {"Administrator", True}


def test_operators_cannot_lose_the_last_administrator_either(app, ada):
    """R-82: nobody stands above that rule."""
    eda = make_user("eda", role="Administrator")
    db.session.commit()

    results = act_on_each([ada.id, eda.id], User.deactivate)

    assert [result.is_done for result in results] == [True, False]
    assert "without an administrator" in results[1].refusal


@pytest.mark.fault
@pytest.mark.both_databases
@pytest.mark.parametrize("act", ["role", "deactivate"])
def test_two_administrators_who_remove_each_others_halves_leave_one(app, client, act):
    """R-82: at the same moment, each all but themselves."""
    bosses = [make_user(f"boss{n}", role="Administrator") for n in range(6)]
    ids = [boss.id for boss in bosses]
    cookies = []
    for boss in bosses[:2]:
        client.sign_in(boss)
        cookies.append(client.get_cookie("session").value)
    db.session.commit()
    start = Barrier(2)

    def remove(number):
        browser = app.test_client()
        browser.set_cookie("session", cookies[number])
        others = [id for id in ids if id != ids[number]]
        form = dict(act=act, new_role=Role.get_default().id, people=others)
        start.wait(20)
        return browser.post(DO, data=form).status_code

    def run(number):
        with app.app_context():
            return remove(number)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(run, range(2)))

    assert set(answers) <= {302, 403}
    assert len(db.session.scalars(User.administrators()).all()) == 1
    assert AuditEntry.verify() is None


def test_a_rehearsal_leaves_no_trace_and_sees_what_would_be(ada, alice, bob):
    db.session.commit()
    before = everything()

    results = rehearse([bob.id, alice.id, 0], User.deactivate)

    assert [(r.name, r.action) for r in results] == [
        ("", ""),
        ("alice", "deactivate"),
        ("bob", "deactivate"),
    ]
    assert everything() == before
    assert alice.is_active


def test_reset_links_are_limited_for_each_address(client, in_bulk, alice):
    """R-73."""
    for _ in range(5):
        in_bulk("reset-link", [alice])

    assert len(mails("reset_password")) == 3
    assert "was sent three links in the last hour" in flashed(client)
    assert [entry.action for entry in log()] == ["send reset link"] * 3


def test_whoever_looks_again_may_send_another_link(in_bulk, alice):
    in_bulk("reset-link", [alice])
    page = in_bulk("reset-link", [alice], PREVIEW).text
    (moment,) = re.findall(r'name="looked_at" value="([^"]*)"', page)

    in_bulk("reset-link", [alice], looked_at=html.unescape(moment))

    assert len(mails("reset_password")) == 2


def test_no_link_goes_to_a_deactivated_account(client, in_bulk, alice, bob):
    bob.deactivate()

    in_bulk("reset-link", [alice, bob])

    assert [mail.recipient for mail in mails("reset_password")] == ["alice@example.org"]
    assert "This account is deactivated" in flashed(client)


def test_everybody_who_was_found_can_be_meant(client, in_bulk, monkeypatch):
    monkeypatch.setattr(users, "PER_PAGE", 2)
    people = [make_user(f"zoe{n}") for n in range(5)]
    assert "Everyone found" in client.get("/admin/users?q=zoe").text

    page = in_bulk("deactivate", [], f"{PREVIEW}?q=zoe", everybody="y")

    assert set(outcomes(page.text)) == {person.username for person in people}
    assert f"{DO}?q=zoe" in page.text


def test_more_than_can_be_done_at_once_are_not_meant(client, in_bulk, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 3)
    for n in range(5):
        make_user(f"zoe{n}")

    for query in ("?q=zoe", ""):
        page = in_bulk("deactivate", [], PREVIEW + query, everybody="y")
        assert "Narrow your search first" in page.text


BAD = [
    ({"people": []}, "Select people first."),
    ({"people": ["x"]}, "with the check boxes"),
    ({"people": ["-1"]}, "with the check boxes"),
    ({"people": ["²"]}, "with the check boxes"),
    ({"people": ["9" * 5000]}, "with the check boxes"),
    ({"people": ["4294967296"]}, "Select people first."),
    ({"people": [*range(1, MOST + 2)]}, "at most 500 people"),
    ({"act": ""}, "Choose an action."),
    ({"act": "delete"}, "Choose one of the options"),
    ({"act": ["deactivate", "confirm"]}, "more than once"),
    ({"act": "role", "new_role": ""}, "Choose a role"),
    ({"act": "role", "new_role": "99"}, "Choose one of the options"),
    ({"until": "2020-01-01"}, "today or a later day"),
    ({"until": "9999-12-31"}, "earlier day"),
    ({"until": "soon"}, "Enter a date"),
    ({"reason": "x" * 501}, "at most 500 characters"),
    ({"reason": "a\u202eb"}, "invisible characters"),
    ({"looked_at": "x" * 41}, "at most 40 characters"),
]


def test_bad_input_is_said_and_changes_nothing(client, in_bulk, alice):
    in_bulk("", [], DO)
    before = everything()

    for values, words in BAD:
        form = {"people": [alice.id], "act": "deactivate", "reason": ""} | values
        page = client.post(DO, data=form)
        seen = (page.status_code, words in html.unescape(page.text))
        assert seen == (200, True), values
    assert "Select people first." in client.post(PREVIEW, data={"act": "deactivate"}).text

    assert everything() == before


def test_who_was_ticked_stays_ticked_where_something_is_wrong(in_bulk, alice, bob):
    page = in_bulk("", [alice], PREVIEW).text

    assert f'value="{alice.id}" id="choose-{alice.id}" checked' in page
    assert f'value="{bob.id}" id="choose-{bob.id}">' in page


def test_any_moment_of_the_preview_is_harmless(client, in_bulk, alice):
    for moment in ("", "nonsense", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert in_bulk("reset-link", [alice], looked_at=moment).status_code == 302, moment


def test_acts_on_many_come_by_post_with_a_token(strict_client, ada, alice):
    """R-07, R-09."""
    strict_client.sign_in(ada)

    for path in (PREVIEW, DO):
        assert strict_client.get(path).status_code == 405
        form = dict(act="deactivate", people=[alice.id])
        assert strict_client.post(path, data=form).status_code == 400
    assert alice.is_active


@pytest.mark.large
def test_five_hundred_people_take_a_few_seconds(client, in_bulk):
    people = [make_user(f"m{n}", password_hash="x") for n in range(MOST)]
    db.session.commit()

    started = time.thread_time()
    in_bulk("role", people)

    assert f"{MOST} of {MOST} done" in flashed(client)
    assert time.thread_time() - started < 30
    moved = select(db.func.count(User.id)).where(User.role_id == Role.named("Moderator").id)
    assert db.session.scalar(moved) == MOST

"""Settings: typed, in the log, in force at once in every process; freeze and members only."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from crawling import Page
from factories import PASSWORD, make_comment, make_post, make_user

from app.access.policies import WHILE_FROZEN
from app.extensions import db
from app.models import AuditEntry, Role, Sanction, Setting, User
from app.models.fields import iso
from app.models.retention.erasure import delete_account
from app.models.site.setting import CATEGORIES, Settings, current_settings
from app.models.users.rank import Refused

NOW = datetime(2999, 12, 24, 12, tzinfo=UTC)
FORM = dict(site_name="Club", registration="open", readers="all", posts_per_page="20")
FORM |= dict(
    report_categories=CATEGORIES,
    welcome="",
    sign_up_text="",
    names_in_log="y",
    notice_hours="24",
    warning_days="90",
    hold_first="0",
    frozen_until="",
    zone="UTC",
    freeze_text="",
)


def change(**values):
    Setting.change(**values)
    db.session.commit()


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


def save(client, **values):
    return client.post("/admin/settings", data=FORM | values)


def test_a_setting_is_in_force_with_the_next_page(admin):
    save(admin, site_name="The Harbour")

    assert "· The Harbour</title>" in admin.get("/").text


def test_each_change_is_noted_with_before_and_after(admin):
    save(admin, posts_per_page="50")
    entries = db.session.scalars(AuditEntry.latest()).all()

    assert {(e.action, e.target_type, e.target_name, e.before, e.after) for e in entries} == {
        ("change", "setting", "site_name", "Offbrand", "Club"),
        ("change", "setting", "posts_per_page", "20", "50"),
    }


def test_saving_what_is_so_already_notes_nothing(admin):
    save(admin)
    save(admin)

    assert len(db.session.scalars(AuditEntry.latest()).all()) == 1
    assert "No changes to save." in admin.get("/admin/settings").text


def test_no_process_goes_on_with_what_it_knew(client, site_with, alice):
    """Two applications on one database: the one that did not write sees it at once."""
    other = site_with().test_client()
    assert "· Offbrand</title>" in other.get("/").text

    for name in ("One", "Two"):
        change(site_name=name)
        other.sign_in(alice)
        assert f"· {name}</title>" in other.get("/").text
        other.sign_out()
        assert f"· {name}</title>" in other.get("/").text


def test_what_was_not_committed_is_known_to_nobody_afterwards(app, client):
    Setting.change(site_name="Never")
    assert current_settings().site_name == "Never"
    db.session.rollback()

    change(posts_per_page=50)

    assert current_settings() == Settings(posts_per_page=50)


WRONG = [
    ("site_name", ""),
    ("site_name", "x" * 65),
    ("site_name", "a\u202eb"),
    ("registration", "sometimes"),
    ("readers", "nobody"),
    ("posts_per_page", "4"),
    ("posts_per_page", "101"),
    ("posts_per_page", "9" * 30),
    ("welcome", "x" * 1001),
    ("frozen_until", "soon"),
]


def test_a_value_of_the_wrong_kind_is_said_at_its_field_and_nothing_changes(admin):
    for field, value in WRONG:
        answer = save(admin, **{field: value})
        assert answer.status_code == 200 and f'href="#{field}"' in answer.text, (field, value)
    assert current_settings() == Settings()
    assert db.session.scalars(AuditEntry.latest()).all() == []


def test_a_name_is_text_wherever_it_stands(admin, client):
    """R-14."""
    save(admin, site_name="<b>&Co", welcome="<script>alert(1)</script>")
    client.sign_out()

    page = client.get("/").text

    assert "<b>&Co" not in page and "&lt;b&gt;&amp;Co" in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_model_refuses_a_value_of_the_wrong_kind(app):
    wrong = [("site_name", 7), ("registration", "sometimes"), ("posts_per_page", 4)]
    wrong += [("posts_per_page", True), ("frozen", "yes"), ("frozen_until", "next week")]
    for name, value in wrong:
        with pytest.raises(ValueError):
            Setting.change(**{name: value})
    assert current_settings() == Settings()


def test_members_change_no_settings_whatever_door_they_find(app, alice, mona):
    """R-81: the model asks, too."""
    for person in (alice, mona):
        with pytest.raises(Refused):
            Setting.change(by=person, site_name="Mine")


def test_switches_are_noted_as_yes_and_no(app, ada):
    change(by=ada, frozen=True)
    change(by=ada, frozen=False)

    entries = db.session.scalars(AuditEntry.latest()).all()
    assert [(e.before, e.after) for e in entries] == [("yes", "no"), ("no", "yes")]


def test_the_public_log_does_not_name_who_was_deleted_in_older_lines_either(client, ada):
    bob = make_user("bob")
    bob.deactivate(by=ada)
    delete_account(bob, by=ada)

    assert "bob" not in client.get("/log").text


def test_values_of_another_version_are_left_alone(app):
    row = db.session.get(Setting, Setting.ONLY)
    row.values, row.version = {"gone": 1, "site_name": "Kept"}, "another"
    db.session.commit()

    assert current_settings() == Settings(site_name="Kept")


# Freeze


@pytest.fixture
def frozen(app):
    change(frozen=True, freeze_text="We are moving house.")


def edit(client):
    form = dict(first_name="Al", last_name="", location="", about_me="")
    return client.post("/settings/profile", data=form)


def test_while_frozen_members_read_and_do_not_write(client, frozen, alice):
    client.sign_in(alice)

    assert client.get("/settings/profile").status_code == 200
    answer = edit(client)

    assert answer.status_code == 403 and "We are moving house." in answer.text
    assert alice.first_name == ""


def test_while_frozen_nobody_signs_up(client, frozen):
    form = dict(email="n@example.org", username="nora", password=PASSWORD, password2=PASSWORD)

    assert client.post("/auth/register", data=form).status_code == 403


def test_while_frozen_staff_writes(client, frozen, mona):
    client.sign_in(mona)

    assert edit(client).status_code == 302


def test_while_frozen_one_signs_in_and_out_and_keeps_the_account_safe(client, frozen, alice):
    login = {"login": "alice", "password": PASSWORD}
    assert client.post("/auth/login", data=login).status_code == 302
    assert client.post("/settings/sessions/end-others").status_code == 302
    assert client.post("/auth/logout").status_code == 302
    assert client.post("/auth/reset-password", data={"email": alice.email}).status_code == 302


def test_every_page_says_that_the_site_is_frozen_and_until_when(client, app):
    change(frozen=True, frozen_until=iso(datetime(2099, 5, 1, 8, 30, tzinfo=UTC)))

    for path in ("/", "/auth/login", "/nowhere"):
        assert "Read-only until 1 May 2099, 08:30 UTC." in client.get(path).text


def test_a_freeze_with_an_end_lifts_itself(client, alice):
    with time_machine.travel(NOW, tick=False) as clock:
        change(frozen=True, frozen_until=iso(NOW + timedelta(hours=1)))
        client.sign_in(alice)
        assert edit(client).status_code == 403

        clock.shift(3600)

        assert edit(client).status_code == 302
        assert "Read-only" not in client.get("/").text


def test_a_freeze_is_asked_for_in_the_browser(admin, client, alice):
    save(admin, frozen="y", frozen_until="2099-05-01T08:30", freeze_text="Moving.")
    client.sign_in(alice)

    assert "Read-only until 1 May 2099, 08:30 UTC." in client.get("/").text
    assert edit(client).status_code == 403


def test_an_end_that_is_past_is_said(admin):
    answer = save(admin, frozen="y", frozen_until="2020-01-01T00:00")

    assert "Choose a time in the future." in answer.text


def offered_in(client, app, start):
    """What the pages offer to send that a freeze would refuse, and how much else they offer."""
    refused, others, seen, queue = set(), set(), set(), list(start)
    match = app.url_map.bind("localhost").match
    while queue:
        path = queue.pop()
        if path in seen or len(seen) > 150 or re.search(r"logout|/static/|[.](xml|atom)", path):
            continue
        seen.add(path)
        page = Page(path, client.get(path))
        queue += [urlsplit(link).path for link in page.links if link.startswith("/")]
        for form in page.posting:
            endpoint = match(urlsplit(form.action).path, method="POST")[0]
            (others if endpoint in WHILE_FROZEN else refused).add(endpoint)
    return refused, others


def test_while_frozen_nothing_is_offered_that_would_be_refused(client, app, alice, bob, mona):
    post = make_post(alice)
    make_comment(make_post(bob), bob)
    make_comment(post, bob)
    Sanction.impose(alice, "warning", by=mona, reason="A reason.")
    pages = ["/", "/notifications", "/settings/profile", "/user/bob", "/standing"]
    client.sign_in(alice)
    assert {"main.index", "main.like", "main.edit_post"} <= offered_in(client, app, pages)[0]

    change(frozen=True, frozen_until=iso(datetime(2099, 5, 1, 8, 30, tzinfo=UTC)))

    refused, others = offered_in(client, app, pages)
    assert refused == set()
    assert {"auth.logout", "auth.change_password", "account.appeal_sanction"} <= others
    said = "You can’t send anything here while the site is read-only, until 1 May 2099, 08:30 UTC."
    assert said in client.get("/").text and said in client.get(f"/post/{post.id}").text
    assert "Delete…" not in client.get(f"/post/{post.id}").text
    client.sign_in(mona)
    assert "main.index" in offered_in(client, app, ["/"])[0]


SIGN_UP = {  # who may sign up, whether the freeze has an end: what is said
    ("open", True): "nobody can sign up until 1 May 2099, 08:30 UTC.",
    ("approval", True): "nobody can sign up until 1 May 2099, 08:30 UTC.",
    ("open", False): "nobody can sign up right now.",
    ("invitation", True): "once the site is no longer read-only, after 1 May 2099, 08:30",
    ("closed", True): "aren’t accepting new members right now.",
}


def test_while_frozen_the_page_to_sign_up_says_until_when(client, app):
    end = iso(datetime(2099, 5, 1, 8, 30, tzinfo=UTC))
    said = {}
    for mode, ends in SIGN_UP:
        values = dict(registration=mode, frozen=True, freeze_text="We are moving house.")
        change(frozen_until=end if ends else "", **values)
        answer = client.get("/auth/register")
        assert answer.status_code == 403 and "We are moving house." in answer.text
        assert "Read-only" in answer.text
        said[mode, ends] = (
            SIGN_UP[mode, ends] if SIGN_UP[mode, ends] in answer.text else answer.text
        )

    assert said == SIGN_UP


def test_the_end_of_a_freeze_is_typed_in_the_time_zone_of_the_administrator(admin, ada):
    save(admin, frozen="y", frozen_until="2099-05-01T08:30", zone="Europe/Berlin")

    assert current_settings().freeze_ends_at == datetime(2099, 5, 1, 6, 30, tzinfo=UTC)
    assert ada.time_zone == "Europe/Berlin"
    page = admin.get("/admin/settings").text
    assert re.search('value="2099-05-01[T ]08:30', page)
    assert '<option selected value="Europe/Berlin">' in page and "data-own-zone" not in page


# Who may read


def test_where_members_only_may_read_a_visitor_is_asked_to_sign_in(client, alice):
    change(readers="members")

    for path in ("/user/alice", "/log"):
        assert client.get(path).location == f"/auth/login?next={path}"
    client.sign_in(alice)
    assert client.get("/log").status_code == client.get("/user/alice").status_code == 200


def test_where_members_only_may_read_the_front_page_names_nobody(client, alice):
    make_post(alice)
    assert "alice" in client.get("/").text

    change(readers="members")

    page = client.get("/")
    assert page.status_code == 200 and "alice" not in page.text


def test_the_public_log_leaves_out_what_is_private(client, ada, alice):
    """R-84, R-94."""
    bob = make_user("bob")
    alice.deactivate(by=ada, reason="Sold shoes.")
    carl = make_user("carl")  # whose profile nobody sees any more
    carl.deactivate(by=ada)
    carl.assign_address("fresh@example.org", by=ada)
    delete_account(bob, by=ada)

    page = client.get("/log").text

    assert "ada</strong> deactivated the account of" in page and "Sold shoes." in page
    assert "alice" in page
    for private in ("bob", "carl", "example.org", "the shell", "change address"):
        assert private not in page


def test_names_of_members_can_be_kept_out_of_the_public_log(client, ada, alice):
    alice.deactivate(by=ada)
    change(names_in_log=False)

    page = client.get("/log").text

    assert "alice" not in page and "a member" in page


ACTS = {"deactivate", "reactivate", "create"}
FILTERED = {
    "actor=ADA": ACTS,
    "actor=eve": set(),
    "action=deactivate": {"deactivate"},
    "target=alice": {"deactivate", "reactivate"},
    "since=2020-01-01&until=2099-01-01": ACTS,
    "until=2020-01-01": set(),
    "since=rubbish": ACTS,
    "actor=%25&target=_": set(),
    "actor=" + 70 * "x": ACTS,
}


def test_the_log_is_filtered_by_actor_act_target_and_time(admin, ada, alice):
    alice.deactivate(by=ada)
    alice.reactivate(by=ada)
    User.make(role=Role.get_default(), by=ada, email="n@example.org", username="nora")

    def acts_on(page):
        return {act for act in ACTS if f"</strong> · {act}" in page.text}

    assert {q: acts_on(admin.get(f"/admin/audit?{q}")) for q in FILTERED} == FILTERED

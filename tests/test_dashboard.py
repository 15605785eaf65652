"""The dashboard: what waits, who is here, 30 days in bars and as a table, and how the site is."""

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from factories import PASSWORD, keep, make_comment, make_mail, make_post, make_report, make_user
from services import free_port
from test_races import at_once, post

from app import doctor
from app.extensions import db
from app.models import (
    Appeal,
    Comment,
    DayCount,
    Permission,
    Post,
    Role,
    RoleRequest,
    Sanction,
    User,
)
from app.models.content.screening import LINK, Hold
from app.models.fields import utcnow
from app.models.site.daily_count import moments_by_day

NOON = (utcnow() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def admin(client, ada):
    """Signed in for longer than until NOON, whatever the time of the day is now."""
    client.sign_in(ada).remembered = True
    db.session.commit()
    return client


def in_words(moment):
    return f"{moment.day} {moment:%B}"


def figures(client):
    """The numbers on the page: label → number."""
    text = client.get("/admin/").text
    return dict(re.findall(r"<div><dt>([A-Z][a-z ]+)</dt><dd>([\d,]+)</dd></div>", text))


def waiting(client):
    """Pending: pairs of a number and words, links left out."""
    part = client.get("/admin/").text.partition('id="waiting"')[2].partition("</section>")[0]
    items = re.findall(r"<li>(.*?)</li>", part)
    return [re.sub(r"<[^>]+>", "", item) for item in items]


def sign_in(client, login="alice", password=PASSWORD):
    return client.post("/auth/login", data={"login": login, "password": password})


def sign_ins(day=None):
    return db.session.scalar(
        db.select(DayCount.count).where(DayCount.name == "sign-in", DayCount.day == day)
        if day
        else db.select(DayCount.count).where(DayCount.name == "sign-in")
    )


# Pending


def test_where_nothing_waits_it_says_so(admin):
    assert waiting(admin) == []
    assert "All caught up." in admin.get("/admin/").text


def test_what_waits_is_counted(admin):
    for _ in range(2):
        keep(RoleRequest(user=make_user(), role=Role.named("Moderator")))
        make_mail(dead_at=utcnow())
    keep(RoleRequest(user=make_user(), role=Role.named("Moderator"), decided_at=utcnow()))
    make_user(approval_asked_at=utcnow())
    make_mail(dead_at=utcnow(), dropped_at=utcnow())

    assert waiting(admin) == [
        "2 role requests",
        "1 newcomer",
        "2 failed emails",
    ]


@pytest.mark.both_databases
def test_what_waits_for_moderators_agrees_with_the_badge(admin, ada, mona):
    """What is about the administrator is another moderator's to decide, and counts in neither."""
    alice, bob = make_user("alice"), make_user("bob")
    post, own = make_post(alice), make_post(ada)
    for thing in (post, alice, own):
        make_report(thing, by=bob)
    Appeal.open(Sanction.impose(bob, "silence", by=mona, reason="Rude."), by=bob, body="Why?")
    for text in (make_post(alice), make_comment(post, alice), make_comment(post, alice)):
        text.hold(Hold(LINK))

    page = admin.get("/admin/").text

    assert waiting(admin) == [
        "2 reports",
        "1 appeal",
        "3 pending posts",
    ]
    assert '<span class="nav-count">6<' in page


def test_an_administrator_who_does_not_moderate_is_told_of_no_queue(client):
    clerk = keep(Role(name="Clerk", permissions=Permission.ADMIN | Permission.WRITE))
    make_report()
    client.sign_in(make_user("clara", role=clerk.name))

    assert waiting(client) == []


def test_what_waits_leads_to_its_page(admin):
    make_mail(dead_at=utcnow())

    assert 'href="/admin/outbox?state=dead">failed email</a>' in admin.get("/admin/").text


# People


@pytest.mark.both_databases
def test_people_are_counted(admin, alice):
    make_user(confirmed=False)
    alice.last_seen = utcnow() - timedelta(days=1)

    people = {"Members": "3", "Confirmed": "2", "Active today": "1"}
    assert figures(admin) == people | {"Posts": "0", "Comments": "0"}


def test_what_was_written_is_counted(admin, alice):
    Comment.publish(Post.publish("Hello", by=alice), "Hello to you", by=alice)

    assert figures(admin)["Posts"] == figures(admin)["Comments"] == "1"


@pytest.mark.both_databases
def test_where_counting_would_take_long_it_is_about_so_many(admin, alice, monkeypatch):
    monkeypatch.setattr(doctor.mails, "COUNTED", 2)
    for number in range(5):
        Post.publish(str(number), by=alice)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(db.text("ANALYZE posts"))

    assert "<dt>Posts</dt><dd>~" in admin.get("/admin/").text


# The charts


def bars(text, number):
    """What the bars of a chart say, and what its table says, oldest first."""
    chart = text.split('<figure class="chart">')[number].partition("</figure>")[0]
    drawn = re.findall(r"<title>([^<:]+): ([\d,]+)</title></rect>", chart)
    told = re.findall(r'<th scope="row">(\d+ [A-Z][a-z]+) \d{4}</th><td>([\d,]+)</td>', chart)
    return drawn, told[::-1]


@time_machine.travel(NOON, tick=False)
def test_each_day_is_a_bar_and_a_row_of_the_table(admin):
    keep(DayCount(day=NOON.date(), name="sign-in", count=1200))
    keep(DayCount(day=NOON.date() - timedelta(29), name="sign-in", count=7))
    keep(DayCount(day=NOON.date() - timedelta(30), name="sign-in", count=999))  # too long ago
    keep(DayCount(day=NOON.date(), name="something", count=5))

    drawn, told = bars(admin.get("/admin/").text, 2)

    assert drawn == told and len(drawn) == 30
    assert (drawn[0], drawn[-1]) == (
        (in_words(NOON - timedelta(29)), "7"),
        (in_words(NOON), "1,200"),
    )
    assert {number for day, number in drawn[1:-1]} == {"0"}


@pytest.mark.both_databases
@time_machine.travel(NOON, tick=False)
def test_posts_that_everybody_may_read_are_counted_by_the_day(admin, alice, mona):
    for days in (0, 0, 1, 31):
        with time_machine.travel(NOON - timedelta(days), tick=False):
            Post.publish("Hello", by=alice)
    Post.publish("Gone", by=alice).delete()
    Post.publish("Hidden", by=alice).hide(by=mona, reason="")

    drawn, told = bars(admin.get("/admin/").text, 3)

    assert drawn == told and [number for _, number in drawn[-3:]] == [
        "0",
        "1",
        "2",
    ]


@time_machine.travel(NOON, tick=False)
def test_bars_are_as_high_as_their_numbers(admin):
    for days, count in ((0, 50), (1, 100), (2, 25)):
        keep(DayCount(day=NOON.date() - timedelta(days), name="sign-in", count=count))

    text = admin.get("/admin/").text.split('<figure class="chart">')[2]
    heights = re.findall(r'height="([\d.]+)"><title>', text)

    assert heights[-3:] == ["25.0", "100.0", "50.0"]


def test_a_site_without_people_has_charts_too(admin):
    """Every bar is of no height, and nothing is divided by nothing."""
    text = admin.get("/admin/").text

    assert "At most 0 a day" in text
    assert set(re.findall(r' style="', text)) == set()


def test_charts_are_told_in_words(admin):
    """What is drawn has a name and a description for who does not see it."""
    text = admin.get("/admin/").text

    for id in re.findall(r'role="img" aria-labelledby="([^"]+)"', text):
        assert all(f'id="{part}"' in text for part in id.split())
    assert text.count('role="img"') == 3


@pytest.mark.both_databases
@time_machine.travel(NOON, tick=False)
def test_sign_ups_are_counted_on_days_of_utc(app):
    midnight = NOON.replace(hour=0)
    for moment in (midnight, midnight - timedelta(microseconds=1), midnight - timedelta(days=29)):
        make_user(member_since=moment)
    make_user(member_since=midnight - timedelta(days=29, microseconds=1))

    counted = moments_by_day(User.member_since, 30)

    assert [(NOON.date() - day, number) for day, number in counted if number] == [
        (timedelta(29), 1),
        (timedelta(1), 1),
        (timedelta(0), 1),
    ]


@pytest.mark.both_databases
def test_the_time_zone_of_the_database_does_not_matter(app):
    if db.engine.dialect.name == "postgresql":
        db.session.execute(db.text("SET LOCAL TIME ZONE 'Asia/Tokyo'"))
    with time_machine.travel(NOON.replace(hour=22), tick=False):
        make_user()
        ((day, number),) = moments_by_day(User.member_since, 1)

    assert (day, number) == (NOON.date(), 1)


# Sign-ins


def test_signing_in_is_counted_on_its_day(client, alice):
    with time_machine.travel(NOON, tick=False):
        sign_in(client)
        client.sign_out()
        sign_in(client)
    client.sign_out()
    with time_machine.travel(NOON + timedelta(hours=12), tick=False):
        sign_in(client)

    assert (sign_ins(NOON.date()), sign_ins(NOON.date() + timedelta(1))) == (2, 1)


def test_what_is_no_sign_in_is_not_counted(client, alice, bob):
    bob.deactivated_at = utcnow()
    sign_in(client, password="not this one, at least")
    sign_in(client, "bob")
    client.get("/auth/login")

    assert sign_ins() is None


@pytest.mark.both_databases
def test_a_count_is_rolled_back_with_its_cause(app):
    DayCount.add("sign-in")
    db.session.rollback()
    DayCount.add("sign-in", 3)
    DayCount.add("sign-in")
    DayCount.add("something")
    db.session.commit()

    assert sign_ins() == 4
    assert [number for day, number in DayCount.by_day("sign-in", 2)] == [0, 4]


@pytest.mark.both_databases
@pytest.mark.fault
def test_of_eight_who_sign_in_at_once_each_is_counted(app):
    """On both databases, also for the first of the day."""
    people = [make_user().username for _ in range(8)]
    app.config["LIMITS"] = app.config["LIMITS"] | {"sign-in by network": "1000 per hour"}
    forms = [{"login": name, "password": PASSWORD} for name in people]

    answers = at_once(app, *[partial(post, app, "/auth/login", **form) for form in forms])

    assert [status for status, page in answers] == [302] * 8
    assert sign_ins() == 8


# Health


def test_health_is_told_in_a_line_each(app, admin):
    text = admin.get("/admin/").text

    for name in ("Database", "Migrations", "Mail queue", "Redis", "Version"):
        assert f"<dt>{name}</dt>" in text
    assert f"<dd>{app.config['VERSION']}</dd>" in text and "0 waiting; 0 failed" in text
    assert 'href="/admin/health">View all checks</a>' in text


def test_what_is_bad_stands_out(app, admin):
    app.config["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    make_mail(next_at=utcnow() - timedelta(hours=2))

    text = admin.get("/admin/").text

    assert text.count('<span class="state state-bad">bad</span>') == 2
    assert "no worker is running" in text and "No response" in text

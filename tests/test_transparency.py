"""Moderation in numbers: what each month came to, counted, and kept once it is over."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from factories import keep, make_post, make_user
from sqlalchemy import delete, select

from app.extensions import db
from app.models import Appeal, Case, MonthFigures, Report, Sanction
from app.models.moderation.monthly_statistics import count, months, named

MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    """A day in May, which can be moved on."""
    with time_machine.travel(MAY, tick=False) as clock:
        yield clock


def numbers_of(page):
    """Label → number, as the page of a month shows them."""
    rows = page.text.split('<th scope="row">')[1:]
    cells = [row.split('</th><td class="number">') for row in rows]
    return {label: number.partition("<")[0] for label, number in cells}


def make_case(settled_after=None, outcome="dismissed", **values):
    case = keep(Case(noun="user", category="Spam", person=make_user(), **values))
    keep(Report(case=case, reporter=make_user(), category="Spam"))
    if settled_after is not None:
        case.settled_at = case.created_at + timedelta(seconds=settled_after)
        case.outcome = outcome
    return case


def make_appeal(decided_after=None, outcome="lifted"):
    appeal = keep(Appeal(user=make_user()))
    if decided_after is not None:
        appeal.decided_at = appeal.created_at + timedelta(seconds=decided_after)
        appeal.outcome = outcome


@pytest.fixture
def may(clock, alice, mona):
    """What happened in May."""
    for seconds, outcome in [(600, "dismissed"), (3600, "hidden"), (86400, "sanctioned")]:
        make_case(seconds, outcome)
    make_case(7200, "hidden and sanctioned")
    make_case()
    post = make_post(alice)
    for kind in ("notice", "warning", "warning", "silence", "ban"):
        sanction = Sanction.impose(alice, kind, by=mona, reason="Rude.")
    sanction.lift(by=mona)
    post.hide(by=mona, reason="Spam.")
    post.restore(by=mona)
    make_appeal(1800)
    make_appeal(5400, "confirmed")
    make_appeal()
    db.session.commit()


@pytest.mark.both_databases
def test_a_month_is_counted(client, may):
    page = client.get("/log/transparency/2026-05")

    assert "Numbers so far" in page.text
    assert numbers_of(page) == {
        "Reports from members": "5",
        "Cases dismissed": "1",
        "Cases with something hidden": "1",
        "Cases with a sanction": "1",
        "Cases with both": "1",
        "Median time from report to decision": "2 hours",
        "Notices": "1",
        "Warnings": "2",
        "Silences": "1",
        "Suspensions": "0",
        "Bans": "1",
        "Sanctions lifted early": "1",
        "Hidden": "1",
        "Restored": "1",
        "Edited by moderators": "0",
        "Removed for good": "0",
        "Appeals from members": "3",
        "Decisions lifted": "1",
        "Decisions upheld": "1",
        "Median time from appeal to decision": "an hour",
    }
    assert "alice" not in page.text and "mona" not in page.text


def test_a_month_without_anything_has_figures_too(client):
    (month,) = months()

    page = client.get(f"/log/transparency/{month:%Y-%m}")

    assert set(numbers_of(page).values()) == {"0", "–"}


def test_each_month_since_the_first_act_has_a_page(client, clock, alice, ada):
    alice.deactivate(by=ada)
    db.session.commit()
    clock.move_to(datetime(2027, 2, 3, tzinfo=UTC))

    page = client.get("/log/transparency").text

    names = [f"{month:%Y-%m}" for month in months()]
    assert names[0] == "2027-02" and names[-1] == "2026-05" and len(names) == 10
    assert all(f"/log/transparency/{name}" in page for name in names)
    assert page.count("so far") == 1


def test_a_month_that_is_not_there_is_not_found(client, clock, alice, ada):
    alice.deactivate(by=ada)

    for month in ("2026-04", "2026-06", "2026-5", "9999-99", "x", "2026-13"):
        assert client.get(f"/log/transparency/{month}").status_code == 404
    assert client.get("/log/transparency/2026-05").status_code == 200


@pytest.mark.both_databases
def test_what_is_at_the_edge_of_a_month_is_counted_once(app, clock, alice, ada):
    last, first = MAY.replace(day=31, hour=23, minute=59, second=59), MAY.replace(month=6, day=1)
    first = first.replace(hour=0)
    for moment in (last.replace(microsecond=999999), first):
        clock.move_to(moment)
        alice.deactivate(by=ada) if alice.is_active else alice.reactivate(by=ada)
        make_case()
    db.session.commit()

    may, june = (count(named(name)) for name in ("2026-05", "2026-06"))
    assert (may["acts"], june["acts"]) == ({"deactivate": 1}, {"reactivate": 1})
    assert (may["reports"], june["reports"]) == (1, 1)


def test_the_figures_of_a_month_that_is_over_stay_whoever_leaves(client, may, clock, mona):
    path = "/log/transparency/2026-05"
    now = numbers_of(client.get(path))
    clock.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    client.get(path)
    assert db.session.scalars(select(MonthFigures)).all() == []  # something may still commit

    clock.move_to(datetime(2026, 6, 2, 1, tzinfo=UTC))
    page = client.get(path)
    assert numbers_of(page) == now and "These numbers are final" in page.text
    for model in (Report, Appeal):
        db.session.execute(db.delete(model))
    assert numbers_of(client.get(path)) == now
    assert db.session.scalars(select(MonthFigures.month)).all() == ["2026-05"]


MEDIANS = {(): None, (5,): 5, (1, 9): 5, (7, 1, 100): 7, (4, 1, 3, 2): 2, (0.4, 0.4): 0}


@pytest.mark.both_databases
def test_the_median_is_exact(app, clock):
    found = {}
    for seconds in MEDIANS:
        db.session.execute(delete(Report))
        db.session.execute(delete(Case))
        db.session.execute(delete(Appeal))
        for number in seconds:
            make_case(number)
            make_appeal(number)
        db.session.flush()
        figures = count(named("2026-05"))
        found[seconds] = figures["ruled_after"], figures["decided_after"]

    assert found == {seconds: (median, median) for seconds, median in MEDIANS.items()}

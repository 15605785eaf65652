"""Sanctions: who may impose which on whom, until when, and that they end by themselves."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from factories import mails, make_user
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, Permission, Role, Sanction, Setting, User
from app.models.audit.entry import SITE
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation.sanction import ENDING, IMPOSED, KINDS, STRIKES
from app.models.retention.erasure import delete_account
from app.models.users.restrictions import NO_END
from app.moderation.sanction_forms import SanctionForm

WEEK = timedelta(days=7)


def impose(person, kind="silence", *, by, reason="Spam.", **values):
    return Sanction.impose(person, kind, by=by, reason=reason, **values)


def acts():
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_name) for entry in entries]


def form(**values):
    usual = dict(key="a1", kind="silence", lasts="7", until="", reason="Spam.")
    return usual | values


# Rank


def test_nobody_sanctions_an_equal_or_higher(app):
    """R-81: whatever the kind is. Refused is what the words forbid, and leaves no entry."""
    ranks = ["User", "Moderator", "Administrator"]
    make_user("ada", role="Administrator")
    who = {role: (make_user(role=role), make_user(role=role)) for role in ranks}
    may, done = {}, {}
    for role in ranks:
        for other in ranks:
            by, person = who[role][0], who[other][1]
            may[role, other] = (by.why_not_sanction(person) is None, by.may_sanction(person))
            try:
                done[role, other] = bool(impose(person, by=by).lift(by=by, reason="Enough."))
            except Refused:
                done[role, other] = False

    above = {("Moderator", "User"), ("Administrator", "User"), ("Administrator", "Moderator")}
    assert may == {pair: (pair in above,) * 2 for pair in may}
    assert done == {pair: pair in above for pair in may}
    assert [act for act, *_ in acts()] == ["silence", "lift sanction"] * 3


def test_every_kind_has_its_act_in_the_log(alice, mona):
    for kind in KINDS:
        impose(alice, kind, by=mona)

    assert acts() == [(IMPOSED[kind], "mona", "alice") for kind in KINDS]


def test_nobody_sanctions_themselves_but_an_operator_may_anybody(ada, mona):
    with pytest.raises(Refused):
        impose(mona, by=mona)

    assert impose(mona, by=None).by_name == "an operator"


def test_whoever_returns_to_a_mightier_role_one_day_has_its_rank(mona, alice, ada):
    role, alice.role = alice.role, Role.named("Moderator")
    alice.change_role(role, by=ada, until=utcnow() + WEEK)

    with pytest.raises(Refused, match="same rank"):
        impose(alice, by=mona)


def test_equal_moderators_cannot_lift_what_was_imposed_on_one_of_them(ada, mona):
    other = make_user(role="Moderator")
    made = impose(mona, by=ada)

    with pytest.raises(Refused):
        made.lift(by=other)
    assert mona.is_silenced


def test_a_suspended_moderator_sanctions_nobody(ada, mona, alice):
    impose(mona, "suspension", by=ada)

    with pytest.raises(Refused):
        impose(alice, by=mona)


# What each does, and when it ends


@pytest.mark.parametrize(
    "kind, silenced, suspended",
    [
        ("notice", False, False),
        ("warning", False, False),
        ("silence", True, False),
        ("suspension", False, True),
        ("ban", False, True),
    ],
)
def test_each_step_of_the_ladder_takes_what_it_says(alice, mona, kind, silenced, suspended):
    made = impose(alice, kind, by=mona)

    assert (alice.is_silenced, alice.is_suspended) == (silenced, suspended)
    assert alice.can(Permission.WRITE) is alice.may_speak is not (silenced or suspended)
    assert alice.can(Permission.FOLLOW) is not suspended
    assert made.is_strike is (kind in STRIKES) and made.is_in_force
    assert alice.kept_until is None


@pytest.mark.parametrize("kind", ENDING)
def test_it_ends_by_itself(alice, mona, kind):
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        made = impose(alice, kind, by=mona, until=utcnow() + WEEK)
        assert alice.kept_until == made.until
        clock.shift(WEEK - timedelta(seconds=1))
        assert not alice.may_speak and made.is_in_force
        clock.shift(1)

        assert alice.may_speak and made.is_over and not made.is_in_force
        assert alice.can(Permission.WRITE) and made.is_strike


def test_what_has_no_end_takes_none(alice, mona):
    for kind in [kind for kind in KINDS if kind not in ENDING]:
        with pytest.raises(Refused, match="can’t have an end"):
            impose(alice, kind, by=mona, until=utcnow() + WEEK)


def test_an_end_that_is_past_or_beyond_all_bounds_is_refused(alice, mona):
    too_far = utcnow() + timedelta(days=6 * 366)
    for until in (utcnow() - timedelta(seconds=1), too_far, NO_END):
        with pytest.raises(Refused):
            impose(alice, by=mona, until=until)

    assert alice.may_speak and acts() == []


def test_a_kind_that_does_not_exist_is_a_mistake_of_ours(alice, mona):
    with pytest.raises(ValueError, match="KINDS"):
        impose(alice, "exile", by=mona)


def test_of_two_that_overlap_the_longer_one_counts(alice, mona):
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        short = impose(alice, by=mona, until=utcnow() + WEEK)
        long = impose(alice, by=mona, until=utcnow() + 2 * WEEK)
        assert alice.silenced_until == long.until
        long.lift(by=mona)
        assert alice.silenced_until == short.until
        long.reinstate(by=mona)
        clock.shift(WEEK)
        assert alice.is_silenced
        clock.shift(WEEK)
        assert not alice.is_silenced


def test_a_silence_outlives_a_suspension_that_is_lifted(alice, mona):
    impose(alice, by=mona)
    suspension = impose(alice, "suspension", by=mona)
    suspension.lift(by=mona, reason="Enough.")

    assert alice.is_silenced and not alice.is_suspended


def test_lifting_and_reinstating_are_each_done_once(alice, mona):
    made = impose(alice, "ban", by=mona)

    done = [
        made.lift(by=mona),
        made.lift(by=mona),
        made.reinstate(by=mona),
        made.reinstate(by=mona),
    ]

    assert done == [True, False, True, False]
    assert [act for act, *_ in acts()] == ["ban", "lift sanction", "reinstate sanction"]
    assert alice.is_suspended and not made.is_lifted


def test_what_is_reinstated_after_its_end_is_over(alice, mona):
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        made = impose(alice, by=mona, until=utcnow() + WEEK)
        made.lift(by=mona)
        clock.shift(WEEK)

        made.reinstate(by=mona)

        assert made.is_over and alice.may_speak


def test_what_was_lifted_is_no_strike(alice, mona):
    made = impose(alice, "warning", by=mona)
    made.lift(by=mona)

    assert not made.is_strike


# An administrator remains


def test_the_last_administrator_is_not_suspended(ada):
    """R-82: not by an operator either."""
    for kind in ("suspension", "ban"):
        with pytest.raises(Refused, match="without an administrator"):
            impose(ada, kind, by=None)

    assert not ada.is_suspended and acts() == []
    assert impose(ada, "silence", by=None) and ada.can(Permission.ADMIN)


def test_a_suspended_administrator_does_not_count_until_it_is_over(ada):
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        eve = make_user("eve", role="Administrator")
        impose(eve, "suspension", by=None, until=utcnow() + WEEK)
        assert ada.is_last_administrator
        for verb in (ada.deactivate, partial(delete_account, ada)):
            with pytest.raises(Refused):
                verb(by=None)
        clock.shift(WEEK)

        ada.deactivate(by=None)

        assert eve.is_last_administrator


def test_the_term_of_the_other_administrator_does_not_end_meanwhile(ada):
    """Who is suspended cannot take over."""
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        eve = make_user("eve")
        eve.change_role(Role.named("Administrator"), until=utcnow() + WEEK)
        impose(ada, "suspension", by=None)
        clock.shift(2 * WEEK)

        assert eve.end_role() == "keep role"
        assert eve.can(Permission.ADMIN)


def test_the_term_of_a_suspended_administrator_ends(ada):
    """It lets nobody administer, so there is nothing to keep."""
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        eve = make_user("eve")
        eve.change_role(Role.named("Administrator"), until=utcnow() + WEEK)
        impose(eve, "ban", by=None)
        db.session.execute(db.update(User).where(User.id == ada.id).values(deactivated_at=utcnow()))
        clock.shift(2 * WEEK)

        assert eve.end_role() == "end role"


# By hand


def sanction(client, username="alice", **values):
    return client.post(f"/moderation/people/{username}/sanction", data=form(**values))


def made():
    return db.session.scalars(select(Sanction).order_by(Sanction.id)).all()


@pytest.mark.parametrize("kind", ["warning", "silence"])
def test_a_moderator_sanctions_and_the_member_is_told(client, alice, mona, kind):
    client.sign_in(mona)

    answer = sanction(client, kind=kind)

    (one,) = made()
    (mail,) = mails("sanctioned")
    assert (one.kind, one.user, one.by_name, one.reason) == (kind, alice, "mona", "Spam.")
    assert (one.until is not None) == (kind in (*ENDING, "warning"))
    assert (answer.status_code, mail.recipient) == (302, "alice@example.org")
    assert "Spam." in mail.text and "/standing" in mail.text
    page = client.get(answer.location).text
    assert kind.capitalize() in page and "Active" in page


def typed(app, **values):
    with app.test_request_context(method="POST", data=form(**values)):
        typed = SanctionForm(User(time_zone=values.get("zone", "")))
        return typed.validate(), set(typed.errors), typed.end if not typed.errors else None


@time_machine.travel(datetime(2026, 3, 1, 12), tick=False)
def test_how_long_it_lasts_is_chosen(app):
    days = {"1": 1, "3": 3, "7": 7, "30": 30}
    ends = {lasts: utcnow() + timedelta(number) for lasts, number in days.items()}
    ends |= {"never": None}

    assert {lasts: typed(app, lasts=lasts)[2] for lasts in ends} == ends
    at = typed(app, lasts="at", until="2026-12-24T18:00")[2]
    assert at == datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert typed(app, lasts="7", kind="ban") == (True, set(), None)


ZONES = {  # what is typed, and where → the moment in UTC
    ("2026-07-01T18:00", "Europe/Berlin"): "2026-07-01 16:00",
    ("2026-12-24T18:00", "Europe/Berlin"): "2026-12-24 17:00",
    ("2026-12-24T18:00", "America/New_York"): "2026-12-24 23:00",
    ("2026-03-08T02:30", "America/New_York"): "2026-03-08 07:30",  # an hour that clocks skip
    ("2026-12-24T18:00", "Asia/Kathmandu"): "2026-12-24 12:15",
}


@time_machine.travel(datetime(2026, 3, 1, 12), tick=False)
def test_the_end_is_named_in_the_time_zone_of_the_moderator(app):
    ends = {here: typed(app, lasts="at", until=here[0], zone=here[1])[2] for here in ZONES}

    assert {k: f"{end.astimezone(UTC):%Y-%m-%d %H:%M}" for k, end in ends.items()} == ZONES


def test_the_time_zone_is_remembered(client, alice, mona):
    until = f"{utcnow() + timedelta(days=9):%Y-%m-%dT%H:%M}"
    client.sign_in(mona)
    assert "data-own-zone" in client.get("/moderation/people/alice/sanction").text

    data = form(lasts="at", until=until, zone="Asia/Tokyo")
    client.post("/moderation/people/alice/sanction", data=data)

    page = client.get("/moderation/people/alice/sanction").text
    assert '<option selected value="Asia/Tokyo">' in page and "data-own-zone" not in page
    (made,) = db.session.scalars(select(Sanction))
    assert f"{made.until + timedelta(hours=9):%Y-%m-%dT%H:%M}" == until


def test_a_warning_ends_after_the_days_of_the_settings(alice, mona):
    first = impose(alice, "warning", by=mona)
    assert timedelta(days=89) < first.until - utcnow() < timedelta(days=91)
    Setting.change(warning_days=0)
    assert impose(alice, "warning", by=mona).until is None

    assert first.is_in_force and first.is_strike
    with time_machine.travel(utcnow() + timedelta(days=100)):
        assert first.is_over and first.is_strike


def test_who_is_warned_is_not_of_good_standing(client, alice, mona):
    client.sign_in(mona)
    assert "<dd>Good</dd>" in client.get("/moderation/people/alice").text
    made = impose(alice, "warning", by=mona)
    page = client.get("/moderation/people/alice").text
    assert "<dd>Good</dd>" not in page and "<dd>Warned until" in page

    made.until = utcnow()
    assert "<dd>Good</dd>" in client.get("/moderation/people/alice").text


NONSENSE = [
    ("kind", {"kind": ""}),
    ("kind", {"kind": "exile"}),
    ("lasts", {"lasts": "forever"}),
    ("lasts", {"lasts": "at"}),
    ("until", {"lasts": "at", "until": "2001-01-01T00:00"}),
    ("until", {"lasts": "at", "until": "9999-12-31T23:59"}),
    ("until", {"lasts": "at", "until": "0001-01-01T00:00"}),
    ("until", {"lasts": "at", "until": "tomorrow"}),
    ("until", {"lasts": "at", "until": f"{utcnow().year + 6}-12-24T18:00"}),
    ("zone", {"zone": "Mars/Olympus"}),
    ("reason", {"reason": ""}),
    ("reason", {"reason": "   "}),
    ("reason", {"reason": "x" * 501}),
    ("reason", {"reason": "a\u202eb"}),
    ("reason", {"reason": "See www.example.org"}),
    ("key", {"key": "x" * 33}),
]


def test_nonsense_is_said_at_its_field(app):
    """R-88."""
    expected = [(values, {field}) for field, values in NONSENSE]

    assert [(values, typed(app, **values)[1]) for _, values in NONSENSE] == expected


def test_nonsense_sanctions_nobody(client, alice, mona):
    client.sign_in(mona)

    for wrong in ({"lasts": "at", "until": "tomorrow"}, {"reason": ""}):
        page = sanction(client, **wrong)
        assert page.status_code == 200 and "field-error" in page.text
    assert made() == [] and mails() == []


def test_a_double_click_has_one_effect(client, alice, mona):
    """R-96."""
    client.sign_in(mona)

    answers = [sanction(client).location for _ in "12"]

    assert answers[0] == answers[1]
    assert len(made()) == len(mails("sanctioned")) == len(acts()) == 1


def test_a_form_that_is_changed_and_sent_again_adds_nothing_and_says_so(client, alice, bob, mona):
    client.sign_in(mona)
    sanction(client)

    page = client.get(sanction(client, kind="ban").location).text

    assert "Nothing was added" in page
    assert "someone else" in sanction(client, "bob").text
    assert [one.kind for one in made()] == ["silence"] and bob.may_speak


def test_nobody_is_told_at_an_address_that_was_not_proven(client, mona):
    make_user("nora", confirmed=False)
    client.sign_in(mona)

    sanction(client, "nora")

    assert len(made()) == 1 and mails() == []


@pytest.mark.parametrize("who, status", [("ada", 403), ("mona", 403), ("nobody", 404)])
def test_the_page_is_refused_with_the_reason_where_the_rank_forbids_it(
    client, ada, mona, who, status
):
    client.sign_in(mona)

    for answer in (client.get(f"/moderation/people/{who}/sanction"), sanction(client, who)):
        assert answer.status_code == status
    assert made() == []


def test_the_form_begins_with_the_reason_of_a_rule(client, alice, mona):
    Setting.change(report_categories="Spam | This is spam.\nRude | Be kind.")
    client.sign_in(mona)

    page = client.get("/moderation/people/alice/sanction?rule=Rude").text

    assert "Be kind.</textarea>" in page and "rule=Spam" in page
    assert client.get("/moderation/people/alice/sanction?rule=x").status_code == 200


def test_a_profile_offers_to_sanction_to_those_who_may(client, alice, mona, ada):
    seen = {}
    for person in (alice, mona, ada):
        client.sign_in(person)
        for other in (alice, mona, ada):
            page = client.get(f"/user/{other.username}").text
            seen[person.username, other.username] = "/sanction" in page

    may = {("mona", "alice"), ("ada", "alice"), ("ada", "mona")}
    assert {pair for pair, offered in seen.items() if offered} == may


def test_it_is_lifted_with_a_reason_and_the_member_is_told(client, alice, mona):
    one = impose(alice, by=mona)
    client.sign_in(mona)
    path = f"/moderation/sanctions/{one.id}/lift"
    assert "field-error" in client.post(path, data={"reason": ""}).text and alice.is_silenced

    for _ in "12":
        assert client.post(path, data={"reason": "A mistake."}).status_code == 302

    (mail,) = mails("sanction_lifted")
    assert alice.may_speak and (one.lifted_by, one.lift_reason) == ("mona", "A mistake.")
    assert "A mistake." in mail.text and len(acts()) == 2
    assert "Already lifted by mona." in client.get(path).text


def test_who_may_not_sanction_lifts_nothing(client, mona, ada):
    one = impose(mona, by=ada)
    client.sign_in(mona)

    assert client.get(f"/moderation/sanctions/{one.id}/lift").status_code == 403
    assert (
        client.post(f"/moderation/sanctions/{one.id}/lift", data={"reason": "x"}).status_code == 403
    )
    assert client.get("/moderation/sanctions/4711/lift").status_code == 404


def test_the_log_keeps_what_was_done_and_until_when(alice, mona):
    one = impose(alice, by=mona, until=datetime.fromisoformat("2030-01-02T12:00:00+00:00"))
    entry = db.session.get(AuditEntry, one.entry_id)

    assert (entry.action, entry.after) == ("silence", "until 2 January 2030, 12:00 UTC")
    assert impose(alice, "warning", by=SITE).by_name == "the site"

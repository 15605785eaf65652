"""Moderators and members who act on one case at the same moment: one outcome, and one entry."""

from datetime import timedelta
from functools import partial

import pytest
from factories import mails, make_comment, make_post, make_report, make_user
from sqlalchemy import func, select
from test_races import at_once, cookie_of, meet, post, restless_threads, statuses
from test_writing_races import number, verb

from app.extensions import db
from app.models import AuditEntry, Case, Notification, Post, Report, Sanction
from app.models.content.counters import wrong_counts
from app.models.fields import utcnow
from app.models.moderation.ruling import Penalty
from app.models.retention.erasure import delete_account
from app.models.retention.purge import purge_removed

__all__ = ["meet", "restless_threads"]  # fixtures
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]
DISMISS = dict(ruling="dismiss", reason="It is fine.")
HIDE = dict(ruling="hide", reason="An ad.")
SANCTION = dict(ruling="sanction", kind="suspension", lasts="7", reason="An ad.")


@pytest.fixture
def case(alice, bob):
    return make_report(make_post(bob), by=alice).case


@pytest.fixture
def moderators(client, mona):
    people = [mona, *(make_user(role="Moderator") for _ in range(3))]
    return [cookie_of(client, person) for person in people]


def acts():
    return [entry.action for entry in db.session.scalars(AuditEntry.latest())]


@pytest.mark.parametrize(
    "forms, entries",
    [
        ([DISMISS] * 4, {"dismiss reports"}),
        ([HIDE] * 4, {"hide"}),
        ([SANCTION] * 4, {"hide", "suspend"}),
        ([DISMISS, HIDE, SANCTION, DISMISS], None),
    ],
)
def test_of_four_who_rule_at_once_one_does(app, client, case, moderators, forms, entries):
    path = f"/moderation/case/{case.id}/rule"

    answers = at_once(
        app, *[partial(post, app, path, c, **f) for c, f in zip(moderators, forms, strict=True)]
    )

    assert statuses(answers) == [302, 409, 409, 409]
    done = acts()
    assert len(done) == len(set(done)) and (entries is None or set(done) == entries)
    expected = {
        "dismissed": {"dismiss reports"},
        "hidden": {"hide"},
        "hidden and sanctioned": {"hide", "suspend"},
    }
    assert set(done) == expected[case.outcome]
    assert number(Sanction) == len(mails("sanctioned")) == ("suspend" in done)
    assert number(Notification, Notification.case_id == case.id) == 1
    assert AuditEntry.verify() is None and list(wrong_counts()) == []


def test_one_form_that_is_sent_many_times_rules_once(app, client, case, moderators, bob):
    path, form = f"/moderation/case/{case.id}/rule", dict(SANCTION, key="0123456789abcdef")

    answers = at_once(app, *[partial(post, app, path, moderators[0], **form)] * 4)

    assert statuses(answers) == [302] * 4
    assert sorted(acts()) == ["hide", "suspend"] and len(mails("text_hidden")) == 1


def test_of_four_who_take_it_in_hand_at_once_one_has_it(app, client, case, moderators):
    path = f"/moderation/case/{case.id}/claim"

    answers = at_once(app, *[partial(post, app, path, cookie) for cookie in moderators])

    assert statuses(answers) == [302] * 4
    assert case.is_claimed


def test_many_who_report_one_thing_at_once_open_one_case(app, client, bob):
    cookies = [cookie_of(client, make_user()) for _ in range(4)]
    things = [(make_post(bob), "/post/{0.id}/report"), (bob, "/user/{0.username}/report")]
    for thing, path in things:
        reports = [
            partial(post, app, path.format(thing), cookie, category="Spam") for cookie in cookies
        ]

        answers = at_once(app, *reports)

        assert statuses(answers) == [302] * 4
        (case,) = db.session.scalars(select(Case).where(*Case.about(thing))).all()
        assert case.report_count == number(Report, Report.case_id == case.id) == 4


def test_a_report_that_is_sent_many_times_at_once_is_one(app, client, alice):
    cookie, thing = cookie_of(client, alice), make_comment()
    path = f"/comment/{thing.id}/report"

    answers = at_once(app, *[partial(post, app, path, cookie, category="Spam")] * 4)

    assert statuses(answers) == [302] * 4
    assert (number(Case), number(Report)) == (1, 1)


def test_whoever_is_slowed_sends_one_of_many_reports(app, client, alice, mona):
    for case in [make_report(by=alice).case for _ in range(3)]:
        case.dismiss(by=mona, reason="It is fine.")
    db.session.execute(db.update(Report).values(created_at=utcnow() - timedelta(days=2)))
    cookie = cookie_of(client, alice)
    paths = [f"/post/{make_post(mona).id}/report" for _ in range(3)]

    answers = at_once(app, *[partial(post, app, path, cookie, category="Spam") for path in paths])

    assert statuses(answers) == [302] * 3
    assert (number(Case), number(Report)) == (4, 4)


def test_what_is_reported_while_it_is_ruled_on_is_in_one_case_or_the_next(
    app, client, case, moderators
):
    thing = case.post
    cookies = [cookie_of(client, make_user()) for _ in range(4)]
    reports = [
        partial(post, app, f"/post/{thing.id}/report", cookie, category="Spam")
        for cookie in cookies
    ]
    rule = partial(post, app, f"/moderation/case/{case.id}/rule", moderators[0], **DISMISS)

    answers = at_once(app, *reports, rule)

    assert statuses(answers) == [302] * 5
    counted = dict(db.session.execute(select(Case.id, Case.report_count)).all())
    made = select(Report.case_id, func.count()).group_by(Report.case_id)
    assert counted == dict(db.session.execute(made).all())
    assert sum(counted.values()) == 5 and len(counted) <= 2
    told = number(Notification, Notification.case_id == case.id)
    assert told == case.report_count


def test_what_is_deleted_or_edited_while_it_is_ruled_on_breaks_nothing(
    app, client, case, moderators, bob
):
    path, thing = f"/moderation/case/{case.id}/rule", case.post
    here = partial(verb, type(thing), thing.id)
    acts_of_author = [here("delete"), here("edit", text="Another.", by="bob")]
    rulings = [partial(post, app, path, cookie, **SANCTION) for cookie in moderators]

    *answers, _, _ = at_once(app, *rulings, *acts_of_author)

    assert statuses(answers) == [302, 409, 409, 409]
    assert sorted(acts()) == ["hide", "suspend"]
    assert list(wrong_counts()) == []


def test_sanctions_from_two_cases_at_once_are_two(app, client, bob, moderators):
    cases = [make_report(make_post(bob)).case, make_report(bob).case]
    acts_ = [
        partial(post, app, f"/moderation/case/{case.id}/rule", cookie, **SANCTION)
        for case, cookie in zip(cases, moderators[:2], strict=True)
    ]

    answers = at_once(app, *acts_)

    assert statuses(answers) == [302] * 2
    assert [case.outcome for case in cases] == ["hidden and sanctioned", "sanctioned"]
    assert number(Sanction) == 2 and AuditEntry.verify() is None


def test_a_case_is_reopened_once_and_not_while_the_same_is_reported(app, client, case, mona):
    case.dismiss(by=mona, reason="It is fine.")
    cookie, thing = cookie_of(client, make_user()), case.post
    reopen = verb(Case, case.id, "reopen", by="mona", reason="Hm.")
    report = partial(post, app, f"/post/{thing.id}/report", cookie, category="Spam")

    *done, answer = at_once(app, reopen, reopen, reopen, report)

    assert answer[0] == 302
    open_ones = number(Case, Case.settled_at.is_(None))
    assert open_ones == 1
    assert acts().count("reopen reports") == done.count(True) <= 1


def test_a_penalty_and_a_claim_wait_for_each_other(app, case, mona, ada):
    acts_ = [verb(Case, case.id, "claim", by="ada")] * 3
    penalty = dict(by="mona", reason="An ad.", hides=True, penalty=Penalty("warning"))

    at_once(app, *acts_, *[verb(Case, case.id, "uphold", **penalty)] * 3)

    assert case.is_open == case.is_claimed
    assert number(Sanction) == (0 if case.is_open else 1)


def purge(id):
    purge_removed(db.session.get(Post, id))


def author_leaves(id):
    delete_account(db.session.get(Post, id).author, removes_writing=True)
    db.session.commit()


@pytest.mark.parametrize(
    "go, form",
    [(purge, DISMISS), (purge, SANCTION), (author_leaves, HIDE), (author_leaves, SANCTION)],
)
def test_what_goes_for_good_while_it_is_ruled_on_leaves_no_copy(
    app, client, bob, case, moderators, form, go
):
    """Neither waits for the other in a circle."""
    comment = make_comment(case.post, make_user())
    make_report(comment, by=bob)
    case.post.remove(by=None, reason="It has to go.")
    path = f"/moderation/case/{case.id}/rule"
    rulings = [partial(post, app, path, cookie, **form) for cookie in moderators]

    *answers, _ = at_once(app, *rulings, partial(go, case.post_id))

    assert set(statuses(answers)) <= {200, 302, 409} and number(Post) == 0
    kept = db.session.scalars(select(Report.body).order_by(Report.id)).all()
    assert kept == ["Hello." if case.is_open else "", "An answer."]
    assert AuditEntry.verify() is None and list(wrong_counts()) == []

"""Notices to staff: a mail to whom it concerns when something waits too long."""

from datetime import timedelta

import pytest
from factories import keep, mails, make_user
from test_races import at_once, meet, restless_threads

from app.extensions import db
from app.jobs.staff_notices import tell_staff
from app.models import Appeal, Case, Role, RoleRequest, Setting
from app.models.fields import utcnow

__all__ = ["meet", "restless_threads"]  # fixtures
HOUR = timedelta(hours=1)


def case(age, **values):
    return keep(
        Case(noun="user", person=make_user(), category="Spam", created_at=utcnow() - age, **values)
    )


def told():
    db.session.commit()
    tell_staff()
    db.session.expire_all()
    return sorted(mail.recipient.partition("@")[0] for mail in mails("staff_notice"))


def test_moderators_are_told_of_a_report_that_waits_a_day(app, alice, mona, ada):
    case(23 * HOUR)
    assert told() == []

    case(49 * HOUR)

    assert told() == ["ada", "mona"]
    mail = mails("staff_notice")[0]
    assert "2 reports, the oldest for 2 days:" in mail.text and "/moderation/" in mail.text
    assert (
        "2 reports" in mail.html and mail.subject == "[Offbrand] Pending items need your attention"
    )


def test_each_of_staff_gets_one_a_day(app, mona):
    case(25 * HOUR)
    assert told() == told() == ["mona"]

    mona.staff_told_at = utcnow() - 25 * HOUR

    assert told() == ["mona", "mona"]


def test_each_is_told_of_what_they_can_act_on(app, alice, mona, ada):
    alice.ask_for_approval("Please.")
    alice.approval_asked_at = utcnow() - 30 * HOUR
    assert told() == ["ada"]

    ada.staff_told_at = None
    keep(Appeal(user=make_user(), created_at=utcnow() - 30 * HOUR))

    assert told() == ["ada", "ada", "mona"]
    texts = {mail.recipient[:4]: mail.text for mail in mails("staff_notice")}
    assert "1 newcomer" in texts["ada@"] and "1 appeal" in texts["ada@"]
    assert "newcomer" not in texts["mona"] and "/admin/" not in texts["mona"]


def test_requests_for_a_role_wait_too(app, alice, ada):
    asked = RoleRequest(user=alice, role=Role.named("Moderator"), reason="")
    asked.created_at = utcnow() - 30 * HOUR
    keep(asked)

    assert told() == ["ada"]


def test_nobody_is_told_of_what_is_about_themselves(app, mona, ada):
    case(25 * HOUR).person = mona

    assert told() == ["ada"]


def test_what_is_settled_waits_no_longer(app, mona):
    case(99 * HOUR, settled_at=utcnow())

    assert told() == []


@pytest.mark.parametrize("hours, number", [(0, 0), (1, 1), (48, 0)])
def test_the_time_is_a_setting(app, mona, hours, number):
    case(25 * HOUR)
    Setting.change(notice_hours=hours)

    assert len(told()) == number


@pytest.mark.parametrize(
    "state",
    [
        dict(confirmed_at=None),
        dict(deactivated_at=utcnow()),
        dict(suspended_until=utcnow() + HOUR),
        dict(approval_asked_at=utcnow()),
        dict(role_until=utcnow() - HOUR),
    ],
)
def test_who_cannot_act_is_told_nothing(app, mona, state):
    case(25 * HOUR)
    for name, value in state.items():
        setattr(mona, name, value)

    assert told() == []


def test_who_is_staff_again_is_told(app, alice, mona):
    case(25 * HOUR)
    mona.role, mona.former_role, mona.role_until = alice.role, mona.role, utcnow() - HOUR

    assert told() == ["mona"]


@pytest.mark.both_databases
@pytest.mark.fault
def test_of_many_workers_one_writes(app, mona, ada):
    case(25 * HOUR)

    at_once(app, *[tell_staff] * 4)

    assert len(mails("staff_notice")) == 2

"""Temporary roles: they end by themselves, with an email before and after, once each."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from factories import everything, keep, mails, make_user
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.jobs import temporary_roles
from app.jobs.mail_worker import deliver_safely
from app.models import AuditEntry, Role, User
from app.models.errors import Refused
from app.models.fields import utcnow

SEPTEMBER = datetime(2999, 9, 1, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
JULY = SEPTEMBER - 60 * DAY


@pytest.fixture(autouse=True)
def clock():
    """It is July; tests move on from there."""
    with time_machine.travel(JULY, tick=False) as clock:
        yield clock


@pytest.fixture
def mia(ada):
    """Moderator until 1 September, by Ada."""
    mia = make_user("mia")
    mia.change_role(Role.named("Moderator"), by=ada, until=SEPTEMBER)
    db.session.commit()
    return mia


def subjects():
    return [mail.subject.removeprefix("[Offbrand] ") for mail in mails()]


def entries(person):
    """What the log says of a person, the oldest first."""
    rows = db.session.scalars(AuditEntry.about(person)).all()
    return [(row.action, row.actor_name, row.before, row.after) for row in reversed(rows)]


def sweep():
    db.session.commit()
    temporary_roles.sweep()


# Before, and until then


def test_a_role_holds_until_its_end(client, clock, mia):
    client.sign_in(mia)
    assert client.get("/moderation/").status_code == 200

    clock.move_to(SEPTEMBER - timedelta(seconds=1))
    client.sign_in(mia)  # sessions do not last that long
    assert client.get("/moderation/").status_code == 200

    clock.move_to(SEPTEMBER)
    assert client.get("/moderation/").status_code == 403
    assert (mia.role.name, mia.role_until, mia.former_role) == ("User", None, None)


def test_it_is_in_the_log_and_in_a_mail_when_it_ends(client, clock, mia):
    """R-94."""
    clock.move_to(SEPTEMBER)
    client.sign_in(mia)
    client.get("/")

    until = "Moderator until the end of 31 August 2999 (UTC)"
    assert entries(mia) == [
        ("change role", "ada", "User", until),
        ("end role", "the site", until, "User"),
    ]
    assert subjects() == ["Your role is User again"]
    assert "Your time as Moderator" in mails("role_ended")[0].text


def test_it_ends_for_whom_is_not_here(clock, mia):
    clock.move_to(SEPTEMBER + MINUTE)

    sweep()
    sweep()

    assert mia.role.name == "User"
    assert subjects() == ["Your role is User again"] and len(entries(mia)) == 2


def test_the_postman_looks_once_a_minute(app, clock, mia, monkeypatch):
    seen = []
    monkeypatch.setattr("app.jobs.mail_worker.sweep", lambda: seen.append(utcnow()))
    monkeypatch.setitem(app.extensions, "swept_at", 0)

    for _ in range(3):
        deliver_safely(app)
    monkeypatch.setitem(app.extensions, "swept_at", app.extensions["swept_at"] - 61)
    deliver_safely(app)

    assert len(seen) == 2


def test_the_postman_ends_it(app, clock, mia, monkeypatch):
    clock.move_to(SEPTEMBER)
    monkeypatch.setitem(app.extensions, "swept_at", 0)

    deliver_safely(app)
    db.session.expire_all()

    assert mia.role.name == "User"


def test_signing_in_leads_to_the_page_of_the_role_that_counts(client, clock, mia):
    clock.move_to(SEPTEMBER)

    answer = client.post("/auth/login", data=dict(login="mia", password="violet anchor 71 drum"))

    assert answer.location == "/"


# The notice


def test_a_day_before_the_end_it_is_called_to_mind_once(clock, mia):
    clock.move_to(SEPTEMBER - DAY - MINUTE)
    sweep()
    assert subjects() == []

    for _ in range(3):
        clock.move_to(SEPTEMBER - DAY)
        sweep()

    assert subjects() == ["Your role as Moderator ends soon"]
    assert "the end of 31 August 2999 (UTC). After that it is User again." in mails()[0].text
    clock.move_to(SEPTEMBER)
    sweep()
    assert subjects() == ["Your role as Moderator ends soon", "Your role is User again"]


@pytest.mark.parametrize("length, told", [(DAY, 0), (DAY / 2, 0), (DAY + MINUTE, 1)])
def test_a_role_for_a_day_is_not_called_to_mind(clock, ada, alice, length, told):
    """The first mail said it."""
    alice.change_role(Role.named("Moderator"), by=ada, until=utcnow() + length)

    clock.shift(length - MINUTE)
    sweep()

    assert len(mails("role_ending")) == told


def test_a_longer_term_is_called_to_mind_anew(clock, ada, mia):
    clock.move_to(SEPTEMBER - DAY)
    sweep()
    mia.change_role(mia.role, by=ada, until=SEPTEMBER + 30 * DAY)

    clock.move_to(SEPTEMBER + 29 * DAY)
    sweep()

    assert len(mails("role_ending")) == 2
    assert mia.returns_to.name == "User"


def test_a_term_that_was_made_longer_in_this_moment_is_not_called_to_mind(clock, ada, mia):
    clock.move_to(SEPTEMBER - DAY)
    db.session.commit()
    later = User.__table__.update().where(User.id == mia.id).values(role_until=SEPTEMBER + DAY)
    db.session.execute(later)

    assert not mia.claim_notice()


def test_nobody_is_mailed_at_an_address_that_is_not_proven(clock, ada):
    nora = make_user("nora", confirmed=False)
    nora.change_role(Role.named("Moderator"), by=ada, until=SEPTEMBER)
    for moment in (SEPTEMBER - DAY, SEPTEMBER):
        clock.move_to(moment)
        sweep()

    assert nora.role.name == "User" and mails() == []


# What may happen meanwhile


def test_a_role_given_for_good_does_not_end(clock, ada, mia):
    mia.change_role(Role.named("Moderator"), by=ada)
    clock.move_to(SEPTEMBER)
    sweep()

    assert (mia.role.name, mia.role_until, subjects()) == ("Moderator", None, [])


def test_another_role_for_a_time_returns_to_the_one_before_both(clock, ada, mia):
    role = Role.create(name="Writers", permissions=6)
    mia.change_role(role, by=ada, until=SEPTEMBER + DAY)
    clock.move_to(SEPTEMBER + DAY)
    sweep()

    assert mia.role.name == "User"


def test_a_role_that_is_over_is_nothing_to_return_to(clock, ada):
    """Of somebody who had none before, and whom nobody has settled yet."""
    nell = make_user("nell", role=None)
    nell.change_role(Role.named("Moderator"), by=ada, until=SEPTEMBER)
    clock.move_to(SEPTEMBER)
    nell.change_role(Role.create(name="Writers"), by=ada, until=SEPTEMBER + DAY)

    assert nell.returns_to.name == "User"


def test_a_role_is_given_for_a_time_that_is_yet_to_come(ada, alice):
    for until in (JULY, JULY - DAY):
        with pytest.raises(Refused, match="in the future"):
            alice.change_role(Role.named("Moderator"), by=ada, until=until)


def test_who_had_no_role_gets_the_default_one(clock, ada):
    nell = make_user("nell", role=None)
    nell.change_role(Role.named("Moderator"), by=ada, until=SEPTEMBER)
    clock.move_to(SEPTEMBER)
    sweep()

    assert nell.role.name == "User"


def test_whoever_returns_to_a_mightier_role_stays_out_of_reach(app, ada, mona):
    """R-81: an administrator who is Moderator for a month."""
    other = make_user("other", role="Administrator")
    other.change_role(Role.named("User"), by=ada, until=SEPTEMBER)

    with pytest.raises(Refused):
        other.deactivate(by=mona)


# The last administrator


def administrators():
    return set(db.session.scalars(User.administrators()))


def test_the_last_administrator_stays_though_the_term_is_over(client, clock, ada):
    """R-82: for good, in the log, and told by mail."""
    eda = make_user("eda")
    eda.change_role(Role.named("Administrator"), by=ada, until=SEPTEMBER)
    ada.change_role(Role.named("User"), by=eda)
    clock.move_to(SEPTEMBER)
    client.sign_in(eda)

    assert client.get("/admin/").status_code == 200

    assert (eda.role.name, eda.role_until, eda.former_role) == ("Administrator", None, None)
    action, actor, before, after = entries(eda)[-1]
    assert (action, actor, after) == ("keep role", "the site", "Administrator")
    assert subjects() == ["You keep the role Administrator"]
    assert administrators() == {eda.id}


def test_of_two_whose_terms_end_at_once_one_stays(clock, ada):
    """R-82."""
    people = [make_user(), make_user()]
    for person in people:
        person.change_role(Role.named("Administrator"), by=ada, until=SEPTEMBER)
    ada.change_role(Role.named("User"), by=people[0])
    clock.move_to(SEPTEMBER)
    sweep()

    assert len(administrators()) == 1
    assert sorted(subjects()) == ["You keep the role Administrator", "Your role is User again"]


@pytest.mark.parametrize("state", ["deactivated", "unconfirmed"])
def test_a_term_of_somebody_who_could_not_administer_anyway_ends(clock, ada, state):
    eda = make_user("eda", confirmed=state != "unconfirmed")
    eda.change_role(Role.named("Administrator"), by=ada, until=SEPTEMBER)
    if state == "deactivated":
        eda.deactivate(by=ada)
    db.session.execute(User.__table__.delete().where(User.id == ada.id))  # past all rules
    clock.move_to(SEPTEMBER)
    sweep()

    assert eda.role.name == "User"


def test_whose_former_role_administers_too_returns_to_it(app, clock):
    boss = make_user("boss", role=keep(Role(name="Boss", permissions=31)).name)
    boss.change_role(Role.named("Administrator"), until=SEPTEMBER)
    clock.move_to(SEPTEMBER)
    sweep()

    assert boss.role.name == "Boss"


def test_the_last_administrator_cannot_take_leave_for_a_time(ada):
    """R-82."""
    with pytest.raises(Refused, match="without an administrator"):
        ada.change_role(Role.named("User"), until=SEPTEMBER)


def test_an_administrator_whose_term_is_over_acts_no_more(clock, ada, alice):
    """R-81: from that moment on, settled or not."""
    eda = make_user("eda")
    eda.change_role(Role.named("Administrator"), by=ada, until=SEPTEMBER)
    db.session.commit()
    clock.move_to(SEPTEMBER)

    with pytest.raises(Refused):
        alice.change_role(Role.named("Moderator"), by=eda)
    with pytest.raises(Refused):
        Role.create(by=eda, name="Mine")


# What must not break


def test_a_database_that_takes_no_writing_does_not_stop_a_request(client, clock, mia):
    clock.move_to(SEPTEMBER)
    client.sign_in(mia)

    def read_only(connection, cursor, statement, *rest):
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE")):
            raise OperationalError(statement, {}, Exception("attempt to write a readonly database"))

    event.listen(db.engine, "before_cursor_execute", read_only)
    try:
        seen = [client.get(path).status_code for path in ("/", "/moderation/")]
    finally:
        event.remove(db.engine, "before_cursor_execute", read_only)

    assert seen == [200, 403]
    assert mia.role.name == "Moderator"  # in its row, where it counts no more
    client.get("/")
    assert mia.role.name == "User"


def test_one_who_cannot_be_served_does_not_keep_the_others_waiting(clock, mia, monkeypatch, caplog):
    other = make_user("other")
    other.change_role(Role.named("Moderator"), until=SEPTEMBER + MINUTE)
    clock.move_to(SEPTEMBER + DAY)
    end_role = User.end_role

    def end_or_fail(person):
        if person.username == "mia":
            raise OperationalError("UPDATE", {}, Exception("locked"))
        return end_role(person)

    monkeypatch.setattr(User, "end_role", end_or_fail)
    sweep()

    assert (mia.role.name, other.role.name) == ("Moderator", "User")
    assert "could not be ended" in caplog.text


def test_a_sweep_of_nobody_writes_nothing(clock, mia):
    db.session.commit()
    before = everything()

    sweep()

    assert everything() == before


def test_a_person_who_went_in_this_moment_is_no_fault(clock, mia):
    clock.move_to(SEPTEMBER)
    db.session.commit()
    db.session.execute(User.__table__.delete().where(User.id == mia.id))

    assert mia.end_role() is None


# Who sees it


@pytest.mark.parametrize("who, sees", [("mia", True), ("mona", True), ("alice", False)])
def test_the_end_is_shown_to_staff_and_to_the_person(client, request, mia, who, sees):
    client.sign_in(mia if who == "mia" else request.getfixturevalue(who))

    page = client.get("/user/mia").text

    assert ("Moderator until the end of 31 August 2999 (UTC), then User." in page) is sees


def test_the_end_is_shown_in_ones_settings(client, mia):
    client.sign_in(mia)

    assert "Moderator until the end of 31 August 2999" in client.get("/settings/profile").text


# At the shell


@pytest.mark.parametrize("verb", ["set", "add"])
def test_an_operator_gives_a_role_until_a_day(flask, alice, verb):
    result = flask("roles", verb, "alice", "Moderator", "--until", "2999-08-31")

    assert result.output == "alice’s role is now Moderator until the end of 31 August 2999 (UTC).\n"
    assert (alice.role_until, alice.returns_to.name) == (SEPTEMBER, "User")
    assert subjects() == ["Your role is now Moderator"]


@pytest.mark.parametrize("day", ["2020-01-01", "tomorrow", "2999-02-30", ""])
def test_an_operator_gives_no_role_until_nonsense(flask, alice, day):
    db.session.commit()
    before = everything()

    result = flask("roles", "set", "alice", "Moderator", "--until", day)

    assert result.exit_code in (1, 2) and "Error: " in result.output
    assert everything() == before


def test_what_an_operator_sees_is_the_role_that_counts(flask, clock, mia):
    clock.move_to(SEPTEMBER)

    assert "mia is User, not Moderator" in flask("roles", "remove", "mia", "Moderator").output

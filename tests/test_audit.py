"""The log of staff's acts: complete, chained, and nobody forks it or changes it unseen."""

from functools import partial

import pytest
from factories import make_user
from sqlalchemy import delete, text, update
from test_races import at_once

from app.extensions import db
from app.models import AuditEntry, AuditHead, Role, User
from app.models.audit.chain import Fault
from app.models.audit.entry import AuditError
from app.models.retention.erasure import delete_account
from app.models.users.rank import Refused


def entries():
    db.session.commit()
    return db.session.scalars(AuditEntry.latest().order_by(None).order_by(AuditEntry.number)).all()


@pytest.fixture
def log(app, ada, alice):
    """Three acts of Ada's."""
    alice.change_role(Role.named("Moderator"), by=ada, reason="She asked for it.")
    alice.deactivate(by=ada)
    alice.reactivate(by=ada)
    return entries()


def test_an_act_writes_who_what_whom_before_after_and_why(log, ada, alice):
    """R-94."""
    entry = log[0]

    assert (entry.action, entry.actor_id, entry.actor_name) == ("change role", ada.id, "ada")
    assert (entry.target_type, entry.target_id, entry.target_name) == ("user", alice.id, "alice")
    assert (entry.before, entry.after) == ("User", "Moderator")
    assert (entry.reason, entry.place) == ("She asked for it.", "the shell")


@pytest.mark.both_databases
def test_entries_are_numbered_without_gaps_and_chained(log):
    assert [entry.number for entry in log] == [1, 2, 3]
    assert [entry.previous_hash for entry in log] == ["", log[0].hash, log[1].hash]
    assert AuditEntry.verify() is None


def test_an_act_that_is_repeated_is_noted_once(app, ada, alice):
    for _ in range(2):
        alice.deactivate(by=ada)
        alice.demand_new_password(by=ada)

    assert [entry.action for entry in entries()] == ["deactivate", "require new password"]


def test_what_was_refused_or_rolled_back_leaves_no_entry(app, ada, mona):
    with pytest.raises(Refused):
        ada.deactivate(by=mona)
    mona.deactivate(by=ada)
    db.session.rollback()

    assert entries() == []
    assert AuditEntry.verify() is None


@pytest.mark.both_databases
def test_a_savepoint_that_is_undone_takes_its_entry_along(app, ada, alice):
    alice.deactivate(by=ada)
    with pytest.raises(Refused):  # the guard works in a savepoint
        ada.change_role(Role.get_default())

    assert [entry.action for entry in entries()] == ["deactivate"]
    assert AuditEntry.verify() is None


COLUMNS = {"actor_name": "eve", "target_id": 0, "before": "x", "after": "x", "reason": "x"}
COLUMNS |= {"place": "x", "action": "x", "target_name": "x", "previous_hash": "x", "hash": "x"}
COLUMNS |= {"subject_id": 7, "undoes_id": 7}


@pytest.mark.both_databases
def test_a_changed_entry_is_found(log):
    found = {}
    for column, value in COLUMNS.items():
        with db.session.begin_nested() as savepoint:
            db.session.execute(update(AuditEntry).where(AuditEntry.number == 2), {column: value})
            found[column] = AuditEntry.verify()
            savepoint.rollback()

    assert found == dict.fromkeys(COLUMNS, Fault(2, "is not what was written"))
    assert AuditEntry.verify() is None


def test_the_first_and_the_last_entry_that_changed_are_found_too(log):
    for number in (3, 1):
        changed = update(AuditEntry).where(AuditEntry.number == number).values(reason="x")
        db.session.execute(changed)
        assert AuditEntry.verify() == Fault(number, "is not what was written")


def test_a_missing_entry_is_found(log):
    for number in (3, 2, 1):
        db.session.execute(delete(AuditEntry).where(AuditEntry.number == number))
        assert AuditEntry.verify() == Fault(number, "is missing")


def test_an_emptied_log_is_found(log):
    db.session.execute(delete(AuditEntry))

    assert AuditEntry.verify() == Fault(1, "is missing")


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [None, 4])
def test_an_entry_past_the_chain_is_found(log, number):
    db.session.execute(text("UPDATE audit_entries SET number = NULL WHERE number = 3"))
    db.session.execute(update(AuditEntry).where(AuditEntry.number.is_(None)).values(number=number))
    if number:
        db.session.execute(text("UPDATE audit_head SET number = 2"))

    assert AuditEntry.verify() is not None


def test_a_row_that_was_slipped_in_does_not_join_the_chain_with_the_next_act(log, ada, alice):
    slipped = AuditEntry.__table__.insert()
    values = dict(action="deactivate", actor_name="ada", created_at=log[0].created_at)
    empty = dict.fromkeys(["target_type", "target_name", "before", "after", "reason", "place"], "")
    db.session.execute(slipped.values(**values, **empty, previous_hash="", hash=""))
    db.session.commit()

    alice.deactivate(by=ada)
    db.session.commit()

    assert AuditEntry.verify() == Fault(5, "was slipped in past the chain")


def test_a_log_whose_end_was_cut_off_with_its_head_does_not_match_a_hash_noted_before(log):
    noted = f"{log[-1].number}:{log[-1].hash}"
    assert AuditEntry.holds(noted)

    db.session.execute(delete(AuditEntry).where(AuditEntry.number == 3))
    db.session.execute(update(AuditHead).values(number=2, hash=log[1].hash))

    assert AuditEntry.verify() is None
    assert not AuditEntry.holds(noted)


@pytest.mark.parametrize("change", ["reason", "delete"])
def test_the_application_itself_cannot_change_an_entry(log, change):
    if change == "delete":
        db.session.delete(log[0])
    else:
        log[0].reason = "Because."

    with pytest.raises(AuditError):
        db.session.flush()


def test_a_deleted_person_stays_in_the_log_by_name(app, ada, alice):
    delete_account(alice, by=ada)

    (entry,) = entries()
    assert (entry.action, entry.target_name) == ("delete", "alice")
    assert AuditEntry.verify() is None


def act(name, times):
    person = User.with_username(name)
    for i in range(times):
        person.deactivate() if i % 2 == 0 else person.reactivate()
        db.session.commit()


@pytest.mark.both_databases
@pytest.mark.fault
def test_many_who_write_at_once_do_not_fork_the_log(app):
    """Four threads write ten entries each."""
    for i in range(4):
        make_user(f"member{i}x")

    at_once(app, *[partial(act, f"member{i}x", 10) for i in range(4)])

    assert [entry.number for entry in entries()] == list(range(1, 41))
    assert len({entry.previous_hash for entry in entries()}) == 40
    assert AuditEntry.verify() is None

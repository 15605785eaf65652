"""Imports that are confirmed at the same moment: one has its effect, the rule of rank holds."""

import threading
from functools import partial

import pytest
from factories import make_user
from importing import NORA, PATH, file_of, upload, waiting
from test_races import at_once, cookie_of, post, sign_up, statuses

from app.admin import imports
from app.extensions import db
from app.models import AuditEntry, PeopleImport, User
from app.models.retention.erasure import delete_account

pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


@pytest.fixture
def meet(monkeypatch):
    """Let all who confirm have made their plans before any of them acts."""

    def meet(count):
        door, real = threading.Barrier(count), imports.do_import

        def waiting_for_others(*values):
            door.wait(20)
            return real(*values)

        monkeypatch.setattr(imports, "do_import", waiting_for_others)

    return meet


def yes(app, row, cookie):
    return lambda: post(app, f"{PATH}/{row.id}", cookie, plan_hash=row.plan_hash)


def test_of_three_who_confirm_one_import_one_does_it(app, client, ada, meet):
    cookie = cookie_of(client, ada)
    upload(client, file_of(NORA, *(f"n{i}@example.org,,,,,,," for i in range(50))))
    meet(3)

    at_once(app, *[yes(app, waiting(), cookie)] * 3)

    assert (User.count(), waiting()) == (52, None)
    done = db.session.scalars(AuditEntry.latest().where(AuditEntry.action == "import people")).all()
    assert len(done) == 1 and AuditEntry.verify() is None


def test_two_who_import_the_same_people_do_not_double_them(app, client, ada, meet):
    olga = make_user("olga", role="Administrator")
    acts = []
    for person in (ada, olga):
        cookie = cookie_of(client, person)
        upload(client, file_of(NORA))
        row = db.session.scalars(PeopleImport.of(person)).one()
        acts.append(yes(app, row, cookie))
    meet(2)

    at_once(app, *acts)

    assert User.count(User.email == "nora@example.org") == 1
    assert db.session.query(PeopleImport).count() == 1  # is shown again, with what is so by now


def test_two_administrators_who_import_each_other_out_leave_one(app, client, ada, meet):
    """R-82."""
    olga = make_user("olga", role="Administrator")
    acts = []
    for person, other in ((ada, olga), (olga, ada)):
        cookie = cookie_of(client, person)
        upload(client, file_of(f"{other.email},,,,,User,yes,yes"))
        row = db.session.scalars(PeopleImport.of(person)).one()
        acts.append(yes(app, row, cookie))
    meet(2)

    at_once(app, *acts)

    assert len(db.session.scalars(User.administrators()).all()) == 1


def test_confirming_and_cancelling_at_once_has_one_outcome(app, client, ada):
    cookie = cookie_of(client, ada)
    upload(client, file_of(NORA))
    row = waiting()
    cancel = partial(post, app, f"{PATH}/{row.id}/cancel", cookie)

    answers = at_once(app, yes(app, row, cookie), cancel)

    assert statuses(answers) == [302, 302] and waiting() is None
    done = db.session.scalars(AuditEntry.latest().where(AuditEntry.action == "import people")).all()
    assert User.count() == 1 + len(done)


def test_somebody_signs_up_with_a_name_that_is_being_imported(app, client, ada):
    """R-34: one has it, the other is told."""
    cookie = cookie_of(client, ada)
    upload(client, file_of(NORA))

    answers = at_once(app, yes(app, waiting(), cookie), sign_up(app, "nora", "n@example.org"))

    assert statuses(answers) in ([302, 302], [200, 302])
    assert User.count(User.username_key == "nora") == 1 and User.count() == 2


def test_an_importer_who_is_deleted_meanwhile_is_led_on(app, client, ada, meet):
    """The roles are locked first by both, so neither waits for the other in a circle."""
    make_user("olga", role="Administrator")
    cookie = cookie_of(client, ada)
    upload(client, file_of(NORA))
    meet(1)

    def delete():
        delete_account(User.with_username("ada"))
        db.session.commit()

    at_once(app, yes(app, waiting(), cookie), delete)

    assert User.with_username("ada") is None and waiting() is None


@pytest.mark.postgresql  # SQLite waits ten seconds, and test_imports.py has what it says then
def test_whoever_waits_too_long_for_a_lock_is_asked_to_look_again(app, client, ada):
    cookie = cookie_of(client, ada)
    upload(client, file_of(NORA))
    row, locked, done = waiting(), threading.Event(), threading.Event()

    def hold():
        with app.app_context():
            User.one_at_a_time()
            locked.set()
            done.wait(20)
            db.session.rollback()

    db.session.commit()
    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(20)
    status, _ = yes(app, row, cookie)()
    done.set()
    holder.join()

    assert status == 302 and User.count() == 1 and waiting() is not None

"""The export: all people, as a file that is safe to open and comes back without a difference."""

import csv
import io
import tracemalloc
from datetime import timedelta

import pytest
from factories import everything, keep, make_user
from sqlalchemy import insert

from app.extensions import db
from app.imports import export, make_plan
from app.imports.csv_format import COLUMNS, decoded
from app.models import AuditEntry, Role, User
from app.models.fields import utcnow

PATH = "/admin/users/export"


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


def rows(answer):
    return list(csv.DictReader(io.StringIO(decoded(answer.data), newline="")))


def test_an_administrator_takes_everybody_along(admin, alice):
    alice.first_name, alice.location = "Alice", "Oslo"
    make_user("newcomer", confirmed=False).deactivate()

    ada, alice, newcomer = rows(admin.post(PATH))

    assert list(alice) == list(COLUMNS)
    assert (ada["role"], alice["role"], alice["email"]) == (
        "Administrator",
        "User",
        "alice@example.org",
    )
    assert (alice["first_name"], alice["location"], alice["last_seen"]) == ("Alice", "Oslo", "")
    assert (alice["confirmed"], alice["active"]) == ("yes", "yes")
    assert (newcomer["confirmed"], newcomer["active"]) == ("no", "no")


def test_the_file_is_one_to_keep_and_not_to_be_guessed_at(admin):
    answer = admin.post(PATH)

    assert answer.mimetype == "text/csv"
    assert answer.data.startswith("\ufeffemail,username".encode())
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="people-{utcnow():%Y-%m-%d}.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_who_takes_people_along_is_in_the_log(admin):
    admin.post(PATH)

    (entry,) = db.session.scalars(AuditEntry.latest()).all()
    assert (entry.action, entry.actor_name, entry.target_name) == ("export people", "ada", "people")
    assert AuditEntry.verify() is None


def test_opening_the_address_exports_nothing(admin):
    before = everything()

    assert admin.get(PATH).status_code == 405
    assert everything() == before


def test_without_its_token_nothing_is_exported(strict_client, ada):
    """R-07."""
    strict_client.sign_in(ada)

    assert strict_client.post(PATH).status_code == 400


def test_no_cell_of_an_export_is_alive(admin, alice):
    """As in a spreadsheet program, at whatever it splits; test_people_csv.py tries more."""
    alice.first_name, alice.last_name, alice.location = "=1+1", "\t=1", "Bob;=1"

    lines = decoded(admin.post(PATH).data)

    for separator in ",;\t":
        for row in csv.reader(io.StringIO(lines, newline=""), delimiter=separator):
            assert not any(cell.lstrip(' "').startswith(tuple("=+-@\t")) for cell in row)


def test_the_export_is_imported_again_without_a_difference(admin, ada):
    """Whatever names people have, and whatever else they are."""
    for number, text in enumerate(["=1+1", "'", "''=", " x", "x ", "a;b,c", '"', "Zoë", "\t"]):
        make_user(f"odd{number}", first_name=text, last_name=text, location=text)
    keep(Role(name="=Odd, 'role'", permissions=7))
    make_user("odd", role="=Odd, 'role'", confirmed=False).deactivate()
    make_user("nobody", role=None)
    make_user("admin", email="a.b+c@example.org")  # reserved, but made by an operator
    make_user("term").change_role(Role.named("Moderator"), until=utcnow() + timedelta(days=1))
    over = make_user("over")
    over.change_role(Role.named("Moderator"), until=utcnow() + timedelta(days=1))
    over.role_until = utcnow() - timedelta(days=1)

    plan = make_plan(decoded(admin.post(PATH).data), by=ada)

    assert plan.counts == dict(new=0, changes=0, same=15, error=0, warning=0)


def test_a_role_whose_term_is_over_is_not_exported(admin, alice):
    alice.change_role(Role.named("Moderator"), until=utcnow() + timedelta(days=1))
    assert rows(admin.post(PATH))[1]["role"] == "Moderator"

    alice.role_until = utcnow() - timedelta(days=1)
    assert rows(admin.post(PATH))[1]["role"] == "User"


def test_people_are_read_in_batches_however_many_there_are(admin, monkeypatch):
    for _ in range(7):
        make_user(password_hash="x")
    monkeypatch.setattr(export, "BATCH_SIZE", 3)

    assert len(rows(admin.post(PATH))) == 8


@pytest.mark.large
def test_memory_does_not_grow_with_the_number_of_people(collected, ada):
    """Ten batches, and never more than one of them in memory."""
    usual = Role.get_default().id
    values = dict(role_id=usual, first_name="x" * 64, last_name="y" * 64)
    numbers = range(10 * export.BATCH_SIZE)
    people = [dict(email=f"m{i}@example.org", username=f"m{i}", **values) for i in numbers]
    db.session.execute(insert(User), [p | {"username_key": p["username"]} for p in people])
    lines = export.export_people(by=ada)
    db.session.commit()
    next(lines), next(lines)

    tracemalloc.start()
    sizes = [len(part) for part in lines]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sum(sizes) > 1_500_000
    assert most < 3_000_000

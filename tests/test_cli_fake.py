"""flask fake: people to try the site with, and never where the site is real."""

import pytest
from factories import everything
from sqlalchemy import select

from app.extensions import db
from app.fake import PASSWORD
from app.models import Role, User


def test_it_explains_itself(flask):
    """S004-5."""
    result = flask("fake", "--help")

    assert result.exit_code == 0 and "--people" in result.output


def test_so_many_members_come_as_were_asked_for(flask, alice):
    result = flask("fake", "--people", "30")

    people = db.session.scalars(select(User).where(User.id != alice.id)).all()
    assert result.exit_code == 0 and len(people) == 30
    assert all(person.is_confirmed and person.role.name == "User" for person in people)
    assert f"30 people; the password of each is: {PASSWORD}" in result.output


def test_any_of_them_can_sign_in(flask, client):
    name = flask("fake", "--people", "3").output.split()[0]

    client.post("/auth/login", data=dict(login=name, password=PASSWORD))

    assert client.get("/settings/profile").status_code == 200


def test_more_of_them_may_come_later(flask):
    flask("fake", "--people", "40")
    flask("fake", "--people", "40")

    assert User.count() == 80


def test_a_real_site_gets_none(app, flask):
    app.config["SECURE"] = True

    result = flask("fake")

    assert result.exit_code == 1 and "not in production" in result.output
    assert User.count() == 0


def test_without_roles_one_is_told_to_deploy(flask):
    db.session.execute(Role.__table__.delete())

    result = flask("fake")

    assert result.output == "Error: There are no roles yet; run flask deploy first.\n"


@pytest.mark.parametrize("people", ["0", "-1", "10001", "many"])
def test_a_number_that_cannot_be_meant_changes_nothing(flask, people):
    before = everything()

    assert flask("fake", "--people", people).exit_code == 2
    assert everything() == before

"""People: names, addresses, what they may do."""

import pytest
from factories import make_user

from app.models import AnonymousUser, Permission, User


def test_a_new_person_gets_the_default_role(app):
    person = User(email="x@example.org", username="x", password="cat")

    assert person.role.name == "User"
    assert person.can(Permission.COMMENT | Permission.WRITE)
    assert not person.can(Permission.MODERATE)


def test_a_visitor_may_do_nothing_and_may_be_asked(app):
    assert not AnonymousUser().can(Permission.FOLLOW)
    assert not AnonymousUser().is_administrator()


def test_a_password_can_be_verified_but_not_read(alice):
    with pytest.raises(AttributeError):
        alice.password  # noqa: B018
    assert alice.verify_password("violet anchor 71 drum")
    assert not alice.verify_password("Violet anchor 71 drum")


def test_home_welcomes_visitors(client):
    make_user("zoe")

    page = client.get("/")

    assert page.status_code == 200
    assert "Welcome to Offbrand!" in page.text

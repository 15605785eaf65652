"""The whole way of a newcomer, by HTTP."""

import pytest
from factories import PASSWORD, link_in, mails

from app.models import User

pytestmark = pytest.mark.both_databases


def test_a_stranger_becomes_a_member(client):
    form = dict(email="Nora@Example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    assert client.post("/auth/register", data=form).location == "/auth/login"

    client.post("/auth/login", data=dict(login="nora@example.org", password=PASSWORD))
    assert client.get("/").location == "/auth/unconfirmed"

    link = link_in(mails("confirm")[0])
    assert "button" in client.get(link).text
    assert client.get("/").location == "/auth/unconfirmed"
    client.post(link)
    assert client.get("/").status_code == 200
    assert User.with_username("NORA").is_confirmed

    client.post("/auth/logout")
    assert client.get("/settings/profile").location == "/auth/login?next=/settings/profile"

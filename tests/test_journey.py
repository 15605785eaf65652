"""The journey of a new member, by HTTP."""

from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from factories import ANOTHER, PASSWORD, link_in, mails, make_post

from app.extensions import db
from app.models import User
from app.models.fields import utcnow

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


def test_whoever_had_to_sign_in_arrives_where_they_were_going(client):
    """By signing up, a wrong password, a reset, and a new password that is due: each keeps it."""
    wanted = f"/post/{make_post().id}?after=x"
    db.session.commit()
    form = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    login = dict(login="nora", password=PASSWORD)
    client.get(f"/auth/login?next={quote(wanted)}")
    client.post("/auth/register", data=form)
    client.post("/auth/login", data=login | {"password": "wrong"})
    assert client.post("/auth/login", data=login).location == wanted
    assert client.get(wanted).location == "/auth/unconfirmed"
    assert client.post(link_in(mails("confirm")[0])).location == wanted

    client.post("/auth/logout")
    client.get(f"/auth/login?next={quote(wanted)}")
    client.post("/auth/reset-password", data={"email": "nora@example.org"})
    new = dict(password=ANOTHER, password2=ANOTHER)
    client.post(link_in(mails("reset_password")[0]), data=new)
    User.with_username("nora").require_new_password()
    assert client.post("/auth/login", data=login | {"password": ANOTHER}).location == wanted
    assert client.get(wanted).location == "/auth/change-password"
    again = dict(old_password=ANOTHER, password=PASSWORD, password2=PASSWORD)
    assert client.post("/auth/change-password", data=again).location == wanted
    assert client.get(wanted).status_code == 200


def test_where_somebody_was_going_is_forgotten_and_never_another_site(client, alice):
    form = dict(login="alice", password=PASSWORD)
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        client.get("/auth/login", query_string={"next": wanted})
        assert client.post("/auth/login", data=form).location == "/"
        client.post("/auth/logout")
    client.get("/auth/login?next=/about")
    with time_machine.travel(utcnow() + timedelta(hours=2)):
        assert client.post("/auth/login", data=form).location == "/"

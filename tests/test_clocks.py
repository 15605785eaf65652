"""Clocks of two hosts differ, or are set back: nobody is signed out for that."""

from datetime import timedelta

import pytest
import time_machine
from factories import PASSWORD
from itsdangerous import BadSignature, SignatureExpired

from app.models.fields import utcnow

SECRET = "/settings/profile"  # a page for members


def test_a_session_survives_a_clock_that_is_behind(client, alice):
    now = utcnow()
    client.post("/auth/login", data={"login": "alice", "password": PASSWORD})

    for seconds in (-3, -30, -3600, 0):
        with time_machine.travel(now + timedelta(seconds=seconds)):
            answer = client.get(SECRET)
            assert answer.status_code == 200, seconds
            assert "session=;" not in answer.headers.get("Set-Cookie", "")


def test_a_session_cookie_still_grows_old_and_still_needs_our_key(app):
    serializer = app.session_interface.get_signing_serializer(app)
    cookie = serializer.dumps({"_user_id": "someone"})

    assert serializer.loads(cookie, max_age=60) == {"_user_id": "someone"}
    with pytest.raises(BadSignature):
        serializer.loads(cookie[:-2] + "aa", max_age=60)
    with time_machine.travel(utcnow() + timedelta(seconds=62)), pytest.raises(SignatureExpired):
        serializer.loads(cookie, max_age=60)

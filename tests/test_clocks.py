"""Clocks of two hosts differ, or are set back: nobody is signed out for that."""

import re
import time
from datetime import timedelta
from http.cookiejar import CookieJar
from itertools import cycle
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

import pytest
import time_machine
from factories import PASSWORD
from itsdangerous import BadSignature, SignatureExpired
from services import Served

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


class Visitor:
    """A browser whose requests go to two processes in turn."""

    def __init__(self, *sites):
        self.sites, self.jar = cycle(sites), CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar), Stay())

    def ask(self, path, form=None):
        body = form and urlencode(form).encode()
        try:
            answer = self.opener.open(next(self.sites).url + path, body, timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read().decode()

    def send(self, path, **form):
        """Open a form at one process, and send it to the other."""
        _, page = self.ask(path)
        hidden = re.findall(r'name="(csrf_token|opened|key)"[^>]*value="([^"]*)"', page)
        if "opened" in dict(hidden):
            time.sleep(1.1)  # who is quicker is no person
        return self.ask(path, dict(hidden) | form)[0]


class Stay(HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *values):
        return None


@pytest.mark.fault
@pytest.mark.parametrize("ahead", [30, -30])
def test_of_two_processes_one_has_a_wrong_clock(tmp_path, ahead):
    """Somebody who is served by both in turn is not signed out, and their forms are taken."""
    shared = dict(OFFBRAND_COOKIE_PREFIX="club_", OFFBRAND_SIGN_UP_SECONDS="1")
    with Served(tmp_path, **shared) as right:
        made = right.command("users", "create", "alice@example.org", "--password", PASSWORD)
        assert made.returncode == 0, made.stderr
        (tmp_path / "other").mkdir()
        shared["DEV_DATABASE_URL"] = right.env["DEV_DATABASE_URL"]
        wrong = Served(tmp_path / "other", clock=ahead, **shared).start()
        try:
            walk(right, wrong)
            walk(wrong, right)
        finally:
            wrong.stop()


def walk(*sites):
    name = f"nora{sites[0].port}"
    fields = dict(username=name, email=f"{name}@example.org", password=PASSWORD, password2=PASSWORD)
    visitor = Visitor(*sites)
    assert visitor.send("/auth/register", **fields) == 302
    visitor.ask("/")  # so that the mail is read where it was not written
    _, mailbox = visitor.ask("/dev/mailbox")
    (mail,) = [part for part in mailbox.split("<article") if f"{name}@example.org" in part]
    confirm = re.search(r'href="http://[^/"]+(/auth/confirm/[^"]+)"', mail)[1]
    assert visitor.send(confirm, submit="y") == 302
    assert visitor.send("/auth/login", login=name, password=PASSWORD, remember="y") == 302
    assert [visitor.ask("/settings/profile")[0] for _ in range(6)] == [200] * 6
    assert visitor.send("/", body="Written at one, sent to the other.") == 302
    assert [visitor.ask("/settings/profile")[0] for _ in range(6)] == [200] * 6

"""Silenced and suspended members: what they may open and do, and that it holds from now on."""

from datetime import datetime, timedelta

import pytest
import time_machine
from crawling import crawl
from factories import PASSWORD, everything_but_visits, make_comment, make_post, make_user

from app.account.forms import ProfileForm
from app.extensions import db
from app.models import Page, Picture, Sanction, Setting, User
from app.models.errors import Silenced
from app.models.fields import utcnow

JSON = {"Accept": "application/json"}
WRITES = {
    "/": {"body": "Hello."},
    "/post/{post}": {"body": "Hello."},
    "/post/{own}/edit": {"body": "Other words."},
    "/comment/{comment}/edit": {"body": "Other words."},
    "/settings/profile": {"about_me": "Me.", "first_name": "", "last_name": "", "location": ""},
    "/settings/picture": {},
}
KEEPS = [
    "/post/{post}/like",
    "/post/{post}/bookmark",
    "/user/bob/follow",
    "/user/bob/mute",
    "/settings/data",
    "/post/{own}/close",
    "/comment/{comment}/delete",
    "/post/{own}/delete",
    "/settings/picture/remove",
]


@pytest.fixture
def ids(alice, bob):
    """Bob's post; a post and a comment of Alice's."""
    made = dict(post=make_post(bob), own=make_post(alice), comment=None)
    made["comment"] = make_comment(made["post"], alice)
    return {name: thing.id for name, thing in made.items()}


def impose(person, kind, until=None):
    return Sanction.impose(person, kind, by=None, reason="Be kind.", until=until)


# Silenced


def test_a_silenced_member_writes_nothing_and_is_told_why(client, alice, ids):
    """The words come back; nothing is changed."""
    impose(alice, "silence")
    client.sign_in(alice)
    client.get("/standing")
    before = everything_but_visits()

    for path, form in WRITES.items():
        page = client.post(path.format(**ids), data=form)
        assert page.status_code == 403, path
        assert "You’re silenced" in page.text and 'href="/standing"' in page.text
        assert "permission" not in page.text and form.get("body", "") in page.text
    assert everything_but_visits() == before


def test_the_same_is_said_as_json_with_the_end(client, alice):
    until = utcnow().replace(microsecond=0) + timedelta(days=3)
    impose(alice, "silence", until)
    client.sign_in(alice)

    error = client.post("/", data={"body": "Hello."}, headers=JSON).json["error"]

    assert (error["code"], error["standing"]) == (403, "/standing")
    assert datetime.fromisoformat(error["until"]) == until
    assert error["words"].startswith("You’re silenced until ")


def test_a_silenced_member_reads_and_keeps_all_else(client, alice, ids):
    impose(alice, "silence")
    client.sign_in(alice)

    for path in ("/notifications", "/search", "/feed.atom"):
        assert client.get(path).status_code == 200
    assert client.get(f"/post/{ids['own']}/edit").status_code == 403
    assert [client.post(path.format(**ids)).status_code for path in KEEPS] == [302] * len(KEEPS)


def test_where_one_would_write_a_line_says_until_when(client, alice, ids):
    impose(alice, "silence", datetime.fromisoformat("2030-01-02T12:00:00+00:00"))
    client.sign_in(alice)

    for path in ("/", "/post/{post}", "/settings/profile", "/settings/picture"):
        page = client.get(path.format(**ids)).text
        assert "You’re silenced until 2 January 2030, 12:00 UTC" in page  # a banner
        assert "You can’t write while you’re silenced." in page
        assert "how to appeal" in page and "<textarea" not in page


def test_a_silenced_member_may_still_hide_when_they_were_here(client, alice):
    impose(alice, "silence")
    client.sign_in(alice)

    assert client.post("/settings/profile", data={"hides_last_seen": "y"}).status_code == 302
    assert alice.hides_last_seen


def test_a_silenced_moderator_moderates_but_does_not_write(client, mona, alice):
    impose(mona, "silence")
    client.sign_in(mona)

    assert client.get("/moderation/").status_code == 200
    assert client.post("/", data={"body": "Hello."}).status_code == 403
    assert client.get("/moderation/people/alice/sanction").status_code == 200


def test_a_missing_role_is_still_said_to_be_missing(client):
    client.sign_in(make_user("nell", role=None))

    page = client.post("/", data={"body": "Hello."})

    assert "You need the permission WRITE" in page.text and "silenced" not in page.text


def test_verbs_refuse_what_a_silenced_member_writes(alice, bob, ids):
    """Whoever calls them, and whatever was looked at before."""
    post = make_post(alice)
    comment = make_comment(post, alice)
    impose(alice, "silence")

    for write in (
        lambda: make_post(alice),
        lambda: make_comment(make_post(bob), alice),
        lambda: post.edit("Other words.", by=alice),
        lambda: comment.edit("Other words.", by=alice),
        lambda: Picture.put(alice, b"a picture"),
    ):
        with pytest.raises(Silenced), db.session.begin_nested():
            write()


def test_a_profile_is_not_saved_where_the_sanction_comes_at_that_moment(client, alice, monkeypatch):
    asked = ProfileForm.validate_on_submit

    def and_a_moderator_is_faster(form):
        impose(User.with_username("alice"), "silence")
        db.session.commit()
        return asked(form)

    client.sign_in(alice)
    monkeypatch.setattr(ProfileForm, "validate_on_submit", and_a_moderator_is_faster)
    form = {"about_me": "Buy watches.", "first_name": "", "last_name": "", "location": ""}

    answer = client.post("/settings/profile", data=form)

    assert answer.status_code == 403 and "You’re silenced" in answer.text
    db.session.expire_all()
    assert alice.about_me == ""


# Suspended

FENCED = ["/", "/user/bob", "/settings/profile", "/feed.atom"]
OPEN = ["/standing", "/settings/data", "/rules", "/auth/change-password", "/auth/change-email"]


def test_a_suspended_or_banned_member_is_led_to_their_standing(client, alice, bob):
    """Which doors that are, test_access.py has."""
    for person, kind in ((alice, "suspension"), (bob, "ban")):
        impose(person, kind)
        client.sign_in(person)

        assert [client.get(path).location for path in FENCED] == ["/standing"] * len(FENCED)
        answer = client.get("/", headers=JSON)
        assert (answer.status_code, answer.json["error"]["standing"]) == (403, "/standing")
        assert answer.json["error"]["words"] == "Your account is suspended."


def test_what_a_suspended_member_still_opens(client, alice):
    Page.insert_pages()
    impose(alice, "suspension")
    client.sign_in(alice)

    for path in OPEN:
        page = client.get(path)
        assert page.status_code == 200 and "Your account is suspended" in page.text, path


def test_a_suspended_member_signs_in_and_lands_on_their_standing(client, alice):
    impose(alice, "ban")
    form = {"login": "alice", "password": PASSWORD}

    answer = client.post("/auth/login", data=form)

    assert client.get(answer.location).location == "/standing"
    assert "Be kind." in client.get("/standing").text


def test_no_link_leads_a_suspended_member_to_a_closed_door(client, alice):
    Page.insert_pages()
    impose(alice, "suspension")
    client.sign_in(alice)

    pages = crawl(client)

    assert {page.status for page in pages.values()} == {200}
    assert {"/standing", "/settings/data", "/rules"} <= set(pages)
    assert all("/bookmarks" not in page.text for page in pages.values())


def test_a_suspended_member_takes_their_data_along_and_nothing_else(client, alice, ids):
    impose(alice, "suspension")
    client.sign_in(alice)
    client.get("/standing")
    before = {
        name: rows for name, rows in everything_but_visits().items() if name != "data_exports"
    }

    for path in KEEPS:
        expected = "/settings/data" if path == "/settings/data" else "/standing"
        assert client.post(path.format(**ids)).location == expected

    after = everything_but_visits()
    assert len(after["data_exports"]) == 1
    assert {name: after[name] for name in before} == before


def test_every_session_obeys_at_the_next_request_and_again_when_it_is_over(app, alice):
    """None is ended: each is asked anew."""
    browsers = [app.test_client() for _ in range(2)]
    for browser in browsers:
        browser.sign_in(alice)
        assert browser.get("/").status_code == 200
    made = impose(alice, "ban")

    assert [browser.get("/").location for browser in browsers] == ["/standing"] * 2
    made.lift(by=None)
    assert [browser.get("/").status_code for browser in browsers] == [200] * 2


def test_it_is_over_by_itself_at_the_next_request(client, alice):
    with time_machine.travel(datetime(2026, 3, 1, 12), tick=False) as clock:
        impose(alice, "suspension", utcnow() + timedelta(hours=1))
        client.sign_in(alice)
        assert client.get("/").location == "/standing"
        clock.shift(3600)

        assert client.get("/").status_code == 200


def test_where_only_members_read_the_feeds_of_a_suspended_one_end(client, alice):
    Setting.change(readers="members")
    client.sign_in(alice)
    assert client.get("/feed.atom").mimetype == "application/atom+xml"

    impose(alice, "suspension")

    assert client.get("/feed.atom").location == "/standing"


def test_a_suspended_moderator_has_no_power_left(client, mona, alice, ids):
    impose(mona, "suspension")
    client.sign_in(mona)

    assert client.get("/moderation/").location == "/standing"
    assert "Moderation</a>" not in client.get("/standing").text
    assert not mona.may_act_on(alice)


def test_a_password_that_is_due_comes_before_the_standing(client, alice):
    alice.require_new_password()
    impose(alice, "suspension")
    client.sign_in(alice)

    assert client.get("/standing").location == "/auth/change-password"


def test_a_suspended_member_who_leaves_may_still_stay(client, alice):
    """That is outside of all fences."""
    alice.leaving_at = utcnow() + timedelta(days=3)
    impose(alice, "suspension")
    client.sign_in(alice)

    assert "Keep my account" in client.get("/standing").text
    assert client.post("/settings/delete-account/keep").location == "/"


def test_a_notice_and_a_warning_take_nothing(client, alice):
    impose(alice, "notice")
    impose(alice, "warning")
    client.sign_in(alice)

    page = client.get("/")

    assert page.status_code == 200 and 'name="body"' in page.text and "banner" not in page.text
    assert client.post("/", data={"body": "Hello."}).status_code == 302


@pytest.mark.parametrize("kind", ["suspension", "ban"])
def test_who_is_shut_out_can_take_along_and_delete_their_account(client, alice, kind):
    impose(alice, kind)
    client.sign_in(alice)
    page = client.get("/standing").text
    assert 'href="/settings/data"' in page and 'href="/settings/delete-account"' in page

    assert client.post("/settings/data").status_code == 302
    data = {"password": PASSWORD, "writing": "stays"}
    answer = client.post("/settings/delete-account", data=data)
    assert "scheduled it" in client.get(answer.location).text
    assert alice.leaving_at is not None

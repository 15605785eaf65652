"""Messages after a button: that it did something, or that it was already done."""

from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape

import pytest
from factories import make_mail, make_post, make_report, make_user

from app.extensions import db
from app.models import Invitation, Page, Role, Watch
from app.models.fields import utcnow


@dataclass
class Row:
    """A button: by whom, where, and what is read after the first and after the second click."""

    who: str
    path: str  # with the id of the thing
    make: object  # (alice, bob, mona, ada) → the thing
    first: str
    second: str
    data: dict = field(default_factory=dict)


def user(name="carla", **values):
    return lambda *cast: make_user(name, **values)


def own_post(alice, *others):
    return make_post(alice)


def closed_post(alice, *others):
    post = make_post(alice)
    post.close()
    return post


def case(alice, bob, *staff):
    return make_report(make_post(alice), by=bob).case


def claimed(alice, bob, mona, ada):
    made = case(alice, bob)
    made.claim(by=mona)
    return made


def deactivated(alice, bob, mona, ada):
    carla = make_user("carla")
    carla.deactivate(by=ada)
    return carla


def post_of_bob(alice, bob, *staff):
    return make_post(bob)


def watched(alice, bob, *staff):
    post = make_post(bob)
    Watch.start(post, by=alice)
    return post


def invitation(alice, bob, mona, ada):
    return Invitation.send("new@example.org", Role.named("User"), by=ada)


def page(alice, bob, mona, ada):
    return Page.create("house", "House", "Words.", by=ada)


def removed_page(*cast):
    made = page(*cast)
    made.remove(by=cast[-1])
    return made


def failed_mail(*cast):
    return make_mail(tries=3, next_at=utcnow() + timedelta(hours=3))


def member(alice, *others):
    return alice


WHY = {"reason": "A reason."}
ROWS = [
    Row("mona", "/moderation/case/{}/release", claimed, "You released this", "weren’t holding"),
    Row("mona", "/moderation/case/{}/release", case, "weren’t holding", "weren’t holding"),
    Row("mona", "/moderation/post/{}/hide", own_post, "Hidden: post", "already done", WHY),
    Row("mona", "/moderation/post/{}/close", own_post, "Comments closed", "already done", WHY),
    Row(
        "mona",
        "/moderation/post/{}/edit",
        own_post,
        "Saved: post",
        "No changes",
        WHY | {"body": "Other words."},
    ),
    Row(
        "alice",
        "/post/{}/close",
        own_post,
        "Post closed to comments",
        "was already closed to comments",
    ),
    Row(
        "alice", "/post/{}/open", closed_post, "open to comments again", "already open to comments"
    ),
    Row("alice", "/post/{}/watch", post_of_bob, "be notified of", "already watching"),
    Row("alice", "/post/{}/unwatch", watched, "no longer watching", "weren’t watching"),
    Row("alice", "/user/carla/follow", user(), "now following carla", "already following carla"),
    Row("alice", "/user/carla/unfollow", user(), "not following carla", "not following carla"),
    Row("alice", "/user/carla/mute", user(), "You muted carla.", "already muted carla"),
    Row("alice", "/user/carla/unmute", user(), "carla isn’t muted", "carla isn’t muted"),
    Row("alice", "/settings/picture/remove", member, "don’t have a photo", "don’t have a photo"),
    Row("alice", "/settings/delete-account/keep", member, "wasn’t scheduled", "wasn’t scheduled"),
    Row("alice", "/settings/sessions/end-others", member, "No other device", "No other device"),
    Row("ada", "/admin/users/{}/deactivate", user(), "was deactivated and", "already deactivated"),
    Row("ada", "/admin/users/{}/reactivate", deactivated, "was reactivated", "already active"),
    Row(
        "ada",
        "/admin/users/{}/confirm",
        user(confirmed=False),
        "was confirmed",
        "already confirmed",
    ),
    Row("ada", "/admin/users/{}/require-password", user(), "must choose", "must already choose"),
    Row("ada", "/admin/users/{}/sign-out", user(), "wasn’t signed in", "wasn’t signed in"),
    Row(
        "ada",
        "/admin/users/{}/address",
        user(),
        "Email changed to new@example.org",
        "No change",
        WHY | {"email": "new@example.org"},
    ),
    Row("ada", "/admin/invitations/{}/revoke", invitation, "was revoked", "already revoked"),
    Row(
        "ada",
        "/admin/invitations/{}/resend",
        invitation,
        "New link sent",
        "Not sent again",
        {"times_sent": "1"},
    ),
    Row("ada", "/admin/pages/{}/remove", page, " removed.", "already removed"),
    Row("ada", "/admin/pages/{}/put-back", removed_page, "restored", "already restored"),
    Row("ada", "/admin/outbox/{}/retry", failed_mail, "Retrying", "already being sent"),
    Row("ada", "/admin/outbox/{}/drop", failed_mail, "was dropped", "already dropped"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.path} {row.make.__name__}")
def test_a_second_click_is_told_that_it_changed_nothing(client, alice, bob, mona, ada, row):
    thing = row.make(alice, bob, mona, ada)
    db.session.flush()
    path = row.path.format(thing.id)
    client.sign_in({"alice": alice, "mona": mona, "ada": ada}[row.who])

    said = [flashes(client, path, row.data) for _ in range(2)]

    assert (row.first in said[0], row.second in said[1]) == (True, True), said


def flashes(client, path, data):
    client.post(path, data=data)
    with client.session_transaction() as session:
        return unescape(" ".join(words for _, words in session.pop("_flashes", [])))


def test_who_releases_what_another_holds_is_told_so_and_that_other_keeps_it(
    client, alice, bob, mona, ada
):
    held = claimed(alice, bob, mona, ada)
    client.sign_in(ada)

    assert "weren’t holding" in flashes(client, f"/moderation/case/{held.id}/release", {})
    assert held.is_claimed_by(mona)

"""Mutes: what a muted member writes is hidden everywhere, until unmuted."""

import pytest
from factories import make_user

from app.extensions import db
from app.models import Bookmark, Comment, Mute, Post
from app.models.errors import Refused


@pytest.fixture
def words(alice, bob, mona):
    """Bob has written a post, and answered one by Mona; Alice follows him and keeps his post."""
    post = Post.publish("Bob's own post", by=bob)
    thread = Post.publish("Mona's thread", by=mona)
    Comment.publish(thread, "Bob's answer", by=bob)
    Comment.publish(post, "Mona's answer", by=mona)
    alice.follow(bob)
    Bookmark.add(post, by=alice)
    return {"post": post.id, "thread": thread.id}


def meets(client, path, text):
    page = client.get(path)
    assert page.status_code == 200
    return text.replace("'", "&#39;") in page.text or text in page.text


def places(words):
    """Where Alice would meet what Bob wrote, without having asked for Bob."""
    thread = f"/post/{words['thread']}"
    return [("/", "own post"), ("/bookmarks", "own post"), (thread, "Bob's answer")] + [
        ("/user/mona/comments", "own post")
    ]


def test_what_a_muted_member_writes_is_gone_everywhere_and_comes_back(client, alice, words):
    client.sign_in(alice)
    met = {}
    for act in ("mute", "unmute"):
        client.post(f"/user/bob/{act}")
        met[act] = [meets(client, path, text) for path, text in places(words)]
        for feed in ("followed", "all"):
            client.post("/feed", data={"feed": feed})
            met[act].append(meets(client, "/", "own post"))

    assert met == {"mute": [False] * 6, "unmute": [True] * 6}


def test_a_mute_is_for_one_alone(client, alice, mona, words):
    alice.mute(make_user("other"))
    mona.mute(alice)
    client.sign_in(alice)

    assert all(meets(client, path, text) for path, text in places(words))


def test_the_profile_of_a_muted_member_says_so_and_shows_them(client, alice, words):
    """Whoever opens it has asked for them."""
    client.sign_in(alice)
    client.post("/user/bob/mute")

    page = client.get("/user/bob").text
    assert "You muted bob." in page and "/user/bob/unmute" in page
    assert meets(client, "/user/bob", "own post")
    assert meets(client, "/user/bob/comments", "Bob's answer")


def test_the_muted_are_listed_to_undo_it(client, alice, bob, mona):
    client.sign_in(alice)
    assert "You haven’t muted anyone." in client.get("/settings/muted").text
    for name in ("bob", "mona"):
        client.post(f"/user/{name}/mute")
    page = client.get("/settings/muted").text
    assert page.index("/user/mona/unmute") < page.index("/user/bob/unmute")

    answer = client.post("/user/bob/unmute", data={"next": "/settings/muted"})

    assert answer.location == "/settings/muted"
    assert not alice.has_muted(bob) and alice.has_muted(mona)


def test_verbs_are_safe_to_repeat(alice, bob):
    said = [alice.mute(bob), alice.mute(bob), alice.unmute(bob), alice.unmute(bob)]

    assert said == [True, False, True, False]


def test_nobody_mutes_themselves(client, alice):
    client.sign_in(alice)

    answer = client.post("/user/alice/mute")

    assert "You can’t mute yourself." in client.get(answer.location).text
    assert not db.session.scalars(db.select(Mute)).all()
    with pytest.raises(Refused):
        alice.mute(alice)


def test_muting_asks_for_no_permission_but_for_an_account(client, bob):
    nell = make_user("nell", role=None)
    assert "/auth/login" in client.post("/user/bob/mute").location
    client.sign_in(nell)

    client.post("/user/bob/mute")

    assert nell.has_muted(bob)

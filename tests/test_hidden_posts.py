"""Hidden and deleted posts: commenters read why, and keep their own comments."""

import pytest
from factories import make_comment, make_post, make_user

from app.models.content.screening import Hold

WAYS = {
    "Its author deleted it": lambda post, mona: post.delete(),
    "A moderator hid it": lambda post, mona: post.hide(by=mona, reason="Private data of Zoe."),
    "It’s been pending review": lambda post, mona: post.hold(Hold("link")),
}


@pytest.mark.parametrize("words", WAYS)
def test_who_commented_reads_why_it_is_gone_and_their_own_words_alone(
    client, alice, bob, mona, words
):
    post = make_post(alice, "Secret words.")
    own, other = make_comment(post, bob, "Mine."), make_comment(post, make_user(), "Theirs.")
    WAYS[words](post, mona)
    client.sign_in(bob)

    page = client.get(client.get(f"/comment/{own.id}").location)
    assert page.status_code == 404 and words in page.text and "Mine." in page.text
    assert not any(said in page.text for said in ("Secret words.", "Theirs.", "Zoe"))
    assert client.get(f"/comment/{other.id}").status_code == 404
    listed = client.get("/user/bob/comments").text
    assert "Mine." in listed and "Secret words." not in listed and "This post is gone." in listed


def test_they_may_take_their_words_away_and_nobody_else_learns_of_it(client, alice, bob, mona):
    post = make_post(alice)
    comment = make_comment(post, bob, "Mine.")
    post.hide(by=mona, reason="Spam.")

    for stranger in (None, make_user("carla")):
        client.sign_in(stranger) if stranger else None
        page = client.get(f"/post/{post.id}")
        assert page.status_code == 404 and "Mine." not in page.text
        assert "Mine." not in client.get("/user/bob/comments").text
    client.sign_in(bob)
    client.post(f"/comment/{comment.id}/delete")

    assert comment.is_deleted and "Mine." not in client.get(f"/post/{post.id}").text

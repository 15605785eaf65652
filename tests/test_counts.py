"""The stored counts of posts and people agree with the rows, whatever members and staff do."""

import pytest
from factories import make_comment, make_post, make_user
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.doctor import BAD, GOOD, counts
from app.extensions import db
from app.models import Comment, Like, Post, User
from app.models.content.counters import mend_counts, wrong_counts
from app.models.errors import Refused

ACTS = ["post", "comment", "edit", "delete", "hide", "restore", "delete_comment"]
ACTS += ["hide_comment", "restore_comment"]
ACTS += ["close", "open", "like", "unlike", "follow", "unfollow"]


def act(name, people, posts, comments, which):
    """One act of one person on one thing, as far as there is one and the rules allow it."""
    person, other = people[which % 3], people[which // 3 % 3]
    post = posts[which % len(posts)] if posts else None
    comment = comments[which % len(comments)] if comments else None
    if name == "post":
        posts.append(Post.publish("Hello.", by=person))
    elif name in ("follow", "unfollow"):
        getattr(person, name)(other)
    elif post and name == "comment":
        comments.append(Comment.publish(post, "Yes.", by=person))
    elif post and name in ("like", "unlike"):
        {"like": Like.add, "unlike": Like.remove}[name](post, by=person)
    elif post and name in ("delete", "close", "open"):
        {"delete": post.delete, "close": post.close, "open": post.reopen}[name]()
    elif thing := comment if name.endswith("_comment") else post:
        verb = name.removesuffix("_comment")
        values = {"edit": dict(text=f"{which}", by=person), "delete": {}}
        getattr(thing, verb)(**values.get(verb, dict(by=other, reason="Spam.")))


@pytest.mark.both_databases
@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 8)), max_size=30))
def test_the_counts_agree_after_any_sequence_of_acts(app, acts):
    people = [make_user() for _ in range(3)]
    posts, comments = [], []
    for name, which in acts:
        try:
            act(name, people, posts, comments, which)
        except Refused:
            continue
    assert list(wrong_counts()) == []
    db.session.rollback()


def test_a_page_says_as_many_as_there_are(client, alice, bob, mona):
    post = make_post(alice)
    kept, deleted, hidden = (make_comment(post, bob) for _ in range(3))
    deleted.delete()
    hidden.hide(by=mona, reason="Spam.")

    assert ">1 comment<" in client.get(f"/post/{post.id}").text
    assert (alice.post_count, bob.comment_count) == (1, 1)
    hidden.restore(by=mona)
    assert ">2 comments<" in client.get(f"/post/{post.id}").text
    assert (kept.post.comment_count, bob.comment_count) == (2, 2)


@pytest.mark.both_databases
def test_deleting_and_hiding_take_from_the_count_once_in_any_order(app, alice, mona):
    first, second = make_post(alice), make_post(alice)
    first.delete()
    first.hide(by=mona, reason="Spam.")
    second.hide(by=mona, reason="Spam.")
    second.delete()
    db.session.refresh(alice)
    assert alice.post_count == 0

    for post in (first, second):
        assert post.restore(by=mona) and not post.restore(by=mona)
    db.session.refresh(alice)
    assert alice.post_count == 0


def spoil():
    """Two posts and two people with numbers that are wrong."""
    person = make_user()
    post, liked = make_post(person), make_post()
    Like.add(liked, by=person)
    db.session.execute(update(Post).where(Post.id == post.id).values(comment_count=7))
    db.session.execute(update(Post).where(Post.id == liked.id).values(like_count=0))
    db.session.execute(update(User).where(User.id == post.author_id).values(post_count=0))
    db.session.execute(update(User).where(User.id == liked.author_id).values(follower_count=-1))
    db.session.commit()


@pytest.mark.both_databases
@pytest.mark.parametrize("quick", [False, True])
def test_health_finds_wrong_numbers(app, quick):
    make_post()
    assert counts.stored(quick).state == GOOD
    spoil()

    finding = counts.stored(quick)

    assert (finding.state, finding.cure) == (BAD, "flask posts recount")
    assert finding.words == "4 posts or members have wrong counts."


@pytest.mark.both_databases
def test_recounting_mends_them(flask):
    spoil()

    assert flask("posts", "recount").output == "4 corrected.\n"
    assert list(wrong_counts()) == [] and mend_counts() == 0
    assert flask("posts", "recount").output == "0 corrected.\n"


@pytest.mark.both_databases
def test_chunks_leave_nobody_out(app, monkeypatch):
    monkeypatch.setattr("app.models.content.counters.CHUNK", 2)
    author = make_user()
    posts = [make_post(author) for _ in range(5)]
    db.session.execute(update(Post).values(like_count=1))

    assert {id for cls, id in wrong_counts() if cls is Post} == {post.id for post in posts}
    newest = {id for cls, id in wrong_counts(newest=3) if cls is Post}
    assert newest == {post.id for post in posts[2:]}

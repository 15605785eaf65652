"""Stored counts stay correct however a row is deleted."""

import pytest
from factories import make_comment, make_post, make_user
from sqlalchemy import delete, text

from app.extensions import db
from app.models import Bookmark, Comment, Follow, Like, Post, User
from app.models.content.counters import wrong_counts
from app.models.fields import utcnow

pytestmark = pytest.mark.both_databases


@pytest.fixture
def community(app, alice, bob):
    """Alice wrote; Bob follows, likes and comments; a hidden comment is not counted."""
    post = make_post(alice)
    make_comment(post, bob)
    make_comment(post, bob).hide(by=make_user(role="Moderator"), reason="Spam.")
    bob.follow(alice)
    alice.follow(bob)
    Like.add(post, by=bob)
    db.session.commit()
    assert (post.comment_count, post.like_count, alice.follower_count) == (1, 1, 1)
    return post


WAYS = {
    "a person": lambda post, bob: db.session.delete(bob),
    "a person by SQL": lambda post, bob: db.session.execute(
        text("DELETE FROM users WHERE username = 'bob'")
    ),
    "people": lambda post, bob: db.session.execute(delete(User).where(User.id == bob.id)),
    "a post": lambda post, bob: db.session.delete(post),
    "posts": lambda post, bob: db.session.execute(delete(Post)),
    "comments": lambda post, bob: db.session.execute(delete(Comment)),
    "a comment": lambda post, bob: db.session.delete(db.session.query(Comment).first()),
    "a follow": lambda post, bob: db.session.delete(db.session.query(Follow).first()),
    "follows": lambda post, bob: db.session.execute(delete(Follow)),
    "likes": lambda post, bob: db.session.query(Like).delete(),
}


def test_counts_hold_however_a_row_goes(community, bob):
    for name, go in WAYS.items():
        post, person = db.session.get(Post, community.id), db.session.get(User, bob.id)
        with db.session.begin_nested() as savepoint:
            go(post, person)
            db.session.flush()
            assert list(wrong_counts()) == [], name
            savepoint.rollback()
        db.session.expire_all()


def test_objects_in_hand_know_what_a_deletion_took(community, alice, bob):
    db.session.delete(bob)
    db.session.commit()

    assert (alice.follower_count, alice.following_count) == (0, 0)
    assert (community.comment_count, community.like_count) == (1, 0)  # the comment names nobody


def test_objects_in_hand_are_true_after_their_verb(app, alice, bob):
    before = utcnow()
    alice.follow(bob)
    post = make_post(alice)
    Like.add(post, by=bob)
    comment = make_comment(post, bob)
    assert (alice.following_count, bob.follower_count, alice.post_count) == (1, 1, 1)
    assert (post.like_count, post.comment_count, bob.comment_count) == (1, 1, 1)

    alice.unfollow(bob)
    Like.remove(post, by=bob)
    comment.delete()
    assert (alice.following_count, bob.follower_count) == (0, 0)
    assert (post.like_count, post.comment_count, bob.comment_count) == (0, 0, 0)

    alice.last_seen = None
    db.session.commit()
    alice.ping()
    assert alice.last_seen >= before
    assert Bookmark.add(post, by=bob) and not Bookmark.add(post, by=bob)

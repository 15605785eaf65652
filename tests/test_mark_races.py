"""Clicks at the same moment: counts equal rows, nobody waits in a circle, and nothing breaks."""

from functools import partial

import pytest
from factories import make_post, make_user
from sqlalchemy import func, select
from test_races import at_once, cookie_of, post, restless_threads  # noqa: F401

from app.extensions import db
from app.models import Bookmark, Follow, Like, Post, User
from app.models.retention.erasure import delete_account

pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


def stored():
    """What people and posts are said to have."""
    people = select(User.id, User.follower_count, User.following_count).order_by(User.id)
    posts = select(Post.id, Post.like_count).order_by(Post.id)
    return db.session.execute(people).all(), db.session.execute(posts).all()


def counted():
    """What they have."""
    number = lambda *where: select(func.count()).where(*where).scalar_subquery()  # noqa: E731
    followers = number(Follow.followed_id == User.id)
    people = select(User.id, followers, number(Follow.follower_id == User.id)).order_by(User.id)
    posts = select(Post.id, number(Like.post_id == Post.id)).order_by(Post.id)
    return db.session.execute(people).all(), db.session.execute(posts).all()


def clicks(app, client, people, *paths):
    """Each of the people posts to each path in a browser of their own."""
    cookies = [cookie_of(client, person) for person in people]
    return [partial(post, app, path, cookie) for cookie in cookies for path in paths]


def test_many_who_follow_and_unfollow_at_once(app, client, bob):
    people = [make_user() for _ in range(4)]

    answers = at_once(app, *clicks(app, client, people, "/user/bob/follow", "/user/bob/unfollow"))

    assert {status for status, page in answers} == {302}
    assert stored() == counted()


def test_many_clicks_of_one_person_follow_once(app, client, alice, bob):
    """R-95."""
    at_once(app, *clicks(app, client, [alice], "/user/bob/follow") * 6)

    assert stored() == counted()
    assert db.session.scalars(select(Follow.followed_id)).all() == [bob.id]


def test_many_who_like_and_unlike_at_once(app, client, bob):
    id, people = make_post(bob).id, [make_user() for _ in range(4)]

    answers = at_once(app, *clicks(app, client, people, f"/post/{id}/like", f"/post/{id}/unlike"))
    assert stored() == counted()
    answers += at_once(app, *clicks(app, client, people, f"/post/{id}/like", f"/post/{id}/like"))

    assert {status for status, page in answers} == {302}
    assert stored() == counted() and stored()[1] == [(id, 4)]


def test_many_bookmarks_of_one_post_are_one(app, client, alice, bob):
    id = make_post(bob).id

    answers = at_once(app, *clicks(app, client, [alice], f"/post/{id}/bookmark") * 6)

    assert {status for status, page in answers} == {302}
    assert len(db.session.scalars(select(Bookmark)).all()) == 1


def test_two_who_follow_each_other_at_the_same_moment_many_times(app, client, alice, bob):
    both = clicks(app, client, [alice], "/user/bob/follow")
    both += clicks(app, client, [bob], "/user/alice/follow")
    undo = clicks(app, client, [alice], "/user/bob/unfollow")
    undo += clicks(app, client, [bob], "/user/alice/unfollow")

    for _ in range(4):
        for acts in (both, undo):
            assert {status for status, page in at_once(app, *acts)} == {302}
            assert stored() == counted()


def test_who_is_deleted_while_others_follow_and_like_leaves_right_counts(app, client, alice, bob):
    people = [make_user() for _ in range(4)]
    id, leaving = make_post(alice).id, bob.id
    for person in people:
        bob.follow(person)
    bob.follow(alice)
    Like.add(db.session.get(Post, id), by=bob)

    def leave():
        delete_account(db.session.get(User, leaving))
        db.session.commit()

    acts = clicks(app, client, people, "/user/bob/follow", f"/post/{id}/like")
    answers = at_once(app, leave, *acts)

    assert {answer[0] for answer in answers if answer} <= {302, 404}
    assert stored() == counted()
    assert db.session.get(User, leaving) is None

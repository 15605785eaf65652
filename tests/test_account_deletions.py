"""Accounts that go: two weeks to think, then step by step, once, and with the counts of others."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from factories import PASSWORD, keep, mails, make_user
from sqlalchemy import func, select
from test_races import at_once, post

from app import data_export
from app.admin import user_acts
from app.extensions import db
from app.models import (
    AccountDeletion,
    AuditEntry,
    Bookmark,
    Comment,
    Follow,
    Like,
    Notification,
    Post,
    Revision,
    Role,
    Setting,
    User,
    UserSession,
)
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.lease import LEASE
from app.models.retention import erasure as leaving_steps
from app.models.retention.account_deletion import TO_THINK

PAGE, KEEP = "/settings/delete-account", "/settings/delete-account/keep"
LATER = TO_THINK + timedelta(seconds=1)
EACH = 2  # posts of Alice and of Bob


def ask(person, *, removes_writing=False):
    deletion, _ = AccountDeletion.ask(person, removes_writing=removes_writing)
    db.session.commit()
    return deletion


def later(time=LATER):
    return time_machine.travel(utcnow() + time)


def carried_out(person, *, removes_writing=False):
    ask(person, removes_writing=removes_writing)
    with later():
        data_export.work()
    db.session.expire_all()


def is_there(username):
    return User.with_username(username) is not None


def counts_are_right():
    """Every stored count equals the rows."""
    db.session.expire_all()
    shown = [Comment.deleted_at.is_(None), Comment.hidden_at.is_(None)]
    for thing in db.session.scalars(select(Post)):
        assert thing.like_count == rows(Like.post_id == thing.id)
        assert thing.comment_count == rows(Comment.post_id == thing.id, *shown)
    for user in db.session.scalars(select(User)):
        assert user.follower_count == rows(Follow.followed_id == user.id)
        assert user.following_count == rows(Follow.follower_id == user.id)
        assert user.comment_count == rows(Comment.author_id == user.id, *shown)
        assert user.post_count == rows(Post.author_id == user.id, *Post.shown())
    return True


def rows(*conditions):
    return db.session.scalar(select(func.count()).where(*conditions))


def form(writing="stays", password=PASSWORD):
    return {"writing": writing, "password": password}


@pytest.fixture
def busy(alice, bob, mona):
    """Alice has written, follows and is followed, likes, and others answered her."""
    for number in range(EACH):
        mine, other = (Post.publish(f"Post {number} #tea", by=who) for who in (alice, bob))
        mine.edit("Better", by=alice)
        Comment.publish(mine, "Well said", by=bob)
        Comment.publish(mine, "I agree with myself", by=alice)
        Comment.publish(other, "An answer", by=alice).edit("A better one", by=alice)
        Comment.publish(other, "Another", by=mona)
        Like.add(other, by=alice)
        Like.add(other, by=mona)
        Like.add(mine, by=bob)
        Bookmark.add(other, by=alice)
        keep(Notification(user_id=bob.id, kind="comment", actor_id=alice.id, post_id=other.id))
    Comment.publish(other, "Hidden", by=alice).hide(by=mona, reason="Loud.")
    for one, another in ((alice, bob), (bob, alice), (mona, alice), (mona, bob)):
        one.follow(another)
    alice.mute(mona)
    db.session.commit()
    db.session.expire_all()
    assert counts_are_right()
    return alice


# Asking, and thinking again


def test_asking_needs_the_password(client, alice):
    client.sign_in(alice)

    assert "That’s not your password." in client.post(PAGE, data=form(password="guess")).text
    assert AccountDeletion.of(alice) is None


def test_who_asks_gets_a_date_a_mail_and_a_banner_on_every_page(client, alice):
    client.sign_in(alice)
    client.post(PAGE, data=form())

    deletion = AccountDeletion.of(alice)
    assert deletion.due_at - utcnow() > timedelta(days=13, hours=23)
    assert alice.leaving_at == deletion.due_at
    assert [mail.recipient for mail in mails("leaving")] == ["alice@example.org"]
    for path in ("/", "/settings/profile", "/nowhere"):
        page = client.get(path).text
        assert "Your account will be deleted on" in page and f'action="{KEEP}"' in page


@pytest.mark.parametrize("writing", ["goes", "stays"])
def test_the_choice_is_kept_and_said(client, alice, writing):
    client.sign_in(alice)
    client.post(PAGE, data=form(writing))

    assert AccountDeletion.of(alice).removes_writing == (writing == "goes")
    words = "posts and comments will stay" if writing == "stays" else "including comments by others"
    assert words in client.get(PAGE).text


def test_a_choice_that_is_none_asks_for_nothing(client, alice):
    client.sign_in(alice)

    for writing in ("", "maybe"):
        assert client.post(PAGE, data=form(writing)).status_code == 200
    assert AccountDeletion.of(alice) is None


def test_asking_twice_asks_once_and_the_first_choice_stands(client, alice):
    client.sign_in(alice)
    client.post(PAGE, data=form())
    first = AccountDeletion.of(alice).due_at
    client.post(PAGE, data=form("goes"))

    assert (AccountDeletion.of(alice).due_at, len(mails("leaving"))) == (first, 1)
    assert not AccountDeletion.of(alice).removes_writing


def test_one_signs_in_and_keeps_the_account(client, alice):
    ask(alice)
    with later(timedelta(days=13)):
        client.post("/auth/login", data=dict(login="alice", password=PASSWORD))
        client.post(KEEP)
        assert "Your account stays" in client.get("/").text
    with later():
        data_export.work()

    assert is_there("alice") and alice.leaving_at is None


def test_keeping_what_nobody_wants_to_delete_changes_nothing(client, alice):
    client.sign_in(alice)

    assert client.post(KEEP).location == "/"
    assert "Your account stays" not in client.get("/").text


def test_the_account_is_kept_also_while_the_site_is_frozen_or_the_address_unproven(client, alice):
    ask(alice)
    Setting.change(frozen=True)
    alice.confirmed_at = None
    client.sign_in(alice)
    client.post(KEEP)

    assert AccountDeletion.of(alice) is None


def test_nothing_goes_before_its_day(alice):
    ask(alice)
    with later(timedelta(days=13, hours=23)):
        data_export.work()

    assert is_there("alice")


def test_the_last_administrator_is_refused_at_asking(client, ada):
    client.sign_in(ada)
    client.post(PAGE, data=form())

    assert "without an administrator" in client.get(PAGE).text
    assert AccountDeletion.of(ada) is None


def test_the_last_administrator_is_refused_when_the_day_comes(ada):
    other = make_user("other", role="Administrator")
    Post.publish("Mine", by=ada)
    ask(ada, removes_writing=True)
    other.change_role(Role.named("User"), by=ada)
    with later():
        data_export.work()
    db.session.expire_all()

    assert is_there("ada") and ada.leaving_at is None and rows(Post.author_id == ada.id) == 1
    assert [mail.recipient for mail in mails("stays")] == ["ada@example.org"]


def test_who_is_leaving_today_does_not_count_as_an_administrator(ada):
    other = make_user("other", role="Administrator")
    ask(ada)
    with later(), pytest.raises(Refused):
        other.deactivate()


# The day


def test_what_stays_names_nobody_and_the_counts_of_others_are_right(busy):
    carried_out(busy)

    assert not is_there("alice") and counts_are_right() and rows(AccountDeletion.id > 0) == 0
    assert rows(Post.id > 0) == 2 * EACH and rows(Post.author_id.is_(None)) == EACH
    assert rows(Comment.author_id.is_(None)) == 2 * EACH + 1
    for cls in (Post, Comment, Revision):
        assert rows(cls.editor_name == "alice") == 0
    assert rows(Comment.id > 0) == 4 * EACH + 1


def test_a_post_that_stays_is_by_a_deleted_member(client, alice, bob):
    made = Post.publish("What remains", by=alice)
    id = made.id
    carried_out(alice)

    page = client.get(f"/post/{id}").text
    assert "Deleted member" in page and "What remains" in page and "alice" not in page


def test_what_goes_takes_along_what_is_below_it_and_the_counts_of_others_are_right(busy, bob):
    id = busy.id
    carried_out(busy, removes_writing=True)

    assert not is_there("alice") and counts_are_right() and rows(AccountDeletion.id > 0) == 0
    assert rows(Post.id > 0) == rows(Comment.id > 0) == EACH
    assert rows(Revision.id > 0) == 0
    assert rows((Notification.user_id == id) | (Notification.actor_id == id)) == 0
    assert bob.comment_count == 0 and bob.post_count == EACH


def test_a_person_who_did_nothing_goes_too(client, alice):
    client.sign_in(alice)
    carried_out(alice)

    assert not is_there("alice") and rows(UserSession.id > 0) == 0
    assert client.get(PAGE).status_code == 302


def test_the_log_says_whose_wish_it_was_and_a_last_mail_that_it_is_done(alice):
    carried_out(alice)

    entry = db.session.scalars(AuditEntry.latest()).first()
    assert (entry.action, entry.actor_name, entry.target_name) == ("delete", "the site", "alice")
    assert entry.reason == "At their own request."
    (mail,) = mails("left")
    assert mail.recipient == "alice@example.org" and mail.user_id is None


def test_it_cannot_be_stopped_once_it_has_begun_and_progress_is_shown(client, busy, monkeypatch):
    monkeypatch.setattr(leaving_steps, "BATCH_SIZE", 2)
    ask(busy)
    seen = []

    def look():
        client.post(KEEP)
        seen.append(client.get(PAGE).text)

    with later():
        client.sign_in(busy)
        data_export.work(between=look)

    assert len(seen) > 5 and not is_there("alice")
    assert "can’t be stopped" in seen[0] and "items</p>" in seen[0] and "data-poll" in seen[0]


# What may go wrong


class Killed(BaseException):
    """A worker dies at this moment."""


@pytest.mark.fault
@pytest.mark.parametrize(
    "steps, removes_writing", [(0, False), (3, False), (1, True), (3, True), (6, True)]
)
def test_what_a_killed_worker_left_is_finished_by_the_next(
    busy, monkeypatch, steps, removes_writing
):
    monkeypatch.setattr(leaving_steps, "BATCH_SIZE", 2)
    monkeypatch.setattr(leaving_steps, "POST_BATCH_SIZE", 1)
    ask(busy, removes_writing=removes_writing)
    left = iter(range(steps))

    def between():
        if next(left, None) is None:
            raise Killed

    with later(), pytest.raises(Killed):
        data_export.work(between=between)
    db.session.rollback()
    db.session.expire_all()
    assert is_there("alice")

    with later(LATER + LEASE):
        data_export.work()
    assert not is_there("alice") and counts_are_right() and len(mails("left")) == 1


@pytest.mark.fault
@pytest.mark.parametrize("removes_writing", [False, True])
def test_three_workers_do_it_once(app, busy, monkeypatch, removes_writing):
    monkeypatch.setattr(leaving_steps, "BATCH_SIZE", 2)
    ask(busy, removes_writing=removes_writing)
    with later():
        at_once(app, *[data_export.work] * 3)

    assert not is_there("alice") and counts_are_right() and len(mails("left")) == 1


@pytest.mark.fault
def test_of_many_who_ask_at_once_one_asks(app, alice):
    db.session.commit()

    def ask_once():
        _, new = AccountDeletion.ask(db.session.get(User, alice.id), removes_writing=False)
        db.session.commit()
        return new

    assert at_once(app, *[ask_once] * 6).count(True) == 1


@pytest.mark.fault
@pytest.mark.parametrize("round", range(2))
def test_keeping_it_at_the_moment_it_begins_either_keeps_it_or_is_refused(app, busy, round):
    ask(busy, removes_writing=True)

    def keep_it():
        person = User.with_username("alice")
        try:
            kept = person is not None and AccountDeletion.keep(person)
        except Refused:
            db.session.rollback()
            return False
        db.session.commit()
        return kept

    id = busy.id
    with later():
        kept, _ = at_once(app, keep_it, data_export.work)

    assert is_there("alice") == kept and counts_are_right()
    assert rows(Post.author_id == id) == (EACH if kept else 0)


@pytest.mark.fault
def test_others_act_on_what_goes_at_the_same_moment(app, client, busy, bob, mona, monkeypatch):
    """They comment, like and follow; nothing is lost, nobody gets a fault."""
    monkeypatch.setattr(leaving_steps, "BATCH_SIZE", 2)
    ids = db.session.scalars(select(Post.id)).all()
    cookies = {}
    for person in (bob, mona):
        client.sign_in(person)
        cookies[person.username] = client.get_cookie("session").value
    ask(busy, removes_writing=True)

    def act(cookie):
        for id in ids:
            post(app, f"/post/{id}", cookie, body="Still here?", key=f"{cookie[-8:]}{id}")
            post(app, f"/post/{id}/like", cookie)
        post(app, "/user/alice/follow", cookie)
        post(app, "/user/alice/unfollow", cookie)

    with later():
        acts = [partial(act, cookie) for cookie in cookies.values()]
        at_once(app, data_export.work, *acts)

    assert not is_there("alice") and counts_are_right()


# By staff


def deletes(client, person, **values):
    data = dict(username=person.username, password=PASSWORD, reason="Spam.", writing="stays")
    return client.post(f"/admin/users/{person.id}/delete", data=data | values)


def test_staff_chooses_that_what_they_wrote_goes_too(client, busy, ada):
    client.sign_in(ada)
    deletes(client, busy, writing="goes")

    assert "Deleted: " in client.get("/admin/users").text
    assert not is_there("alice") and counts_are_right()
    assert rows(Post.id > 0) == rows(Comment.id > 0) == EACH
    entry = db.session.scalars(AuditEntry.latest()).first()
    assert (entry.action, entry.actor_name, entry.reason) == ("delete", "ada", "Spam.")
    assert rows(AuditEntry.action == "delete") == 1


def test_staff_chooses_that_what_they_wrote_stays(client, alice, ada):
    Post.publish("What remains", by=alice)
    client.sign_in(ada)
    deletes(client, alice)

    assert not is_there("alice") and rows(Post.author_id.is_(None)) == 1


def test_where_there_is_much_it_goes_on_in_the_background(client, busy, ada, monkeypatch):
    monkeypatch.setattr(user_acts, "MOST_NOW", 5)
    client.sign_in(busy)
    client.sign_in(ada)
    deletes(client, busy, writing="goes")

    assert is_there("alice") and not busy.is_active and UserSession.of(busy) == []
    assert "being deleted" in client.get(f"/admin/users/{busy.id}").text
    data_export.work()
    assert not is_there("alice") and counts_are_right() and mails("left") == []


def test_staff_cannot_delete_the_last_administrator_nor_anybody_above(client, ada, mona):
    db.session.commit()
    with pytest.raises(Refused):
        AccountDeletion.order(ada)
    db.session.rollback()
    with pytest.raises(Refused):
        AccountDeletion.order(ada, by=mona)
    db.session.rollback()

    assert is_there("ada") and ada.is_active


def test_operators_choose_too(flask, alice, bob):
    for person in (alice, bob):
        Post.publish(f"Of {person.username}", by=person)
    db.session.commit()

    kept = flask("users", "delete", "--yes", "alice")
    gone = flask("users", "delete", "--yes", "--remove-writing", "bob")

    assert (kept.output, gone.output) == ("alice was deleted.\n", "bob was deleted.\n")
    assert not is_there("alice") and not is_there("bob")
    assert [post.body for post in db.session.scalars(select(Post))] == ["Of alice"]

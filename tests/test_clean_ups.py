"""Clean-ups: all that a member wrote since a day is hidden, and comes back, as one act."""

from datetime import timedelta

import pytest
from factories import mails, make_comment, make_post, make_user
from sqlalchemy import func, select
from test_races import at_once, meet, restless_threads

from app import data_export
from app.extensions import db
from app.jobs import clean_ups
from app.models import AuditEntry, CleanUp, Comment, Notification, Post
from app.models.content.counters import wrong_counts
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation import clean_up as clean_up_rows
from app.models.retention.erasure import delete_account

__all__ = ["meet", "restless_threads"]  # fixtures
DAY = timedelta(days=1)


@pytest.fixture
def since(app):
    return utcnow() - 3 * DAY


@pytest.fixture
def spam(alice, bob):
    """What Alice wrote: an old post, one of today, and comments below one of Bob's."""
    thing = make_post(bob)
    old = make_post(alice, "Old.", created_at=utcnow() - 9 * DAY)
    return [old, make_post(alice), *(make_comment(thing, alice) for _ in range(3))]


@pytest.fixture
def five_at_once(monkeypatch):
    """A step, and what is done while somebody waits, takes five texts instead of fifty."""
    monkeypatch.setattr(clean_ups, "MOST_NOW", 5)
    monkeypatch.setattr(clean_up_rows, "BATCH_SIZE", 5)


def how_many(kind, *conditions):
    return db.session.scalar(select(func.count()).select_from(kind).where(*conditions))


def hidden():
    return [how_many(kind, kind.hidden_at.is_not(None)) for kind in (Post, Comment)]


def ask(person, since, by, **values):
    clean_up, _ = CleanUp.ask(person, since, by=by, reason="Spam.", **values)
    db.session.commit()
    return clean_up


def work():
    data_export.work()
    db.session.expire_all()


def test_all_since_then_is_hidden_and_comes_back(spam, alice, mona, since):
    clean_up = ask(alice, since, mona)
    work()
    assert hidden() == [1, 3] and not spam[0].is_hidden and list(wrong_counts()) == []
    assert spam[1].hidden_reason == "Spam." and spam[1].hidden_by == "mona"

    clean_up.undo(by=mona, reason="They were none.")
    db.session.commit()
    work()

    assert hidden() == [0, 0] and clean_up.state == "undone" and list(wrong_counts()) == []
    acts = [entry.action for entry in db.session.scalars(AuditEntry.about(alice))]
    assert acts == ["undo clean up", "clean up"]
    assert how_many(AuditEntry) == 2


def test_only_what_it_hid_comes_back(spam, alice, mona, since):
    _, post, first, second, third = spam
    first.hide(by=mona, reason="Rude.")
    clean_up = ask(alice, since, mona)
    work()
    second.restore(by=mona)
    post.restore(by=mona)
    post.hide(by=mona, reason="Rude too.")
    third.delete()

    clean_up.undo(by=mona)
    db.session.commit()
    work()

    assert [text.hidden_reason for text in (first, post)] == ["Rude.", "Rude too."]
    assert [text.is_hidden for text in spam] == [False, True, True, False, False]
    assert list(wrong_counts()) == []


def test_what_others_wrote_and_what_is_written_later_stays(spam, alice, bob, mona, since):
    clean_up = ask(alice, since, mona)
    later = make_post(alice, "I am sorry.")
    db.session.commit()
    work()

    assert not later.is_hidden and clean_up.state == "hidden"
    assert how_many(Post, Post.author_id == bob.id, Post.hidden_at.is_not(None)) == 0


def test_what_is_hidden_is_no_news(alice, bob, mona, since):
    post = make_post(bob)
    make_comment(post, alice, "Hello @bob.")
    of_bob = Notification.user_id == bob.id, Notification.withdrawn_at.is_(None)
    assert how_many(Notification, *of_bob) == 1

    row = ask(alice, since, mona)
    work()
    assert how_many(Notification, *of_bob) == 0

    row.undo(by=mona)
    db.session.commit()
    work()
    assert how_many(Notification, *of_bob) == 1


def test_it_is_looked_at_first(client, spam, mona):
    client.sign_in(mona)
    path = "/moderation/people/alice/clean-up"
    assert "Please" not in client.get(path).text

    page = client.get(path, query_string=dict(since=f"{utcnow():%Y-%m-%d}")).text

    assert "1 post</strong> and <strong>3 comments" in page and "An answer." in page
    assert "Old." not in page and hidden() == [0, 0]


def test_a_day_that_is_none_is_said(client, spam, mona):
    client.sign_in(mona)
    path = "/moderation/people/alice/clean-up"

    for since in ("", "soon", "2999-01-01"):
        form = dict(since=since, reason="Spam.")
        for answer in (client.get(path, query_string=form), client.post(path, data=form)):
            assert answer.status_code == 200 and "field-error" in answer.text
    assert hidden() == [0, 0]


def test_a_short_one_is_done_at_once_and_undone_at_once(client, spam, alice, mona):
    client.sign_in(mona)
    form = dict(since=f"{utcnow():%Y-%m-%d}", rule="Spam", reason="")

    path = client.post("/moderation/people/alice/clean-up", data=form).location
    assert hidden() == [1, 3] and "4 posts and comments</strong> hidden" in client.get(path).text

    client.post(f"{path}/undo", data=dict(reason="A mistake."))
    assert hidden() == [0, 0] and "4 posts and comments</strong> restored" in client.get(path).text
    assert [mail.kind for mail in mails()] == ["cleaned_up", "clean_up_undone"]


def test_a_double_click_cleans_up_once(client, spam, mona):
    client.sign_in(mona)
    form = dict(since=f"{utcnow():%Y-%m-%d}", reason="Spam.")

    for _ in range(2):
        answer = client.post("/moderation/people/alice/clean-up", data=form)

    assert "hasn’t posted anything" in answer.text
    assert (how_many(CleanUp), how_many(AuditEntry), len(mails())) == (1, 1, 1)


def test_a_long_one_goes_on_in_the_background(client, five_at_once, alice, mona):
    post = make_post(alice)
    for _ in range(8):
        make_comment(post, alice)
    client.sign_in(mona)
    form = dict(since=f"{utcnow():%Y-%m-%d}", reason="Spam.")

    path = client.post("/moderation/people/alice/clean-up", data=form).location
    assert hidden() == [0, 0] and "0 of 9 posts and comments hidden" in client.get(path).text
    again = client.post("/moderation/people/alice/clean-up", data=form)
    assert again.location == path
    work()

    assert hidden() == [1, 8] and "9 posts and comments</strong> hidden" in client.get(path).text


def test_a_killed_worker_is_followed_by_another_that_goes_on(five_at_once, alice, mona, since):
    post = make_post(alice)
    for _ in range(8):
        make_comment(post, alice)
    clean_up = ask(alice, since, mona)
    leased = CleanUp.lease(clean_up.id)
    leased.step()
    db.session.commit()
    assert hidden() == [0, 5]
    work()
    assert hidden() == [0, 5]  # the lease is still held

    clean_up.leased_until = utcnow() - DAY
    db.session.commit()
    work()

    assert hidden() == [1, 8] and clean_up.done == 9 and list(wrong_counts()) == []


def test_it_is_undone_while_it_is_under_way(five_at_once, alice, mona, since):
    post = make_post(alice)
    for _ in range(8):
        make_comment(post, alice)
    clean_up = ask(alice, since, mona)
    CleanUp.lease(clean_up.id).step()
    db.session.commit()

    clean_up.undo(by=mona)
    assert not clean_up.undo(by=mona)
    db.session.commit()
    work()

    assert hidden() == [0, 0] and clean_up.state == "undone" and list(wrong_counts()) == []


@pytest.mark.parametrize("person", ["mona", "ada"])
def test_nobody_cleans_up_after_themselves_and_their_betters(client, mona, ada, since, person):
    about = dict(mona=mona, ada=ada)[person]
    make_post(about)
    client.sign_in(mona)

    assert client.get(f"/moderation/people/{person}/clean-up").status_code == 403
    with pytest.raises(Refused):
        CleanUp.ask(about, since, by=mona, reason="")


def test_who_ranks_lower_does_not_undo_what_concerns_their_betters(client, mona, ada, since):
    other = make_user("max", role="Administrator")
    make_post(other)
    clean_up = ask(other, since, ada)
    work()
    client.sign_in(mona)

    client.post(f"/moderation/clean-ups/{clean_up.id}/undo", data=dict(reason="Hm."))

    assert hidden() == [1, 0] and clean_up.state == "hidden"


def test_it_goes_with_the_account(spam, alice, mona, since):
    ask(alice, since, mona)
    work()

    delete_account(alice)
    db.session.commit()
    work()

    assert how_many(CleanUp) == 0 and hidden() == [1, 3]


@pytest.mark.fault
def test_of_many_who_ask_at_once_one_cleans_up(app, spam, alice, mona, since):
    def ask_too():
        person, by = db.session.get(type(alice), alice_id), db.session.get(type(alice), mona_id)
        try:
            row, is_new = CleanUp.ask(person, since, by=by, reason="Spam.")
            db.session.commit()
        except Refused:
            db.session.rollback()
            return False
        clean_ups.carry_out_now(row)
        return is_new

    alice_id, mona_id = alice.id, mona.id
    done = at_once(app, *[ask_too] * 5)

    assert done.count(True) == 1 and how_many(CleanUp) == how_many(AuditEntry) == 1
    work()
    assert hidden() == [1, 3] and list(wrong_counts()) == []


@pytest.mark.fault
def test_three_workers_one_undo_and_an_author_who_writes_and_deletes(
    app, five_at_once, alice, bob, mona, since
):
    post = make_post(bob)
    comments = [make_comment(post, alice) for _ in range(25)]
    clean_up, ids = ask(alice, since, mona), [comment.id for comment in comments]

    def delete():
        for id in ids[::5]:
            db.session.get(Comment, id).delete()
            db.session.commit()

    def undo():
        db.session.get(CleanUp, number).undo(by=db.session.get(type(mona), mona_id))
        db.session.commit()

    number, mona_id = clean_up.id, mona.id
    at_once(app, *[data_export.work] * 3, delete, undo)
    work()

    assert clean_up.state == "undone" and hidden() == [0, 0] and list(wrong_counts()) == []
    assert how_many(Comment, Comment.deleted_at.is_not(None)) == len(ids[::5])


def test_a_second_moderator_learns_who_is_at_it_and_keeps_their_reason(
    client, spam, alice, mona, ada, since
):
    row = ask(alice, since, mona)
    data = {"since": f"{utcnow():%Y-%m-%d}", "reason": "Ads for pills, since last week."}
    client.sign_in(ada)

    page = client.post("/moderation/people/alice/clean-up", data=data)

    assert page.status_code == 200 and how_many(CleanUp) == 1 and mails("cleaned_up") == []
    assert "mona is cleaning up after alice" in page.text and "Their reason: Spam." in page.text
    assert "Ads for pills, since last week." in page.text.partition("<textarea")[2]
    assert f'href="/moderation/clean-ups/{row.id}"' in page.text


def test_a_second_click_of_the_same_moderator_finds_the_first(spam, alice, mona, since):
    row = ask(alice, since, mona)

    assert CleanUp.ask(alice, since, by=mona, reason="Spam.") == (row, False)


def test_while_one_is_undone_no_other_begins(spam, alice, mona, ada, since):
    row = ask(alice, since, mona)
    work()
    row.undo(by=ada)

    with pytest.raises(Refused, match="undoing a clean-up"):
        CleanUp.ask(alice, since, by=mona, reason="Spam.")

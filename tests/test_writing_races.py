"""Many who write, edit, delete and hide at the same moment: counts equal rows, nothing is lost."""

from functools import partial

import pytest
from factories import make_comment, make_post, make_user
from sqlalchemy import func, select
from test_races import at_once, cookie_of, meet, post, restless_threads, statuses

from app.extensions import db
from app.models import AuditEntry, Comment, Like, Post, User
from app.models.content.counters import mend_counts, wrong_counts
from app.models.errors import Refused
from app.models.retention.purge import purge_deleted

__all__ = ["meet", "restless_threads"]  # fixtures
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


def number(cls, *conditions):
    return db.session.scalar(select(func.count()).select_from(cls).where(*conditions))


def people(client, count):
    """So many members and their cookies."""
    made = [make_user() for _ in range(count)]
    return made, [cookie_of(client, person) for person in made]


def verb(cls, id, name, *, by=None, **values):
    """An act on a thing as a request would do it: what it returned, or None where it could not."""

    def act():
        thing = db.session.get(cls, id)
        if thing is None:
            return None
        actor = {"by": User.with_username(by)} if by else {}
        try:
            run = name if callable(name) else getattr(cls, name)
            done = run(thing, **values, **actor)
            db.session.commit()
        except Refused:
            db.session.rollback()
            return None
        return done

    return act


def test_many_who_comment_and_delete_at_once_on_one_post(app, client):
    """R-95."""
    made, cookies = people(client, 4)
    thing = make_post()
    old = [make_comment(thing, person) for person in made]
    acts = [partial(post, app, f"/post/{thing.id}", c, body="I agree.") for c in cookies]
    acts += [
        partial(post, app, f"/comment/{comment.id}/delete", c)
        for comment, c in zip(old, cookies, strict=True)
    ]

    answers = at_once(app, *acts)

    assert statuses(answers) == [302] * 8
    assert (number(Comment), number(Comment, *Comment.shown())) == (8, 4)
    assert thing.comment_count == 4 and list(wrong_counts()) == []


def test_many_who_comment_on_a_post_that_is_deleted_and_liked_meanwhile(app, client, alice):
    _, cookies = people(client, 7)
    mine = cookie_of(client, alice)
    thing = make_post(alice)
    path = f"/post/{thing.id}"
    acts = [partial(post, app, path, c, body="I agree.") for c in cookies[:4]]
    acts += [partial(post, app, f"{path}/like", c) for c in cookies[4:]]
    acts += [partial(post, app, f"{path}/{end}", mine) for end in ("delete", "delete")]

    answers = at_once(app, *acts)

    assert set(statuses(answers)) <= {302, 403, 404}
    made, liked = number(Comment), number(Like)
    assert (thing.comment_count, thing.like_count, alice.post_count) == (made, liked, 0)
    assert list(wrong_counts()) == []


@pytest.mark.parametrize("met", [True, False])
@pytest.mark.parametrize("cls", [Post, Comment])
def test_one_form_that_is_sent_many_times_writes_once(app, client, alice, bob, meet, cls, met):
    """R-96: also where all have looked before any has written."""
    cookie, thing, times = cookie_of(client, alice), make_post(bob), 4
    if met:
        meet(cls, "sent_with", times)
    path = "/" if cls is Post else f"/post/{thing.id}"
    form = dict(body="Once.", key="0123456789abcdef")

    answers = at_once(app, *[partial(post, app, path, cookie, **form)] * times)

    assert statuses(answers) == [302] * times
    assert number(cls, cls.author_id == alice.id) == 1
    assert (alice.post_count + alice.comment_count) == 1 and list(wrong_counts()) == []


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_of_many_who_hide_restore_delete_and_edit_each_counts_once(app, mona, alice, make):
    for _ in range(2):
        thing = make(author=alice)
        here, by = partial(verb, type(thing), thing.id), dict(by="mona", reason="Spam.")
        acts = [here("hide", **by)] * 5 + [here("restore", **by)] * 5 + [here("delete")] * 2
        acts += [here("edit", text=f"Text {n}.", by="alice") for n in range(2)]

        done = at_once(app, *acts)

        assert done[10:12].count(True) == 1
        assert done[:5].count(True) - done[5:10].count(True) == int(thing.is_hidden)
        entries = db.session.scalars(AuditEntry.about(thing)).all()
        assert len(entries) == done[:10].count(True)
        assert list(wrong_counts()) == []
    assert AuditEntry.verify() is None


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_author_and_moderators_edit_hide_and_restore_at_once(app, mona, alice, make):
    """Each of staff's edits is in the log once, the texts are in the history, the counts right."""
    thing = make(author=alice)
    here, by = partial(verb, type(thing), thing.id), dict(by="mona", reason="Spam.")
    acts = [here("hide", **by), here("restore", **by)] * 3
    acts += [here("revise", text=f"Staff {n}.", **by) for n in range(4)]
    acts += [here("edit", text=f"Own {n}.", by="alice") for n in range(4)]

    done = at_once(app, *acts)

    edited = [bool(outcome) for outcome in done[6:]]
    entries = [entry.action for entry in db.session.scalars(AuditEntry.about(thing))]
    assert all(edited[:4]) and entries.count("edit text") == 4
    assert thing.version == 1 + edited.count(True)
    assert len(db.session.scalars(thing.history()).all()) == edited.count(True)
    assert list(wrong_counts()) == []


def test_of_many_who_remove_a_post_that_is_commented_and_liked_one_does(app, client, alice, ada):
    _, cookies = people(client, 8)
    thing = make_post(alice)
    for _ in range(3):
        make_comment(thing, alice)
    path, mine = f"/post/{thing.id}", cookie_of(client, ada)
    form = dict(typed="remove", reason="Illegal.")
    acts = [partial(post, app, path, c, body="I agree.") for c in cookies[:4]]
    acts += [partial(post, app, f"{path}/like", c) for c in cookies[4:]]
    acts += [partial(post, app, f"/moderation{path}/remove", mine, **form)] * 3

    at_once(app, *acts)
    purge_deleted()

    removed = [e for e in db.session.scalars(AuditEntry.latest()) if e.action == "remove text"]
    assert len(removed) == 1 and list(wrong_counts()) == []
    assert (number(Post), number(Comment), number(Like)) == (0, 0, 0)


def test_of_many_who_close_and_open_as_staff_each_counts_once(app, alice, mona):
    thing = make_post(alice)
    by = dict(by="mona", reason="Too hot.")
    acts = [verb(Post, thing.id, name, **by) for name in ("close", "reopen")] * 5

    done = at_once(app, *acts, verb(Post, thing.id, "close"))

    entries = db.session.scalars(AuditEntry.about(thing)).all()
    assert done[:10].count(True) == len(entries) and thing.comments_closed_at is not None
    assert done[0:10:2].count(True) - done[1:10:2].count(True) == int(thing.is_closed_by_staff)


def test_edits_at_once_are_all_in_the_history(app, alice):
    thing = make_post(alice, "Text.")

    at_once(app, *[verb(Post, thing.id, "edit", text=f"{n}.", by="alice") for n in range(8)])

    former = [row.body for row in db.session.scalars(thing.history().order_by(None))]
    assert thing.version == 9
    assert sorted([*former, thing.body]) == sorted(["Text.", *(f"{n}." for n in range(8))])


def test_a_post_that_is_closed_while_many_comment_takes_none_after(app, client, alice):
    _, cookies = people(client, 5)
    thing = make_post(alice)
    acts = [partial(post, app, f"/post/{thing.id}", c, body="I agree.") for c in cookies]

    *answers, _ = at_once(app, *acts, verb(Post, thing.id, "close"))

    assert set(statuses(answers)) <= {302, 403}
    assert number(Comment) == statuses(answers).count(302) == thing.comment_count


def test_a_purge_while_members_write_and_another_purges_breaks_nothing(app, client, alice, bob):
    cookie = cookie_of(client, bob)
    kept, gone = make_post(alice), [make_post(alice) for _ in range(3)]
    for thing in gone:
        for _ in range(3):
            make_comment(thing, bob)
        thing.delete()
        thing.deleted_at = thing.deleted_at.replace(year=2001)
    acts = [partial(post, app, f"/post/{kept.id}", cookie, body="I agree.") for _ in range(6)]

    *answers, _, _, _ = at_once(app, *acts, purge_deleted, purge_deleted, mend_counts)

    assert statuses(answers) == [302] * 6
    assert (number(Post), number(Comment)) == (1, 6)
    assert bob.comment_count == 6 and list(wrong_counts()) == []


def test_recounting_while_members_write_gets_nothing_wrong(app, client, alice):
    cookie = cookie_of(client, alice)
    db.session.execute(db.update(User).values(post_count=99))
    acts = [partial(post, app, "/", cookie, body=f"Post {n}.") for n in range(8)]

    at_once(app, *acts, mend_counts, mend_counts)

    assert alice.post_count == number(Post) == 8

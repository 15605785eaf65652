"""Sanctions and appeals at the same moment: one outcome, one entry in the log, no fault."""

from functools import partial

import pytest
from factories import mails, make_comment, make_post, make_user
from sqlalchemy import func, select
from test_races import at_once, cookie_of, meet, post, restless_threads, statuses

from app.extensions import db
from app.models import Appeal, AppealMessage, AuditEntry, Comment, Post, Sanction, User
from app.models.content.counters import wrong_counts
from app.models.errors import Refused
from app.models.retention.erasure import delete_account

__all__ = ["meet", "restless_threads"]  # fixtures
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


def impose(username, kind="silence", *, by=None, **values):
    """A sanction as a request would impose it; None where it is refused."""

    def act():
        person, actor = User.with_username(username), by and User.with_username(by)
        try:
            made = Sanction.impose(person, kind, by=actor, reason="Spam.", **values)
            db.session.commit()
        except Refused:
            db.session.rollback()
            return None
        return made.id

    return act


def number(cls, *conditions):
    return db.session.scalar(select(func.count()).select_from(cls).where(*conditions))


def acts():
    return db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()


@pytest.mark.parametrize("kind", ["silence", "suspension"])
def test_who_writes_while_they_are_sanctioned_came_before_or_is_refused(
    app, client, alice, bob, kind
):
    """Nothing that they wrote is younger than the sanction."""
    cookie, thing = cookie_of(client, alice), make_post(bob)
    mine, comment = make_post(alice, "Old."), make_comment(author=alice, text="Old.")
    acts = [partial(post, app, "/", cookie, body=f"Post {n}.") for n in range(2)]
    acts += [partial(post, app, f"/post/{thing.id}", cookie, body=f"{n}.") for n in range(2)]
    acts += [partial(post, app, f"/post/{mine.id}/edit", cookie, body="New.")]
    acts += [partial(post, app, f"/comment/{comment.id}/edit", cookie, body="New.")]

    *answers, made = at_once(app, *acts, impose("alice", kind))

    assert made and set(statuses(answers)) <= {302, 403}
    pages = [page for status, page in answers if status == 403]
    assert all("You’re silenced" in page for page in pages) or kind == "suspension"
    content = number(Post, Post.author_id == alice.id) + number(
        Comment, Comment.author_id == alice.id
    )
    assert content <= 2 + 4 and list(wrong_counts()) == []
    assert post(app, "/", cookie, body="Late.")[0] in (302, 403)
    assert number(Post, Post.body == "Late.") == 0


def test_who_has_looked_before_the_sanction_writes_nothing_after_it(app, client, alice, meet):
    """Four are past every question when it comes; each is refused, or was there first."""
    cookie = cookie_of(client, alice)
    meet(Post, "sent_with", 4)
    acts = [partial(post, app, "/", cookie, body=f"Post {n}.", key=f"k{n}") for n in range(4)]

    *answers, made = at_once(app, *acts, impose("alice"))

    sanction = db.session.get(Sanction, made)
    late = number(Post, Post.author_id == alice.id) - statuses(answers).count(302)
    assert late == 0 and set(statuses(answers)) <= {302, 403}
    assert sanction.is_in_force and alice.post_count == statuses(answers).count(302)


def test_one_form_sanctions_once(app, client, alice, mona):
    """R-96."""
    cookie, path = cookie_of(client, mona), "/moderation/people/alice/sanction"
    form = dict(key="0123456789", kind="suspension", lasts="7", until="", reason="Spam.")

    answers = at_once(app, *[partial(post, app, path, cookie, **form)] * 4)

    assert statuses(answers) == [302] * 4
    assert number(Sanction) == len(mails("sanctioned")) == len(acts()) == 1


def test_two_moderators_who_sanction_at_once_both_do_and_the_longer_counts(app, alice, mona):
    make_user("olga", role="Moderator")

    at_once(app, impose("alice", by="mona"), impose("alice", "ban", by="olga"))

    assert number(Sanction) == 2 and alice.is_silenced and alice.is_suspended
    assert AuditEntry.verify() is None


def test_of_two_administrators_suspended_at_once_one_remains(app, ada):
    """R-82: also where both are past the first look."""
    make_user("eve", role="Administrator")

    done = at_once(app, impose("ada", "ban"), impose("eve", "suspension"))

    assert sorted(map(bool, done)) == [False, True]
    assert number(User, User.not_suspended()) == 1


def test_a_suspension_while_the_other_administrator_closes_their_account(app, ada):
    eve = make_user("eve", role="Administrator")

    def close():
        try:
            User.with_username("ada").deactivate(by=None)
            db.session.commit()
        except Refused:
            db.session.rollback()
            return False
        return True

    done = at_once(app, impose("eve", "ban"), close)

    assert sorted(map(bool, done)) == [False, True]
    assert eve.is_suspended is ada.is_active


def test_lifted_by_two_at_once_it_is_lifted_once(app, client, alice, ada, mona):
    made = Sanction.impose(alice, "ban", by=mona, reason="Spam.")
    cookies = [cookie_of(client, person) for person in (ada, mona)]
    path = f"/moderation/sanctions/{made.id}/lift"

    answers = at_once(app, *[partial(post, app, path, c, reason="Enough.") for c in cookies] * 2)

    assert statuses(answers) == [302] * 4
    assert acts() == ["ban", "lift sanction"] and len(mails("sanction_lifted")) == 1


# Appeals


def decide(app, appeal, cookie, choice):
    path = f"/moderation/appeals/{appeal.id}/decide"
    return partial(post, app, path, cookie, reason=f"To {choice}.", **{choice: "y"})


@pytest.mark.parametrize("what", ["sanction", "post", "comment"])
def test_two_who_decide_on_one_appeal_come_to_one_outcome(app, client, alice, mona, what):
    people = [make_user(role="Moderator") for _ in range(2)]
    if what == "sanction":
        matter = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    else:
        matter = {"post": make_post, "comment": make_comment}[what](author=alice)
        matter.hide(by=mona, reason="Spam.")
    appeal = Appeal.open(matter, by=alice, body="No.")
    cookies = [cookie_of(client, person) for person in people]
    choices = [
        decide(app, appeal, *pair) for pair in zip(cookies, ("lift", "confirm"), strict=True)
    ]

    answers = at_once(app, *choices * 2)

    assert statuses(answers) == [302, 409, 409, 409]
    done = acts()[1:]
    undone = {"sanction": "lift sanction"}.get(what, "restore")
    lifted = appeal.outcome == "lifted"
    assert done == (["accept appeal", undone] if lifted else ["decline appeal"])
    assert len(mails("appeal_decided")) == 1
    assert (matter.is_lifted if what == "sanction" else matter.is_shown) is lifted


def test_an_appeal_that_is_sent_many_times_is_one(app, client, alice, mona):
    """R-96: with one key, and with others from other windows."""
    made = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    cookie, path = cookie_of(client, alice), f"/standing/sanction/{made.id}/appeal"
    keys = ["a", "a", "a", "b", "b"]

    answers = at_once(app, *[partial(post, app, path, cookie, body="No.", key=k) for k in keys])

    assert statuses(answers) == [302] * 5
    assert (number(Appeal), number(AppealMessage)) == (1, 2)


def test_a_message_while_it_is_decided_is_in_the_thread_or_is_given_back(app, client, alice, mona):
    made = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    appeal = Appeal.open(made, by=alice, body="No.")
    theirs, ours = cookie_of(client, alice), cookie_of(client, make_user(role="Moderator"))
    path = f"/standing/appeal/{appeal.id}"
    acts = [partial(post, app, path, theirs, body=f"{n}.", key=f"{n}") for n in range(6)]

    *answers, _ = at_once(app, *acts, decide(app, appeal, ours, "confirm"))

    assert set(statuses(answers)) <= {302, 403}
    assert number(AppealMessage) == 1 + statuses(answers).count(302)
    assert not appeal.is_open


def test_an_appeal_while_the_account_is_deleted_breaks_nothing(app, client, alice, ada, mona):
    made = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    appeal = Appeal.open(made, by=alice, body="No.")
    theirs, ours = cookie_of(client, alice), cookie_of(client, ada)
    path = f"/standing/appeal/{appeal.id}"

    def delete():
        delete_account(User.with_username("alice"))
        db.session.commit()

    answers = at_once(
        app,
        partial(post, app, path, theirs, body="More.", key="m"),
        decide(app, appeal, ours, "lift"),
        partial(post, app, f"/moderation/appeals/{appeal.id}", ours, body="Well.", key="w"),
        delete,
    )

    assert {status for status, _ in answers[:3]} <= {302, 403, 404, 409}
    assert number(Appeal) == number(AppealMessage) == number(Sanction) == 0


@pytest.mark.postgresql  # SQLite has one lock for all: nobody can wait in a circle
@pytest.mark.parametrize("act", ["notes", "clean-up"])
def test_two_equals_who_act_on_each_other_do_not_wait_in_a_circle(app, client, mona, meet, act):
    """Each refers to the other, whose row the other's act has locked."""
    max = make_user("max", role="Moderator")
    forms = dict(text="Is quick.", since="2026-01-01", reason="Spam.")
    make_post(mona), make_post(max)
    pairs = [(cookie_of(client, mona), "max"), (cookie_of(client, max), "mona")]
    meet(AuditEntry, "record", 2)

    answers = at_once(
        app,
        *[partial(post, app, f"/moderation/people/{name}/{act}", c, **forms) for c, name in pairs],
    )

    assert statuses(answers) == [302, 302]
    assert number(AuditEntry) == 2 and AuditEntry.verify() is None

"""Moderators who decide at once, authors who edit or delete meanwhile: one outcome, one entry."""

import pytest
from factories import make_comment, make_post
from sqlalchemy import select
from test_races import at_once, meet, restless_threads
from test_writing_races import verb

from app.extensions import db
from app.models import AuditEntry, Post, Revision, Setting, WatchedWord
from app.models.content.counters import wrong_counts
from app.models.content.screening import Hold
from app.models.errors import Refused

__all__ = ["meet", "restless_threads"]  # fixtures
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


@pytest.fixture
def moderators(mona, ada):
    db.session.commit()
    return ["mona", "ada"]


def held(make, author):
    content = make(author=author)
    content.hold(Hold("first"))
    db.session.commit()
    return content


def decisions(content, moderators):
    facts = dict(version=1, reason="So.")
    return [
        verb(type(content), content.id, name, by=by, **facts)
        for name in ("approve", "decline")
        for by in moderators
    ]


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_of_moderators_who_decide_at_once_one_does(app, alice, moderators, make):
    for _ in range(3):
        content = held(make, alice)

        done = at_once(app, *decisions(content, moderators))

        db.session.expire_all()
        assert done.count(True) == 1 and done.count(False) == 3
        assert len(db.session.scalars(AuditEntry.about(content)).all()) == 1
        assert content.is_shown == (True in done[:2]) and not content.is_held
        assert list(wrong_counts()) == []
    assert AuditEntry.verify() is None


def test_who_deletes_while_moderators_decide_counts_once(app, alice, moderators):
    for _ in range(3):
        post = held(make_post, alice)

        *done, deleted = at_once(app, *decisions(post, moderators), verb(Post, post.id, "delete"))

        db.session.expire_all()
        assert deleted is True and done.count(True) <= 1
        assert post.is_deleted and alice.post_count == 0 and list(wrong_counts()) == []


def test_what_its_author_changes_meanwhile_is_not_approved_unread(app, alice, moderators):
    for _ in range(4):
        post = held(make_post, alice)
        edit = verb(Post, post.id, "edit", text="Buy!", by="alice")

        *done, _ = at_once(app, *decisions(post, moderators)[:2], edit)

        db.session.expire_all()
        assert post.is_shown == (True in done)
        if post.is_shown and post.body == "Buy!":  # changed after it was approved: in the history
            assert db.session.scalar(select(Revision).where(Revision.post_id == post.id))
        assert list(wrong_counts()) == []


def test_one_word_that_many_add_and_remove_at_once(app, mona):
    def add():
        try:
            WatchedWord.add("word", "casino", "hold", by=mona)
            db.session.commit()
        except Refused:
            db.session.rollback()
            return False
        return True

    db.session.commit()
    assert at_once(app, *[add] * 6).count(True) == 1

    id = db.session.scalar(select(WatchedWord.id))
    done = at_once(app, *[verb(WatchedWord, id, "remove", by="mona")] * 4)

    assert done.count(True) == 1
    assert len(db.session.scalars(AuditEntry.latest()).all()) == 2


def test_a_setting_that_changes_while_words_are_added_is_kept(app, mona, ada):
    def add(number):
        def act():
            WatchedWord.add("word", f"word {number}", "hold", by=mona)
            db.session.commit()

        return act

    def change():
        Setting.change(hold_first=3)
        db.session.commit()

    at_once(app, *[add(n) for n in range(4)], change)

    assert Setting.change(hold_first=3) == []

"""Many who undo one entry at the same moment, or while others act: one effect, one more entry."""

from functools import partial

import pytest
from factories import make_comment, make_post
from test_races import at_once, cookie_of, post, restless_threads, statuses
from test_writing_races import verb

from app.extensions import db
from app.models import AuditEntry, Role, Sanction
from app.models.content.counters import wrong_counts
from app.models.retention.erasure import delete_account

__all__ = ["restless_threads"]  # a fixture
pytestmark = [pytest.mark.fault, pytest.mark.both_databases]


def last():
    db.session.commit()
    return db.session.scalars(AuditEntry.latest()).first()


def acts():
    return [entry.action for entry in db.session.scalars(AuditEntry.latest())][::-1]


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_of_four_who_undo_a_hiding_one_does(app, client, alice, mona, ada, make):
    cookies = [cookie_of(client, person) for person in (mona, ada)] * 2
    text = make(author=alice)
    text.hide(by=mona, reason="Spam.")
    path = f"/moderation/log/{last().id}/undo"

    answers = at_once(app, *[partial(post, app, path, cookie) for cookie in cookies])

    assert statuses(answers) == [302] * 4
    assert acts() == ["hide", "restore"] and not text.is_hidden
    assert AuditEntry.verify() is None and list(wrong_counts()) == []


def change(person, name, by):
    if name == "suspend":
        Sanction.impose(person, "suspension", by=by, reason="Rude.")
    elif name == "lift":
        Sanction.impose(person, "suspension", by=by, reason="Rude.").lift(by=by)
    elif name == "change role":
        person.change_role(Role.named("Moderator"), by=by)
    else:
        getattr(person, name)(by=by)


@pytest.mark.parametrize(
    "name, inverse",
    [("suspend", "lift sanction"), ("lift", "reinstate sanction"), ("change role", "change role")]
    + [("deactivate", "reactivate")],
)
def test_of_four_who_undo_an_act_on_a_member_one_does(app, client, alice, ada, name, inverse):
    cookie = cookie_of(client, ada)
    change(alice, name, ada)
    path, before = f"/moderation/log/{last().id}/undo", acts()

    answers = at_once(app, *[partial(post, app, path, cookie)] * 4)

    assert statuses(answers) == [302] * 4
    assert acts() == [*before, inverse] and AuditEntry.verify() is None


def test_an_undo_never_takes_back_what_somebody_did_since(app, client, alice, mona):
    """They restore it, and hide it for another reason, while the first hiding is undone."""
    cookie = cookie_of(client, mona)
    for _ in range(3):
        text = make_post(alice)
        text.hide(by=mona, reason="First.")
        path, here = f"/moderation/log/{last().id}/undo", partial(verb, type(text), text.id)
        others = [here("restore", by="mona"), here("hide", by="mona", reason="Second.")]

        at_once(app, *others, partial(post, app, path, cookie), *others)

        entries = db.session.scalars(AuditEntry.about(text)).all()[::-1]
        undone = [number for number, e in enumerate(entries) if e.reason.startswith("Undo of")]
        assert undone in ([], [1])
        assert [e.action for e in entries] == (["hide", "restore"] * 3)[: len(entries)]
        assert text.is_hidden == (entries[-1].action == "hide")
    assert AuditEntry.verify() is None and list(wrong_counts()) == []


def test_an_undo_while_the_member_is_deleted_is_no_fault(app, client, alice, ada):
    cookie = cookie_of(client, ada)
    change(alice, "suspend", ada)
    path = f"/moderation/log/{last().id}/undo"

    undone, _ = at_once(
        app, partial(post, app, path, cookie), verb(type(alice), alice.id, delete_account, by="ada")
    )

    assert undone[0] == 302 and AuditEntry.verify() is None

"""The feed of the log: what a reader's own parser makes of it, and what is not in it."""

import pytest
from factories import make_comment, make_post
from test_atom import read

from app.extensions import db
from app.models import AuditEntry, Role, Sanction, Setting

PATH = "/log/feed.atom"


def test_a_reader_understands_the_feed_of_the_log(client, alice, mona):
    make_post(alice, "Unspeakable.").hide(by=mona, reason="Spam & <more>.")
    Sanction.impose(alice, "ban", by=mona, reason="Spam.")
    ids = list(db.session.scalars(AuditEntry.latest().with_only_columns(AuditEntry.id)))

    feed = read(client, PATH)

    assert feed.feed.title == "Moderation log · Offbrand"
    assert feed.feed.id == f"http://localhost{PATH}"
    assert [entry.id for entry in feed.entries] == [f"http://localhost/log/{id}" for id in ids]
    assert [entry.title for entry in feed.entries] == [
        "mona banned alice",
        "mona hid a post by alice",
    ]
    assert feed.entries[1].content[0].value == "mona hid a post by alice. “Spam & <more>.”"
    assert {entry.author for entry in feed.entries} == {"mona"}
    assert all(entry.link == entry.id for entry in feed.entries)
    assert feed.feed.updated == feed.entries[0].updated
    assert {link.rel for link in feed.feed.links} == {"self", "alternate"}
    assert client.get(f"/log/{ids[0]}").status_code == 200


def test_a_feed_without_acts_is_one(client):
    assert read(client, PATH).entries == []


def test_the_feed_is_the_same_for_all_and_tells_what_the_public_log_tells(client, alice, bob, mona):
    """No text, no name of whom the settings keep private, no act for staff, whoever asks."""
    make_comment(author=alice, text="Unspeakable.").hide(by=mona, reason="spam")
    AuditEntry.record("add note", bob, by=mona)
    Setting.change(names_in_log=False)
    answers = [client.get(PATH).text]
    for person in (alice, mona):
        client.sign_in(person)
        answers.append(client.get(PATH).text)

    assert len(set(answers)) == 1
    for private in ("alice", "bob", "Unspeakable", "127.0.0.1", "the shell"):
        assert private not in answers[0]


def test_the_feed_has_the_newest_twenty(client, alice, ada):
    for number in range(11):
        alice.deactivate(by=ada, reason=f"Closed {number}.")
        alice.reactivate(by=ada, reason=f"Opened {number}.")

    found = read(client, PATH).entries

    assert len(found) == 20 and "Opened 10." in found[0].content[0].value


def test_a_reader_that_has_it_is_told_so_until_somebody_acts(client, alice, ada):
    alice.deactivate(by=ada)
    had = client.get(PATH)
    again = {"If-None-Match": had.headers["ETag"]}
    assert client.get(PATH, headers=again).status_code == 304

    alice.reactivate(by=ada)
    assert client.get(PATH, headers=again).status_code == 200


def test_an_act_for_staff_or_administrators_changes_nothing_in_it(client, alice, ada):
    alice.deactivate(by=ada)
    had = client.get(PATH)
    alice.demand_new_password(by=ada)
    Role.named("User").change(by=ada, requestable=True)

    again = client.get(PATH, headers={"If-None-Match": had.headers["ETag"]})

    assert again.status_code == 304


@pytest.mark.parametrize("readers, named", [("all", True), ("members", False)])
def test_the_log_names_its_feed(client, alice, readers, named):
    Setting.change(readers=readers)
    client.sign_in(alice)

    page = client.get("/log").text

    assert (
        f'type="application/atom+xml" title="Moderation log" href="http://localhost{PATH}"' in page
    ) is named

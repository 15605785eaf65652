"""One's own data, to take along: complete, readable without a network, and for nobody else."""

import json
import tracemalloc
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO
from itertools import chain, repeat
from zipfile import ZipFile

import pytest
import time_machine
from factories import keep, mails
from sqlalchemy import func, insert, select
from test_races import at_once

from app import data_export
from app.data_export import archive, sections
from app.extensions import db
from app.models import (
    Appeal,
    Bookmark,
    Comment,
    DataExport,
    ExportPart,
    Follow,
    Invitation,
    Like,
    Mute,
    Notification,
    NotificationChoice,
    Picture,
    Post,
    Role,
    Sanction,
    User,
    Watch,
)
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.lease import LEASE, LeaseLost
from app.models.notifications.preference import MENTION, NEVER, Choice
from app.models.retention.data_export import TRIES
from app.models.retention.erasure import delete_account

ASK = "/settings/data"
NASTY = '<script>alert(1)</script> & "quotes" \' `code` [a](/rules) @bob'


def made(person):
    """Ask for an export, have it made, and return it."""
    export = DataExport.ask(person)
    db.session.commit()
    data_export.work()
    db.session.expire_all()
    return export


def opened(person):
    """The file of a person as a zip."""
    export = made(person)
    parts = select(ExportPart.data).where(ExportPart.export_id == export.id)
    data = b"".join(db.session.scalars(parts.order_by(ExportPart.number)))
    assert len(data) == export.size
    zip = ZipFile(BytesIO(data))
    assert zip.testzip() is None
    return zip


def facts_of(person):
    return json.loads(opened(person).read("data.json"))


class Reader(HTMLParser):
    """Sees whether every element is closed, and what a page would load or run."""

    VOID = ("meta", "link", "br", "hr")

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.tags, self.faults = [], [], set(), []
        self.feed(text)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def pages_of(zip):
    return {name: zip.read(name).decode() for name in zip.namelist() if name.endswith(".html")}


@pytest.fixture
def busy(alice, bob):
    """Alice has done one of everything."""
    post, answered = Post.publish(NASTY, by=alice), Post.publish("Hello #tea", by=bob)
    post.edit("Now #calm", by=alice)
    comment = Comment.publish(answered, "A comment", by=alice)
    comment.edit("Another", by=alice)
    alice.follow(bob)
    bob.follow(alice)
    alice.mute(bob)
    Like.add(answered, by=alice)
    Bookmark.add(answered, by=alice)
    Watch.put(post_id=answered.id, user_id=alice.id, created_at=utcnow())
    keep(Notification(user_id=alice.id, kind="follow", actor_id=bob.id))
    keep(Invitation(email="nora@example.org", invited_by=alice, role=Role.get_default()))
    db.session.commit()
    return alice


def test_the_file_holds_the_choices_and_the_picture_and_its_pages_need_nothing_else(busy):
    """Each is well-formed, without a script, and loads nothing from a network."""
    NotificationChoice.choose(busy, MENTION, Choice(in_site=True, mail=NEVER))
    Picture.put(busy, b"the picture")
    db.session.commit()

    zip = opened(busy)
    facts = json.loads(zip.read("data.json"))

    assert facts["notification_choices"] == [{"kind": "mention", "in_site": True, "mail": "never"}]
    assert zip.read(facts["account"]["picture"]) == b"the picture"
    assert 'href="picture.webp"' in zip.read("index.html").decode()
    for name, text in pages_of(zip).items():
        page = Reader(text)
        assert page.faults == [], name
        assert not page.tags & {"script", "img", "iframe", "form", "style"}, name
        inside = [link for link in page.links if not link.startswith("http")]
        assert {link.partition("#")[0] for link in inside} <= set(zip.namelist()), name


def test_the_file_holds_all_that_the_site_keeps_but_no_secret(client, busy, bob, mona):
    client.sign_in(busy)
    busy.sign_out_everywhere(by=mona, reason="A lost phone.")
    client.sign_in(busy)

    text = opened(busy).read("data.json").decode()
    facts = json.loads(text)

    assert busy.password_hash not in text and "token" not in text
    assert facts["account"]["email"] == "alice@example.org" and facts["account"]["role"] == "User"
    assert [(p["body"], p["tags"]) for p in facts["posts"]] == [("Now #calm", "calm")]
    assert [text["body"] for text in facts["former_texts_of_posts"]] == [NASTY]
    assert [comment["body"] for comment in facts["comments"]] == ["Another"]
    assert [text["body"] for text in facts["former_texts_of_comments"]] == ["A comment"]
    for name in ("following", "followers", "muted"):
        assert [row["username"] for row in facts[name]] == ["bob"]
    for name in ("likes", "bookmarks", "sessions", "invitations"):
        assert len(facts[name]) == 1, name
    assert facts["watches"] and facts["notifications"]
    assert facts["acts_of_staff"][0]["reason"] == "A lost phone."


def test_the_file_holds_sanctions_and_what_was_said_in_appeals(alice, bob, mona):
    made = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    appeal = Appeal.open(made, by=alice, body=NASTY)
    appeal.say(by=mona, body="Why?")
    appeal.decide("confirmed", by=mona, answer="No.")
    Appeal.open(Sanction.impose(bob, "ban", by=mona, reason=""), by=bob, body="Bob's.")
    db.session.commit()

    facts = facts_of(alice)

    assert [(row["kind"], row["reason"]) for row in facts["sanctions"]] == [("silence", "Spam.")]
    assert [(row["outcome"], row["answer"]) for row in facts["appeals"]] == [("confirmed", "No.")]
    said = [(row["by_staff"], row["body"]) for row in facts["appeal_messages"]]
    assert said == [(False, NASTY), (True, "Why?")]
    assert "mona" not in json.dumps(facts)


def test_who_acted_as_staff_is_not_named_nor_is_from_where(client, alice, mona):
    alice.deactivate(by=mona, reason="Spam.")
    alice.reactivate(by=mona)

    text = opened(alice).read("data.json").decode()

    assert "deactivate" in text and "mona" not in text


def test_what_was_deleted_and_is_kept_for_staff_is_in_it(alice, mona):
    Post.publish("Gone soon", by=alice).delete()
    Post.publish("Hidden", by=alice).hide(by=mona, reason="Too loud.")

    gone, hidden = facts_of(alice)["posts"]

    assert gone["deleted_at"] and hidden["hidden_reason"] == "Too loud."


def test_a_person_who_did_nothing_gets_a_file_too(alice):
    zip = opened(alice)
    facts = json.loads(zip.read("data.json"))

    assert facts["posts"] == facts["comments"] == facts["likes"] == []
    assert "Posts: none" in zip.read("index.html").decode()


def test_what_people_typed_is_escaped_and_links_lead_to_the_site(app, alice):
    app.config["SITE_URL"] = "https://club.example.org"
    alice.about_me = NASTY
    Post.publish(NASTY, by=alice)
    zip = opened(alice)

    assert "&lt;script&gt;" in zip.read("index.html").decode()
    page = zip.read("posts-1.html").decode()
    assert '<a href="https://club.example.org/rules"' in page and "<script" not in page


def test_many_rows_are_read_in_batches_and_none_is_missing(alice, monkeypatch):
    monkeypatch.setattr(sections, "BATCH_SIZE", 3)
    for number in range(8):
        post = Post.publish(f"Number {number}", by=alice)
        post.edit(f"Number {number} again", by=alice)
        Like.add(post, by=alice)
    zip = opened(alice)
    facts = json.loads(zip.read("data.json"))

    assert [p["body"] for p in facts["posts"]] == [f"Number {n} again" for n in range(8)]
    assert len(facts["likes"]) == len(facts["former_texts_of_posts"]) == 8
    assert {f"posts-{n}.html" for n in (1, 2, 3)} <= set(zip.namelist())
    assert 'href="posts-3.html">Next' in zip.read("posts-2.html").decode()
    assert "Next" not in zip.read("posts-3.html").decode()


@pytest.mark.large
def test_memory_does_not_grow_with_the_number_of_posts(collected, alice):
    values = dict(author_id=alice.id, body="x" * 500, body_html="<p>" + "x" * 500, renderer=1)
    values |= dict(version=1, editor_name="alice", comment_count=0, like_count=0)
    rows = [values | dict(created_at=utcnow(), hidden_reason="", hidden_by="") for _ in range(8000)]
    db.session.execute(insert(Post), rows)
    export = DataExport.ask(alice)
    db.session.commit()
    del rows

    tracemalloc.start()
    data_export.work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    db.session.expire_all()

    assert export.state == "ready" and most < 12_000_000  # all of them at once are 33 MB


# Asking, waiting and taking along


def test_one_asks_waits_and_takes_it_along(client, alice):
    client.sign_in(alice)
    assert client.post(ASK).location == ASK
    assert "Preparing your data" in client.get(ASK).text

    data_export.work()
    page = client.get(ASK).text
    export = DataExport.latest_of(alice)
    answer = client.get(f"{ASK}/{export.id}", buffered=True)

    assert "Ready to download" in page and f'href="{ASK}/{export.id}"' in page
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=offbrand-alice-")
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "index.html" in ZipFile(BytesIO(answer.data)).namelist()
    assert [mail.recipient for mail in mails("data_ready")] == ["alice@example.org"]


def test_nobody_else_takes_it_along(client, alice, ada):
    export = made(alice)
    for person in (None, ada):
        if person:
            client.sign_in(person)
        answer = client.get(f"{ASK}/{export.id}")
        assert answer.status_code == (404 if person else 302)


def test_asking_twice_asks_once_and_what_is_not_ready_cannot_be_taken_along(client, alice):
    client.sign_in(alice)
    client.post(ASK)
    client.post(ASK)

    assert db.session.scalar(select(func.count(DataExport.id))) == 1
    for id in (DataExport.latest_of(alice).id, 2**31 - 1):
        assert client.get(f"{ASK}/{id}").status_code == 404


def test_a_newer_one_takes_the_place_of_the_one_before(client, alice):
    first, second = made(alice), made(alice)
    client.sign_in(alice)

    assert (first.state, second.state) == ("gone", "ready")
    assert client.get(f"{ASK}/{first.id}").status_code == 404
    assert set(db.session.scalars(select(ExportPart.export_id))) == {second.id}


def test_three_a_day_are_enough(client, alice):
    for _ in range(3):
        made(alice)
    client.sign_in(alice)

    client.post(ASK)
    assert "You’ve requested 3 exports" in client.get(ASK).text
    with pytest.raises(Refused):
        DataExport.ask(alice)
    with time_machine.travel(utcnow() + timedelta(days=1, minutes=1)):
        assert DataExport.ask(alice).state == "waiting"


def test_it_is_kept_for_a_week(client, alice):
    export = made(alice)
    id = export.id
    with time_machine.travel(utcnow() + timedelta(days=7, seconds=1)):
        client.sign_in(alice)
        assert client.get(f"{ASK}/{id}").status_code == 404
        DataExport.purge()
        db.session.commit()

    assert db.session.scalar(select(func.count(ExportPart.number))) == 0


def test_progress_is_told(client, alice, monkeypatch):
    monkeypatch.setattr(sections, "BATCH_SIZE", 2)
    for number in range(5):
        Post.publish(str(number), by=alice)
    client.sign_in(alice)
    client.post(ASK)
    seen = []

    def look():
        said = client.get(ASK).text
        seen.extend(n for n in range(6) if f"{n} of 5 posts" in said)

    data_export.work(between=look)

    assert seen == [2, 4, 5]


# What may go wrong


class Killed(BaseException):
    """A worker dies at this moment."""


def die_after(steps):
    left = iter(range(steps))

    def between():
        if next(left, None) is None:
            raise Killed

    return between


def test_what_a_killed_worker_left_is_taken_up_again(alice, monkeypatch):
    monkeypatch.setattr(archive, "PART", 200)
    monkeypatch.setattr(sections, "BATCH_SIZE", 2)
    for number in range(9):
        Post.publish(str(number), by=alice)
    export = DataExport.ask(alice)
    db.session.commit()
    with pytest.raises(Killed):
        data_export.work(between=die_after(3))
    db.session.rollback()
    data_export.work()  # the lease of the dead one still holds
    assert db.session.get(DataExport, export.id, populate_existing=True).state == "waiting"

    with time_machine.travel(utcnow() + LEASE + timedelta(seconds=1)):
        assert len(facts_of(alice)["posts"]) == 9
    assert len(mails("data_ready")) == 1


def test_a_worker_that_is_told_to_stop_leaves_it_to_the_next(alice):
    Post.publish("Hello", by=alice)
    export = DataExport.ask(alice)
    db.session.commit()
    answers = chain([False] * 3, repeat(True))

    data_export.work(stopped=lambda: next(answers))
    assert db.session.get(DataExport, export.id, populate_existing=True).leased_until is None

    assert facts_of(alice)["posts"]


def test_what_fails_again_and_again_is_given_up_and_said(client, alice, monkeypatch):
    monkeypatch.setattr(archive, "make", lambda *args: 1 / 0)
    client.sign_in(alice)
    client.post(ASK)
    for number in range(TRIES + 1):
        with time_machine.travel(utcnow() + number * (LEASE + timedelta(seconds=1))):
            data_export.work()

    db.session.expire_all()
    assert DataExport.latest_of(alice).state == "failed"
    assert "Your export failed" in client.get(ASK).text


def test_an_account_that_goes_meanwhile_takes_its_export_along(alice, ada):
    Post.publish("Hello", by=alice)
    DataExport.ask(alice)
    db.session.commit()
    once = iter([lambda: (delete_account(alice, by=ada), db.session.commit())])

    data_export.work(between=lambda: next(once, lambda: None)())

    assert db.session.scalar(select(func.count(DataExport.id))) == 0
    assert mails("data_ready") == []


@pytest.mark.fault
def test_of_many_requests_at_once_one_counts(app, alice):
    def ask():
        export = DataExport.ask(db.session.get(User, alice.id))
        db.session.commit()
        return export.id

    assert len(set(at_once(app, *[ask] * 6))) == 1


@pytest.mark.fault
def test_two_workers_make_it_once(app, alice, monkeypatch):
    monkeypatch.setattr(sections, "BATCH_SIZE", 2)
    for number in range(8):
        Post.publish(str(number), by=alice)
    export = DataExport.ask(alice)
    db.session.commit()

    at_once(app, *[data_export.work] * 3)

    assert export.state == "ready" and export.tries == 1
    assert len(mails("data_ready")) == 1


def test_a_worker_that_was_too_slow_writes_nothing_more(alice):
    DataExport.ask(alice)
    db.session.commit()
    former = DataExport.lease().held
    with time_machine.travel(utcnow() + LEASE + timedelta(seconds=1)):
        export = DataExport.lease()
        export.begin()
        export.held = former

        with pytest.raises(LeaseLost):
            export.add_part(0, b"late")


def test_followers_are_those_who_follow(alice, bob):
    keep(Follow(follower_id=bob.id, followed_id=alice.id))
    keep(Mute(user_id=bob.id, muted_id=alice.id))
    facts = facts_of(alice)

    assert [row["username"] for row in facts["followers"]] == ["bob"]
    assert facts["following"] == facts["muted"] == []

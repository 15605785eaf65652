"""Feeds for readers: what a reader's own parser makes of them."""

from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest
import time_machine
from factories import make_post, make_user
from sqlalchemy import delete

from app.extensions import db
from app.models import Setting, User
from app.models.content.screening import LINK, Hold
from app.models.fields import utcnow

FEEDS = ["/feed.atom", "/user/alice/feed.atom", "/tag/bread/feed.atom"]


def read(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    feed = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert not feed.bozo, feed.bozo_exception
    assert feed.version == "atom10"
    return feed


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_understands_each_feed(client, alice, path):
    first = make_post(alice, "# Fresh *bread*\n\nwith <butter> & @alice. #bread")
    second = make_post(alice, "More #bread", edited_at=utcnow() + timedelta(hours=1))

    feed = read(client, path)

    assert [entry.id for entry in feed.entries] == [
        f"http://localhost/post/{post.id}" for post in (second, first)
    ]
    entry = feed.entries[1]
    assert entry.title == "Fresh bread with <butter> & @alice. #bread"
    assert (entry.link, entry.author) == (entry.id, "alice")
    assert entry.content[0].type == "text/html"
    assert '<a href="http://localhost/user/alice">@alice</a>' in entry.content[0].value
    assert "&lt;butter&gt; &amp;" in entry.content[0].value
    assert feed.feed.updated == feed.entries[0].updated > feed.entries[0].published
    assert {link.rel for link in feed.feed.links} == {"self", "alternate"}
    assert feed.feed.id == f"http://localhost{path}"


def test_a_feed_without_posts_is_one(client, alice):
    for path in FEEDS[:2]:
        assert read(client, path).entries == []


def test_a_feed_has_the_newest_twenty_of_what_everybody_may_read(client, alice, bob, mona):
    """R-85. Whoever asks: a muted member is in it, for it is one feed for all."""
    for number in range(21):
        make_post(bob, f"Post {number}")
    make_post(bob, "Hidden").hide(by=mona, reason="spam")
    make_post(bob, "Deleted").delete()
    alice.mute(bob)
    client.sign_in(alice)

    feed = read(client, "/feed.atom")

    assert [entry.title for entry in feed.entries] == [f"Post {n}" for n in range(20, 0, -1)]


def test_a_text_full_of_signs_leaves_the_feed_valid(client, alice):
    post = make_post(alice, "]]> <!-- &amp; &#1; \ufffe \x0b 😀 </entry>")
    post.body_html += "\x00\x1f"
    Setting.change(site_name='A & B <"site">')

    feed = read(client, "/feed.atom")

    assert feed.feed.title == 'A & B <"site">'
    assert "</entry>" in feed.entries[0].title


def test_the_posts_of_a_deleted_member_have_an_author_still(client, alice, bob):
    make_post(bob, "bread")
    db.session.execute(delete(User).where(User.id == bob.id))

    assert read(client, "/feed.atom").entries[0].author == "Deleted member"


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_that_has_it_is_told_so(client, alice, path):
    post = make_post(alice, "#bread", created_at=utcnow() - timedelta(minutes=1))
    had = client.get(path)
    named = {"If-None-Match": had.headers["ETag"]}
    dated = {"If-Modified-Since": had.headers["Last-Modified"]}

    for headers in (dated, named, named | dated):
        again = client.get(path, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == had.headers["ETag"]

    post.edit("Old #bread", by=alice)
    for headers in (named, dated, named | dated):
        assert client.get(path, headers=headers).status_code == 200


@pytest.mark.both_databases
@pytest.mark.parametrize("act", ["hide", "restore", "delete", "hold", "rename"])
def test_what_happens_meanwhile_changes_the_feed(client, alice, mona, ada, act):
    """Also for a reader that asks by the date alone."""
    long_ago = utcnow() - timedelta(days=1)
    with time_machine.travel(long_ago, tick=False):
        post, other = make_post(alice), make_post(alice)
        other.hide(by=mona, reason="spam")
    had = client.get("/feed.atom")
    acts = {
        "hide": lambda: post.hide(by=mona, reason="spam"),
        "restore": lambda: other.restore(by=mona),
        "delete": post.delete,
        "hold": lambda: post.hold(Hold(LINK)),
        "rename": lambda: alice.edit(by=ada, reason="Asked.", username="alina"),
    }
    acts[act]()

    named = {"If-None-Match": had.headers["ETag"]}
    dated = {"If-Modified-Since": had.headers["Last-Modified"]}
    for headers in (named, dated, named | dated):
        answer = client.get("/feed.atom", headers=headers)
        assert answer.status_code == 200 and answer.text != had.text


def test_the_tags_of_a_post_are_its_categories(client, alice):
    make_post(alice, "Both #tea & #bread")
    make_post(alice, "Neither")

    entries = read(client, "/feed.atom").entries

    assert [[tag.term for tag in entry.get("tags", [])] for entry in entries] == [
        [],
        ["bread", "tea"],
    ]


def test_only_links_are_changed_in_what_members_wrote(client, alice):
    text = """`<a href="/admin">` and [`href="/x"`](https://else.example/?q=%20href="/) @alice"""
    post = make_post(alice, text)

    (entry,) = read(client, "/feed.atom").entries

    whole = '<a href="http://localhost/user/alice">'
    assert f"{entry.content[0].value}\n" == post.body_html.replace('<a href="/user/alice">', whole)


def test_a_feed_may_be_kept_and_is_asked_about(client, alice):
    assert client.get("/feed.atom").headers["Cache-Control"] == "public, no-cache"


def test_where_only_members_read_feeds_are_theirs_too(client, alice):
    make_post(alice, "#bread")
    Setting.change(readers="members")
    for path in FEEDS:
        assert client.get(path).location.startswith("/auth/login")

    client.sign_in(alice)
    for path in FEEDS:
        assert client.get(path).headers["Cache-Control"] == "private, no-cache"
    for page in ("/", "/user/alice", "/tag/bread"):
        assert "application/atom+xml" not in client.get(page).text


def test_who_is_not_seen_has_no_feed(client):
    make_user("ulla", confirmed=False)

    assert client.get("/user/ulla/feed.atom").status_code == 404
    assert client.get("/user/nobody/feed.atom").status_code == 404


def test_pages_name_their_feed(client, alice):
    make_post(alice, "#bread")

    for page, path in zip(["/", "/user/alice", "/tag/bread"], FEEDS, strict=True):
        assert f'href="http://localhost{path}"' in client.get(page).text


def test_no_host_that_somebody_claims_is_in_a_feed(production, alice):
    make_post(alice, "@alice #bread")
    client = production.test_client()

    answer = client.get("/feed.atom", base_url="https://offbrand.example")

    root = ElementTree.fromstring(answer.data)
    links = [element.get("href") for element in root.iter("{http://www.w3.org/2005/Atom}link")]
    assert links and all(link.startswith("https://offbrand.example/") for link in links)

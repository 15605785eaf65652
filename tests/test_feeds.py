"""Feeds: whatever was written, followed and muted, they show what a plain model of them does."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from factories import make_post, make_user
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from app.extensions import db
from app.models import AnonymousUser, Bookmark, Follow, Like, Mute, Post, Role
from app.models.reading import feed as feed_module
from app.models.reading.feed import everything, followed, written_by

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PEOPLE = range(5)  # alice is the first


@st.composite
def towns(draw):
    """What each wrote in a few minutes, so that many moments are the same; whom alice knows."""
    others = st.sets(st.sampled_from(PEOPLE[1:]))
    states = st.sampled_from(["shown", "shown", "shown", "hidden", "deleted"])
    posts = st.tuples(st.sampled_from([*PEOPLE, None]), st.integers(0, 3), states)
    window = draw(st.sampled_from([2, 200]))
    town = draw(st.lists(posts, max_size=14)), draw(others), draw(others), draw(st.integers(1, 4))
    return *town, window


class Town:
    """The posts of a town in the database, and the ids that alice should see, the newest first."""

    def __init__(self, people, posts, follows, mutes):
        self.people, self.follows, self.mutes = people, follows, mutes
        for table in (Post, Follow, Mute):
            db.session.execute(delete(table))
        alice = people[0].id
        for i in follows:
            about = dict(follower_id=alice, followed_id=people[i].id, created_at=START)
            db.session.execute(insert(Follow).values(about))
        for i in mutes:
            about = dict(user_id=alice, muted_id=people[i].id, created_at=START)
            db.session.execute(insert(Mute).values(about))
        self.posts = [self.write(*post) for post in posts]

    def write(self, author, minute, state="shown"):
        post = Post(body="x", body_html="x", renderer=1, hidden_reason="")
        post.author = None if author is None else self.people[author]
        post.created_at = START + timedelta(minutes=minute)
        post.hidden_at = START if state == "hidden" else None
        post.deleted_at = START if state == "deleted" else None
        db.session.add(post)
        db.session.flush()
        return post.created_at, post.id, author, state

    def seen(self, authors):
        """What these wrote; None stands for members who are gone."""
        return [
            id
            for _, id, author, state in sorted(self.posts, reverse=True)
            if state == "shown" and author in authors
        ]


@contextmanager
def asked(app, place):
    query = urlencode({way: cursor for way, cursor in place.items() if cursor})
    with app.test_request_context(f"/?{query}"):
        yield


def walk(app, feed, way, place=None):
    """The pages from a place on, each of them as the ids of its posts, and the last of them."""
    pages, cursor = [], place
    while len(pages) < 100:  # a page that came twice would come for ever
        with asked(app, {way: cursor}):
            page = feed()
        pages.append([card.id for card in page])
        cursor = getattr(page, way)
        if cursor is None:
            return pages, page
    raise AssertionError("the pages have no end")


def there_and_back(app, feed, expected, size):
    """Walk down to the oldest post and up again: every post once, in order, on full pages."""
    down, last = walk(app, feed, "after")
    assert sum(down, []) == expected
    assert all(len(ids) == size for ids in down[:-1])
    if last.before:
        up, first = walk(app, feed, "before", last.before)
        assert sum(reversed(up), []) + down[-1] == expected
        assert first.before is None


@pytest.fixture
def looks_among(monkeypatch):
    """Set among how many posts a followed feed looks before it asks for each author."""

    def looks_among(window):
        monkeypatch.setattr(feed_module, "WINDOW", window)
        feed_module._followed_posts.cache_clear()

    yield looks_among
    feed_module._followed_posts.cache_clear()


@pytest.fixture
def people(app):
    """Five of them, of whom alice is the first."""
    people = [make_user(name) for name in ("alice", "bob", "carol", "dave", "erin")]
    db.session.commit()
    return people


TIED = [(author, 0, "shown") for author in PEOPLE[1:]] + 2 * [(None, 1, "shown")]


@given(town=towns())
@example(town=(TIED, set(PEOPLE[1:]), set(), 1, 2))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.both_databases
def test_every_feed_shows_what_it_should_in_pages_of_any_size(app, people, looks_among, town):
    """Ties in time, hidden and deleted posts, the muted, one's own, and of members who are gone."""
    posts, follows, mutes, size, window = town
    looks_among(window)
    town = Town(people, posts, follows, mutes)
    alice, bob, visitor = people[0], people[1], AnonymousUser()
    everybody, unmuted = {None, *PEOPLE}, {None, *PEOPLE} - mutes

    for feed, expected in (
        (lambda: everything(visitor, size=size), town.seen(everybody)),
        (lambda: everything(alice, size=size), town.seen(unmuted)),
        (lambda: followed(alice, size=size), town.seen((follows - mutes) | {0})),
        (lambda: written_by(bob, alice, size=size), town.seen({1})),
        (lambda: written_by(bob, visitor, size=size), town.seen({1})),
    ):
        there_and_back(app, feed, expected, size)
    db.session.rollback()


@given(town=towns(), newer=st.lists(st.sampled_from(PEOPLE), max_size=5))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.both_databases
def test_what_others_post_meanwhile_shifts_nothing(app, people, looks_among, town, newer):
    """Who reads on sees what followed at first; who goes back meets the new posts on top."""
    posts, follows, mutes, size, window = town
    looks_among(window)
    town = Town(people, posts, follows, mutes)
    alice, authors = people[0], (follows - mutes) | {0}
    for feed, seen in ((everything, {None, *PEOPLE} - mutes), (followed, authors)):
        before = town.seen(seen)
        with asked(app, {}):
            first = feed(alice, size=size)
        town.posts += [town.write(author, 4 + len(town.posts)) for author in newer]
        rest = []
        if first.after:
            pages, last = walk(app, lambda f=feed: f(alice, size=size), "after", first.after)
            rest = sum(pages, [])
            up, _ = walk(app, lambda f=feed: f(alice, size=size), "before", last.before)
            assert sum(reversed(up), []) + pages[-1] == town.seen(seen)
        assert [card.id for card in first] + rest == before
    db.session.rollback()


@pytest.mark.both_databases
def test_marks_on_cards_are_the_viewers_own(app, people):
    """The statement of a feed is shared by all; the likes and bookmarks in it are not."""

    alice, bob, *_ = people
    post = make_post(bob)
    Like.add(post, by=alice)
    Bookmark.add(post, by=bob)

    def marks(person):
        with asked(app, {}):
            (card,) = everything(person, size=5)
        return card.liked, card.bookmarked

    assert marks(alice) == (True, False)
    assert marks(bob) == (False, True)
    assert not any(marks(AnonymousUser()))


def test_what_is_drawn_once_shows_what_holds_now(app, client, people):
    """Cards are kept as HTML: another name, text, role, count or reader makes another card."""
    alice, bob, carol, *_ = people
    post = make_post(bob, "The first text.")

    def home(person):
        client.sign_in(person)
        return client.get("/").text

    assert 'aria-pressed="true"' not in home(alice) and "The first text." in home(carol)
    Like.add(post, by=alice)
    assert home(alice).count('aria-pressed="true"') == 1
    assert 'aria-pressed="true"' not in home(carol) and '<span class="count"> 1</span>' in home(
        carol
    )
    bob.username, bob.role = "robert", Role.named("Moderator")
    post.edit("The second text.", by=bob)
    assert all(
        word in home(carol) for word in ("robert", "Moderator", "The second text.", "edited")
    )
    assert "The first text." not in home(alice)
    client.sign_out()
    assert "formaction" not in client.get("/").text

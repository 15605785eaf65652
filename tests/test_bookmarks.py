"""Bookmarks and likes: set once, and taken away."""

from test_follows import next_of

from app.extensions import db
from app.models import Bookmark, Like, Post, Setting
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account


def texts(page):
    return [
        part.split("</p>", 1)[0]
        for part in page.text.split('<div class="prose" dir="auto"><p>')[1:]
    ]


def test_a_mark_is_put_once_and_taken_away_once(alice, bob):
    post = Post.publish("Hello", by=alice)

    for cls in (Like, Bookmark):
        said = [cls.add(post, by=bob), cls.add(post, by=bob)]
        said += [cls.remove(post, by=bob), cls.remove(post, by=bob)]
        assert said == [True, False, True, False]


def test_likes_are_counted(client, alice, bob):
    post = Post.publish("Hello", by=alice)
    for person in (alice, bob):
        client.sign_in(person)
        for _ in range(2):
            client.post(f"/post/{post.id}/like")
    assert post.like_count == 2

    client.post(f"/post/{post.id}/unlike")

    assert post.like_count == 1
    assert db.session.scalars(db.select(Like.user_id)).all() == [alice.id]


def test_the_likes_of_a_deleted_member_are_no_longer_counted(alice, bob):
    post = Post.publish("Hello", by=alice)
    for person in (alice, bob):
        Like.add(post, by=person)

    delete_account(bob)
    db.session.flush()

    db.session.refresh(post)
    assert post.like_count == 1


def test_the_newest_bookmark_comes_first_however_old_the_post_is(client, alice, bob):
    first, second, third = (Post.publish(f"Number {n}", by=alice) for n in (1, 2, 3))
    client.sign_in(bob)
    for post in (second, third, first):
        client.post(f"/post/{post.id}/bookmark")

    assert texts(client.get("/bookmarks")) == ["Number 1", "Number 3", "Number 2"]


def test_bookmarks_are_nobody_elses(client, alice, bob):
    Bookmark.add(Post.publish("Hello", by=alice), by=bob)
    client.sign_in(alice)

    assert "No bookmarks yet." in client.get("/bookmarks").text


def test_only_what_may_still_be_read_is_listed(client, alice, bob, mona):
    posts = [Post.publish(f"Number {n}", by=alice) for n in range(4)]
    for post in posts:
        Bookmark.add(post, by=bob)
    posts[0].hide(by=mona, reason="spam")
    posts[1].delete()
    client.sign_in(bob)

    assert texts(client.get("/bookmarks")) == ["Number 3", "Number 2"]


def test_a_long_list_goes_on_where_it_ended(client, alice, bob):
    Setting.change(posts_per_page=5)
    for number in range(12):
        Bookmark.add(Post.publish(f"Number {number}", by=alice), by=bob)
    client.sign_in(bob)
    url, seen = "/bookmarks", []

    while url and len(seen) < 100:  # a page that came twice would come for ever
        page = client.get(url)
        seen += texts(page)
        Bookmark.add(Post.publish("Later", by=alice), by=bob)
        url = next_of(page)

    assert seen == [f"Number {number}" for number in range(11, -1, -1)]


def test_what_cannot_be_seen_cannot_be_marked(client, alice, bob):
    post = Post.publish("Hello", by=alice)
    post.deleted_at = utcnow()
    client.sign_in(bob)

    for act in ("like", "unlike", "bookmark", "unbookmark"):
        assert client.post(f"/post/{post.id}/{act}").status_code == 404
    post.deleted_at, post.hidden_at = None, utcnow()
    client.sign_in(alice)  # who still reads it
    assert client.post(f"/post/{post.id}/like").status_code == 403
    for id in (0, 2**31 - 1, 2**31):
        assert client.post(f"/post/{id}/like").status_code == 404


def test_a_post_purged_meanwhile_is_a_404(client, alice, bob, monkeypatch):
    client.sign_in(bob)

    def purge(post, user):
        db.session.execute(db.delete(Post).where(Post.id == post.id))
        return True

    monkeypatch.setattr(Post, "markable_by", purge)

    for act in ("like", "bookmark", "watch"):
        post = Post.publish("Hello", by=alice)
        assert client.post(f"/post/{post.id}/{act}").status_code == 404

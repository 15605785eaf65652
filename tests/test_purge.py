"""Purge: deleted content goes after thirty days. Outdated HTML is rendered again."""

from datetime import timedelta

import pytest
from factories import make_comment, make_post, make_user
from sqlalchemy import func, select, update
from test_queries import count, statements

from app.extensions import db
from app.jobs import mail_worker
from app.models import Bookmark, Comment, Like, Notification, Post, PostTag, Revision
from app.models.content.counters import wrong_counts
from app.models.content.rules import RETENTION
from app.models.content.tag import tags_of
from app.models.fields import utcnow
from app.models.retention import purge
from app.models.retention.purge import purge_deleted, render_outdated


def number(cls):
    return db.session.scalar(select(func.count()).select_from(cls))


def delete_ago(thing, ago):
    thing.delete()
    thing.deleted_at = utcnow() - ago
    db.session.commit()


@pytest.mark.both_databases
def test_a_deleted_post_goes_after_thirty_days_with_all_that_belongs_to_it(app, alice, bob):
    post, kept = make_post(alice, "About #boats."), make_post(alice)
    make_comment(post, bob).edit("Better.", by=bob)
    make_comment(kept, alice)
    post.edit("About #ships.", by=alice)
    Like.add(post, by=bob)
    Bookmark.add(post, by=bob)
    db.session.add(Notification(user_id=bob.id, kind="answer", post_id=post.id))
    delete_ago(post, RETENTION + timedelta(minutes=1))

    purge_deleted()

    assert [p.id for p in db.session.scalars(select(Post))] == [kept.id]
    gone = (Like, Bookmark, Revision, PostTag, Notification)
    assert {cls.__name__: number(cls) for cls in gone} == dict.fromkeys(
        (cls.__name__ for cls in gone), 0
    )
    db.session.expire_all()
    assert (number(Comment), bob.comment_count, list(wrong_counts())) == (1, 0, [])


def test_until_then_staff_see_it_marked_with_when_it_goes(client, alice, mona):
    post = make_post(alice)
    delete_ago(post, RETENTION - timedelta(days=1))
    client.sign_in(mona)

    purge_deleted()

    page = client.get(f"/post/{post.id}").text
    goes = post.deleted_at + timedelta(days=30)
    assert "Deleted by its author" in page
    assert f"deleted for good on {goes.day} {goes:%B %Y}" in page


def test_a_deleted_comment_goes_and_no_count_changes(app, alice, bob):
    post = make_post(alice)
    kept, gone = make_comment(post, bob), make_comment(post, bob)
    delete_ago(gone, RETENTION + timedelta(minutes=1))

    purge_deleted()

    assert [c.id for c in db.session.scalars(select(Comment))] == [kept.id]
    assert list(wrong_counts()) == []


@pytest.mark.both_databases
def test_purging_goes_in_chunks(app, alice, monkeypatch):
    monkeypatch.setattr(purge, "PURGED", 2)
    for _ in range(3):
        post = make_post(alice)
        for _ in range(3):
            make_comment(post, alice)
        delete_ago(post, RETENTION + timedelta(minutes=1))

    with statements() as sent:
        purge_deleted()

    assert (number(Post), number(Comment), list(wrong_counts())) == (0, 0, [])
    assert sum(statement.startswith("DELETE FROM comments") for statement in sent) >= 5


@pytest.mark.parametrize("write", [make_post, make_comment])
def test_what_an_older_renderer_made_is_read_as_today_and_then_stored_so(client, write):
    thing = write(text="*Hello.*")
    old = dict(body_html="<p>As it was.</p>", renderer=0)
    db.session.execute(update(type(thing)).values(**old))
    db.session.commit()
    path = f"/post/{getattr(thing, 'post_id', thing.id)}"

    assert "<p><em>Hello.</em></p>" in client.get(path).text
    assert (render_outdated(), render_outdated()) == (1, 0)
    assert thing.body_html == "<p><em>Hello.</em></p>\n" and thing.edited_at is None
    assert "<p><em>Hello.</em></p>" in client.get(path).text


def test_a_page_of_outdated_texts_asks_for_nobody_whom_they_name(client, alice, bob):
    for _ in range(5):
        make_post(alice, "Hello @bob, and @nobody.")
    expected = count(client, "/")
    db.session.execute(update(Post).values(renderer=0))
    db.session.commit()

    page = client.get("/").text

    assert page.count('href="/user/bob">@bob</a>') == 5 and "/user/nobody" not in page
    assert count(client, "/") == expected


@pytest.mark.both_databases
def test_where_nothing_is_outdated_it_costs_a_look_into_two_indexes(app):
    make_comment()
    db.session.commit()

    with statements() as sent:
        assert render_outdated() == 0

    assert len(sent) == 2
    if db.engine.dialect.name == "sqlite":
        plan = db.session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id, body FROM posts WHERE renderer < 1 OR renderer > 1"
        )
        assert all("SCAN" not in row[3] for row in plan)


@pytest.mark.both_databases
def test_what_is_edited_meanwhile_is_not_overwritten(app, monkeypatch, alice):
    post = make_post(alice, "Old.")
    post.renderer = 0
    db.session.commit()
    real = purge.rendered

    def slowly(text):
        db.session.execute(update(Post).values(version=2, renderer=1, body_html="<p>New.</p>"))
        return real(text)

    monkeypatch.setattr(purge, "rendered", slowly)
    render_outdated()

    db.session.refresh(post)
    assert post.body_html == "<p>New.</p>"


@pytest.mark.both_databases
def test_a_text_has_the_tags_that_the_renderer_of_today_finds(app, alice):
    post, untagged = make_post(alice, "#C++ and #bread"), make_post(alice, "None.")
    db.session.execute(update(PostTag).where(PostTag.tag == "c++").values(tag="c"))
    db.session.add(PostTag(tag="old", post_id=untagged.id))
    db.session.execute(update(Post).values(renderer=0))
    db.session.commit()

    assert render_outdated() == 2

    assert tags_of([post, untagged]) == {post.id: ["bread", "c++"]}


def test_the_command_renders_all_of_it(flask, monkeypatch):
    monkeypatch.setattr(purge, "RENDERED", 2)
    post = make_post()
    for _ in range(3):
        make_comment(post, post.author)
    db.session.execute(update(Post).values(renderer=0))
    db.session.execute(update(Comment).values(renderer=0))

    assert flask("posts", "render").output == "4 rendered again.\n"
    assert flask("posts", "render").output == "0 rendered again.\n"


def test_the_postman_does_both_without_being_asked(app, alice, monkeypatch):
    monkeypatch.setattr(purge, "RENDERED", 2)
    gone, *outdated = [make_post(alice, "*Hello.*") for _ in range(6)]
    for old in outdated:
        old.renderer, old.body_html = 0, ""
    delete_ago(gone, RETENTION + timedelta(minutes=1))
    for name in ("purged_at", "rendered_at"):
        app.extensions.pop(name, None)

    mail_worker.deliver_safely(app)

    db.session.expire_all()
    assert {old.body_html for old in outdated} == {"<p><em>Hello.</em></p>\n"}
    assert number(Post) == 5


@pytest.mark.both_databases
def test_the_id_of_a_purged_post_is_not_given_again(app, alice):
    post = make_post(alice)
    id = post.id
    delete_ago(post, RETENTION + timedelta(minutes=1))
    purge_deleted()
    db.session.expunge_all()

    assert make_post(make_user()).id > id

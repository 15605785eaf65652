"""flask fake: a community to try the site with, and never where the site is real."""

import random

from factories import everything
from sqlalchemy import func, select

from app.extensions import db
from app.fake import PASSWORD, waiting
from app.models import (
    Appeal,
    AuditEntry,
    Case,
    Comment,
    Follow,
    Like,
    Post,
    PostTag,
    Report,
    Role,
    User,
)
from app.models.content.rendering import rendered
from app.models.fields import utcnow
from app.text.markdown import Text


def test_it_explains_itself(flask):
    """S004-5."""
    result = flask("fake", "--help")

    assert result.exit_code == 0 and "--people" in result.output


def test_so_many_members_come_as_were_asked_for(flask, alice):
    result = flask("fake", "--people", "30", "--posts", "0")

    people = db.session.scalars(select(User).where(User.id != alice.id)).all()
    assert result.exit_code == 0 and len(people) == 30
    assert all(person.is_confirmed and person.role.name == "User" for person in people)
    assert f"30 people, who all have the password: {PASSWORD}" in result.output


def test_any_of_them_can_sign_in(flask, client):
    name = flask("fake", "--people", "3", "--posts", "0").output.split()[0]

    client.post("/auth/login", data=dict(login=name, password=PASSWORD))

    assert client.get("/settings/profile").status_code == 200


def test_more_of_them_may_come_later(flask):
    flask("fake", "--people", "20", "--posts", "0")
    flask("fake", "--people", "20", "--posts", "0")

    assert User.count() == 40


def test_a_real_site_gets_none(app, flask):
    app.config["SECURE"] = True

    result = flask("fake")

    assert result.exit_code == 1 and "Not in production" in result.output
    assert User.count() == 0


def test_without_roles_one_is_told_to_deploy(flask):
    db.session.execute(Role.__table__.delete())

    result = flask("fake")

    assert result.output == "Error: The database has no roles yet. Run flask deploy first.\n"


def count(*conditions):
    return db.session.scalar(select(func.count()).where(*conditions))


def test_a_community_writes_and_is_moderated(flask, client):
    """A small one, each time the same."""
    random.seed(8)
    result = flask("fake", "--people", "8", "--posts", "40", "--comments", "90")

    assert result.exit_code == 0 and "40 posts, 90 comments, " in result.output
    assert (count(Post.id > 0), count(Comment.id > 0)) == (40, 90)
    the_stored_counts_are_right()
    all_happened_in_the_order_of_time()
    what_is_written_is_what_a_member_could_have_written()
    moderation_is_at_work()
    what_moderators_see_of_it_opens(client)


def the_stored_counts_are_right():
    for person in db.session.scalars(select(User)):
        assert person.post_count == count(Post.author_id == person.id, Post.hidden_at.is_(None))
        assert person.comment_count == count(Comment.author_id == person.id)
        assert person.follower_count == count(Follow.followed_id == person.id)
        assert person.following_count == count(Follow.follower_id == person.id)
    for post in db.session.scalars(select(Post)):
        assert post.comment_count == count(Comment.post_id == post.id)
        assert post.like_count == count(Like.post_id == post.id)


def all_happened_in_the_order_of_time():
    """Nobody writes before they joined, answers what is not there, or acts tomorrow."""
    for cls in (Post, Comment):
        moments = list(db.session.scalars(select(cls.created_at).order_by(cls.id)))
        assert moments == sorted(moments) and moments[-1] <= utcnow()
    for comment in db.session.scalars(select(Comment)):
        assert comment.created_at >= max(comment.post.created_at, comment.author.confirmed_at)
    for post in db.session.scalars(select(Post)):
        assert post.author.confirmed_at <= post.created_at <= post.author.last_seen
    for follow in db.session.scalars(select(Follow)):
        assert follow.created_at <= utcnow()


def what_is_written_is_what_a_member_could_have_written():
    for post in db.session.scalars(select(Post)):
        tags = set(db.session.scalars(select(PostTag.tag).where(PostTag.post_id == post.id)))
        assert tags == set(Text(post.body).tags)
        columns = rendered(post.body)[1]
        assert columns["body_html"] == post.body_html
        assert set(columns["words"].split()) == set(post.words.replace("'", "").split())


def moderation_is_at_work():
    """Two moderate; reports wait and are settled, there is a sanction, an appeal, and the log."""
    moderators = User.role_id == Role.named("Moderator").id
    acts = set(db.session.scalars(select(AuditEntry.action)))

    assert count(moderators) == 2
    assert waiting() >= 3 and count(Case.settled_at.is_not(None)) == 2
    assert count(Report.id > 0) > count(Case.id > 0)
    assert count(Post.hidden_at.is_not(None)) == count(Appeal.id > 0) == 1
    assert {"change role", "hide", "silence", "give notice", "dismiss reports"} <= acts


def what_moderators_see_of_it_opens(client):
    name = db.session.scalar(
        select(User.username).where(User.role_id == Role.named("Moderator").id)
    )
    client.post("/auth/login", data=dict(login=name, password=PASSWORD))

    for path in ("/moderation/", "/moderation/appeals", "/moderation/log", "/log"):
        assert client.get(path).status_code == 200


def test_a_lonely_member_writes_too(flask):
    result = flask("fake", "--people", "1", "--posts", "3", "--comments", "2")

    assert result.exit_code == 0 and "3 posts, 2 comments, 0 follows, 0 likes" in result.output


def test_there_may_be_nothing_to_read_yet(flask):
    assert flask("fake", "--people", "2", "--posts", "0").exit_code == 0
    assert count(Post.id > 0) == count(Comment.id > 0) == 0


def test_a_number_that_cannot_be_meant_changes_nothing(flask):
    before = everything()

    for people in ("0", "-1", "10001", "many"):
        assert flask("fake", "--people", people).exit_code == 2, people
    assert everything() == before

"""Limits of new members: few posts per hour at first, more with age; nothing typed is lost."""

from datetime import timedelta

import pytest
from factories import make_comment, make_post, make_user
from sqlalchemy import func, select

from app.extensions import db
from app.models import Post
from app.models.fields import utcnow
from config import Config

FEW = {"texts on the first day": "2 per hour", "texts in the first week": "3 per hour"}
FEW |= {"texts": "4 per hour"}


@pytest.fixture(autouse=True)
def few(app):
    app.config["LIMITS"] = app.config["LIMITS"] | FEW


def aged(name="nora", **age):
    return make_user(name, member_since=utcnow() - timedelta(**age))


def write(client, number, path="/"):
    answers = [client.post(path, data={"body": f"Text {n}."}) for n in range(number)]
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("age, fit", [({"hours": 1}, 2), ({"hours": 25}, 3), ({"days": 8}, 4)])
def test_more_fits_into_an_hour_with_age(client, age, fit):
    nora = aged(**age)
    for _ in range(fit - 1):
        make_post(nora)
    client.sign_in(nora)

    assert write(client, 2) == [302, 429]


def test_posts_and_comments_count_together(client, mona):
    nora, post = aged(hours=1), make_post(mona)
    make_comment(post, nora)
    client.sign_in(nora)

    assert write(client, 2) == [302, 429] and write(client, 1, f"/post/{post.id}") == [429]


def test_what_was_typed_is_kept_and_the_wait_is_said(client):
    nora = aged(hours=1)
    for minutes in (50, 10):
        make_post(nora, created_at=utcnow() - timedelta(minutes=minutes))
    client.sign_in(nora)

    page = client.post("/", data={"body": "A long story."})

    assert page.status_code == 429 and 590 <= int(page.headers["Retry-After"]) <= 600
    assert "A long story.</textarea>" in page.text
    assert "Send this again in 10 minutes." in page.text


def test_what_is_older_than_an_hour_does_not_count(client):
    nora = aged(hours=5)
    for _ in range(3):
        make_post(nora, created_at=utcnow() - timedelta(minutes=61))
    client.sign_in(nora)

    assert write(client, 1) == [302]


def test_what_was_deleted_counts(client):
    nora = aged(hours=5)
    for _ in range(2):
        make_post(nora).delete()
    client.sign_in(nora)

    assert write(client, 1) == [429]


def test_a_form_that_is_sent_again_is_no_further_text(client):
    """A double click has one effect and one answer, also where nothing more fits."""
    nora = aged(hours=1)
    make_post(nora)
    client.sign_in(nora)

    answers = [client.post("/", data={"body": "Once.", "key": "a"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302] * 3
    assert db.session.scalar(select(func.count()).select_from(Post)) == 2


def test_staff_writes_as_much_as_it_wants(client, mona):
    client.sign_in(mona)

    assert write(client, 5) == [302] * 5


def test_editing_is_no_further_text(client):
    nora = aged(hours=1)
    post = [make_post(nora) for _ in range(2)][0]
    client.sign_in(nora)

    assert client.post(f"/post/{post.id}/edit", data={"body": "New."}).status_code == 302


def test_a_preview_is_free(client):
    nora = aged(hours=1)
    for _ in range(2):
        make_post(nora)
    client.sign_in(nora)

    page = client.post("/", data={"body": "Hello.", "preview": "Preview"})

    assert page.status_code == 200


@pytest.mark.parametrize(
    "age, words",
    [
        ({"hours": 1}, "up to 2 posts and comments per hour on your first day"),
        ({"days": 3}, "up to 3 posts and comments per hour in your first week"),
    ],
)
def test_a_newcomer_reads_how_much_fits(client, mona, age, words):
    client.sign_in(aged(**age))

    for path in ("/", f"/post/{make_post(mona).id}"):
        assert words in client.get(path).text


def test_who_is_no_newcomer_reads_nothing_of_it(client, mona):
    for person in (aged(days=8), mona):
        client.sign_in(person)
        assert "You’re new here" not in client.get("/").text


def test_a_limit_that_is_empty_is_none(client, app):
    app.config["LIMITS"] = app.config["LIMITS"] | dict.fromkeys(FEW, "")
    client.sign_in(aged(hours=1))

    assert write(client, 5) == [302] * 5 and "You’re new here" not in client.get("/").text


def test_newcomers_may_write_a_little_by_default():
    limits = [Config.LIMITS[name] for name in FEW]

    assert limits == ["20 per hour", "40 per hour", "120 per hour"]

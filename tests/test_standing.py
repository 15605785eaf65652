"""Your standing: what was done, why and until when, and what came of appeals."""

from datetime import timedelta

import pytest
from factories import make_comment, make_post, make_user
from test_queries import count

from app.models import Appeal, Sanction
from app.models.content.screening import Hold
from app.models.errors import Refused
from app.models.fields import utcnow

WEEK = timedelta(days=7)


def impose(person, kind, *, by, **values):
    return Sanction.impose(person, kind, by=by, reason=f"For {kind}.", **values)


def test_good_standing_is_said_in_warm_words(client, alice):
    client.sign_in(alice)

    page = client.get("/standing").text

    assert "All good" in page and "What sanctions mean" in page and "Appeal<" not in page
    assert 'href="/standing"' in client.get("/").text


def test_sanctions_stand_there_newest_first_with_what_became_of_them(client, alice, mona):
    impose(alice, "notice", by=mona)
    lifted = impose(alice, "silence", by=mona, until=utcnow() + WEEK)
    lifted.lift(by=mona, reason="A mistake.")
    over = impose(alice, "silence", by=mona, until=utcnow() + WEEK)
    over.until = utcnow() - WEEK
    client.sign_in(alice)

    page = client.get("/standing").text

    assert page.index(f"sanction-{over.id}") < page.index(f"sanction-{lifted.id}")
    assert "Lifted by mona" in page and "A mistake." in page
    assert [page.count(f">{word}</span>") for word in ("Active", "Expired", "Lifted")] == [1, 1, 1]
    assert "For notice." in page and "By mona" in page
    assert page.count("/appeal") == 1  # of the notice: all else is over


def test_hidden_texts_stand_there_with_the_reason(client, alice, bob, mona):
    post, comment = make_post(alice, "Buy **this**."), make_comment(make_post(bob), alice, "Rings.")
    gone = make_post(alice, "Gone.")
    make_post(alice, "Bread.")
    for text in (post, comment, gone):
        text.hide(by=mona, reason="Spam.")
    gone.delete()
    client.sign_in(alice)

    page = client.get("/standing").text

    assert "Buy this." in page and "Rings." in page
    assert page.count("Hidden by mona") == page.count(">Spam.</span>") == 2
    for text in (post, comment):
        assert f"/standing/{text.noun}/{text.id}/appeal" in page
    assert "Bread." not in page and "Gone." not in page


def test_what_waits_for_approval_is_not_hidden_by_a_moderator(client, alice):
    text = make_post(alice)
    text.hold(Hold("first"))
    client.sign_in(alice)

    assert "All good" in client.get("/standing").text
    with pytest.raises(Refused, match="is pending review"):
        Appeal.open(text, by=alice, body="Why?")


def test_a_hidden_text_itself_offers_its_author_to_appeal(client, alice, bob, mona):
    post = make_post(alice)
    comment = make_comment(post, alice)
    for text in (post, comment):
        text.hide(by=mona, reason="Spam.")
    seen = {}
    for person in (alice, mona):
        client.sign_in(person)
        page = client.get(f"/post/{post.id}").text
        seen[person.username] = [
            f"/standing/{t.noun}/{t.id}/appeal" in page for t in (post, comment)
        ]

    assert seen == {"alice": [True, True], "mona": [False, False]}


def test_an_appeal_is_linked_with_its_state(client, alice, mona):
    made = [impose(alice, kind, by=mona) for kind in ("notice", "warning", "silence")]
    appeals = [Appeal.open(one, by=alice, body="No.") for one in made]
    appeals[1].decide("lifted", by=mona, answer="Right.")
    appeals[2].decide("confirmed", by=mona, answer="No.")
    client.sign_in(alice)

    page = client.get("/standing").text

    for words in ("Your appeal is pending", "Your appeal was accepted", "Your appeal was declined"):
        assert page.count(words) == 1


def test_it_is_for_nobody_else(client, alice, bob, mona):
    impose(alice, "warning", by=mona)
    client.sign_in(bob)

    assert "For warning." not in client.get("/standing").text
    client.sign_out()
    assert client.get("/standing").location.startswith("/auth/login")


def test_its_cost_does_not_grow(client, alice, mona):
    client.sign_in(alice)
    empty = count(client, "/standing")
    for _ in range(2):
        made = impose(alice, "warning", by=make_user(role="Moderator"))
        Appeal.open(made, by=alice, body="No.")
        post = make_post(alice)
        for text in (post, make_comment(post, alice)):
            text.hide(by=mona, reason="Spam.")
            Appeal.open(text, by=alice, body="No.")

    assert count(client, "/standing") == empty == 5

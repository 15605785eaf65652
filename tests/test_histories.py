"""Histories: what was changed in a text, word by word, for all who may read it."""

import re
from html import unescape

import pytest
from factories import make_comment, make_post
from hypothesis import example, given, settings
from hypothesis import strategies as st
from working import worked

from app.extensions import db
from app.main import histories
from app.models import Revision
from app.text.diff import AROUND, difference, shortened

FIRST, SECOND = "The quick brown fox jumps.", "The slow red fox jumps high."
TEXTS = st.text("ab .\n", max_size=60)


def plain(page):
    """The words of the first change, with what stands for added and removed."""
    text = re.search(r'<div class="typed" dir="auto">(.*?)</div>', page, re.S)[1]
    text = re.sub(r'<span class="visually-hidden">\]</span></(ins|del)>', "]", text)
    return unescape(re.sub(r"<[^>]+>", "", text))


@pytest.mark.parametrize("make, kind", [(make_post, "post"), (make_comment, "comment")])
def test_everybody_sees_what_was_changed_by_whom_and_when(client, alice, make, kind):
    thing = make(author=alice, text=FIRST)
    thing.edit(SECOND, by=alice)

    page = client.get(f"/{kind}/{thing.id}/history").text

    assert plain(page) == ("The [removed: quick brown][added: slow red] fox jumps[added:  high].")
    assert page.count("by alice") == 2 and FIRST in page
    assert "<del>" in page and "<ins>" in page


def test_versions_keep_their_date_and_editor(app, alice, bob):
    post = make_post(alice, "One.")
    began = post.created_at
    post.edit("Two.", by=alice)
    second = post.edited_at
    post.edit("Three.", by=bob)
    db.session.flush()

    rows = [(r.body, r.created_at, r.editor_name) for r in db.session.scalars(post.history())]

    assert rows == [("One.", began, "alice"), ("Two.", second, "alice")]
    assert (post.editor_name, post.version) == ("bob", 3)


def test_a_name_that_changes_or_goes_stays_in_the_history(client, alice, ada):
    post = make_post(alice, "One.")
    post.edit("Two.", by=alice)
    alice.username = "alicia"

    assert client.get(f"/post/{post.id}/history").text.count("by alice<") == 2


def test_a_text_that_was_never_changed_says_so(client):
    post = make_post()

    assert "No changes yet" in client.get(f"/post/{post.id}/history").text


def test_a_long_history_comes_in_pages_without_a_gap(client, alice, monkeypatch):
    monkeypatch.setattr(histories, "VERSIONS_A_PAGE", 3)
    post = make_post(alice, "Text 0.")
    for number in range(1, 8):
        post.edit(f"Text {number}.", by=alice)
    db.session.flush()

    path, changes = f"/post/{post.id}/history", []
    while path and len(changes) < 200:  # a page that came twice would come for ever
        page = client.get(path).text
        changes += re.findall(r"<del>.*?</span>(\d+)<.*?<ins>.*?</span>(\d+)<", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        assert ("The original version." in page) == (older is None)
        path = older and unescape(older[1])

    assert changes == [(str(n - 1), str(n)) for n in range(7, 0, -1)]


def test_any_place_in_a_history_can_be_asked_for(client, alice):
    post = make_post(alice, FIRST)
    post.edit(SECOND, by=alice)

    for place in ("after=x", "before=WzFd", "after=WzIxNDc0ODM2NDdd"):
        assert client.get(f"/post/{post.id}/history?{place}").status_code == 200


def test_what_is_in_a_text_is_no_markup_in_its_history(client, alice):
    post = make_post(alice, "<script>1</script>")
    post.edit("<script>2</script>", by=alice)

    page = client.get(f"/post/{post.id}/history").text

    assert "<script>1" not in page and "&lt;script&gt;" in page


def test_restoring_the_first_text_is_a_version_of_its_own(app, alice):
    post = make_post(alice, "One.")
    for text in ("Two.", "One."):
        post.edit(text, by=alice)
    db.session.flush()

    assert post.version == 3
    assert [r.body for r in db.session.scalars(post.history())] == ["One.", "Two."]
    assert post.after(db.session.scalars(post.history()).first()).body == "Two."


@settings(max_examples=50)
@given(TEXTS, TEXTS)
@example("", "")
@example("a a", "a  a")
def test_a_difference_holds_both_texts(old, new):
    parts = list(difference(old, new))

    assert "".join(text for kind, text in parts if kind != "in") == old
    assert "".join(text for kind, text in parts if kind != "out") == new
    kinds = [kind for kind, _ in parts]
    assert all(a != b for a, b in zip(kinds, kinds[1:], strict=False))


@settings(max_examples=20)
@given(TEXTS)
def test_what_stayed_the_same_is_the_same(text):
    assert [kind for kind, _ in difference(text, text)] == ["same"] * bool(text)


LONG = [
    ("a " * 5000, "b a " * 2500),
    ("a " * 5000, "a " * 4999 + "b"),
    ("." * 10_000, ",." * 5000),
    ("\n" * 10_000, "\n\n." * 3333),
    ("ab" * 5000, "ba" * 5000),
    (".," * 5000, ",.." * 3333),
    ("a\n" * 5000, "\na" * 5000),
    ("日本" * 5000, "本日" * 5000),
]


def test_no_two_texts_take_longer_than_a_moment():
    for old, new in LONG:
        seconds, parts = worked(lambda old=old, new=new: list(difference(old, new)), enough=0.5)
        assert seconds < 1, old[:10]
        assert "".join(text for kind, text in parts if kind != "out") == new


def test_what_stayed_the_same_is_left_out_but_for_what_is_around_a_change():
    words = "word " * 1000
    parts = list(shortened(difference(f"{words}old {words}", f"{words}new {words}")))

    assert [kind for kind, _ in parts] == ["gap", "same", "out", "in", "same", "gap"]
    assert all(len(text) <= AROUND for _, text in parts)


def test_without_spaces_a_letter_is_what_changes():
    text = "日本語の文章には空白がありません。" * 60
    parts = list(shortened(difference(text + "古い" + text, text + "新い" + text)))

    assert [kind for kind, _ in parts] == ["gap", "same", "out", "in", "same", "gap"]
    assert [text for kind, text in parts if kind in ("out", "in")] == ["古", "新"]
    assert all(len(text) == AROUND for kind, text in parts if kind == "same")


def test_a_letter_keeps_what_is_on_it():
    assert list(difference("ก้ ข", "ก่ ข")) == [("out", "ก้"), ("in", "ก่"), ("same", " ข")]
    assert list(difference("हिन्दी", "हिन्दू")) == [("out", "हिन्दी"), ("in", "हिन्दू")]


def test_short_texts_are_shown_whole():
    parts = list(difference(FIRST, SECOND))

    assert list(shortened(parts)) == parts


def test_revisions_go_with_their_text(app, alice):
    post = make_post(alice)
    post.edit("Another.", by=alice)
    db.session.flush()
    db.session.execute(db.delete(type(post)))

    assert db.session.scalars(db.select(Revision)).all() == []

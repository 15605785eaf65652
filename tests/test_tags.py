"""Tags: each with a page of its posts."""

import re
from urllib.parse import quote

from factories import PASSWORD, make_post

from app.models import Setting
from app.text.markdown import tag_of


def listed(client, path):
    page = client.get(path)
    assert page.status_code == 200
    return [
        int(part.split('"')[0]) for part in page.text.split('<article class="post" id="post-')[1:]
    ]


def test_a_tag_has_a_page_of_its_posts_the_newest_first(client, alice, bob):
    first, _, third = (make_post(alice, text).id for text in ("#Bread", "bread", "More #bread!"))

    assert listed(client, "/tag/bread") == [third, first]


def test_a_tag_in_a_text_leads_to_its_page(client, alice):
    post = make_post(alice, "#Été and #日本語, #C++, #c#, #.NET and #node.js.")

    for tag in ("été", "日本語", "c++", "c#", ".net", "node.js"):
        assert f'href="/tag/{quote(tag)}"' in post.body_html
        assert listed(client, f"/tag/{quote(tag)}") == [post.id]


def test_pages_of_a_tag_follow_each_other_without_gaps(client, alice):
    Setting.change(posts_per_page=5)
    ids = [make_post(alice, "#bread" if number % 2 else "#cheese").id for number in range(14)]

    first = client.get("/tag/bread").text
    after = first.split('rel="next" href="')[1].split('"')[0]
    second = client.get(after).text
    before = second.split('rel="prev" href="')[1].split('"')[0]

    assert listed(client, "/tag/bread") + listed(client, after) == ids[1::2][::-1]
    assert listed(client, before) == listed(client, "/tag/bread")
    assert "noindex" in second and "noindex" not in first


def test_what_nobody_should_see_has_no_tag(client, alice, bob, mona):
    """R-85."""
    hidden, deleted, muted = (make_post(bob, "#bread") for _ in range(3))
    hidden.hide(by=mona, reason="spam")
    deleted.delete()
    assert listed(client, "/tag/bread") == [muted.id]

    alice.mute(bob)
    client.sign_in(alice)
    assert listed(client, "/tag/bread") == []


def test_a_tag_that_nobody_used_is_a_404_that_says_so(client):
    page = client.get("/tag/nothing")

    assert page.status_code == client.get("/tag/nothing/feed.atom").status_code == 404
    assert "No posts with #nothing yet." in page.text and "noindex" in page.text


def test_a_tag_of_hidden_and_deleted_posts_looks_as_if_nobody_had_used_it(client, alice, mona):
    """R-85: else its status would tell what a moderator hid."""
    hidden, deleted = make_post(alice, "#bread"), make_post(alice, "#bread")
    hidden.hide(by=mona, reason="spam")
    deleted.delete()

    assert client.get("/tag/bread").status_code == 404


def test_other_spellings_lead_to_the_one(client):
    for content in ("BREAD", "_bread_"):
        answer = client.get(f"/tag/{content}?after=x")
        assert (answer.status_code, answer.location) == (301, "/tag/bread?after=x")


def test_whatever_question_comes_with_another_spelling_goes_along(client):
    for name in ("tag", "endpoint", "_method", "_external", "_scheme", "_anchor"):
        answer = client.get(f"/tag/Bread?{name}=POST&caf%C3%A9=%26")
        assert answer.location == f"/tag/bread?{name}=POST&caf%C3%A9=%26"


def test_the_buttons_of_a_tag_in_any_script_lead_back_to_it(client, alice):
    """R-02."""
    post = make_post(alice, "#café")
    client.sign_in(alice)
    path = quote("/tag/café")
    (wanted,) = re.findall(r'name="next" value="([^"]+)"', client.get(f"{path}?a=%2F%2F").text)

    answer = client.post(f"/post/{post.id}/like", data={"next": wanted})

    assert answer.location == wanted == f"{path}?a=%2F%2F"


def test_who_signs_in_to_read_a_tag_in_any_script_comes_to_it(client, alice):
    """R-02."""
    Setting.change(readers="members")
    path = quote("/tag/日本語")
    answer = client.get(path)

    answer = client.post(answer.location, data={"login": "alice", "password": PASSWORD})

    assert answer.location == path


def test_what_no_tag_can_be_has_no_page_and_no_feed(client):
    odd = ["1", "_", "a b", "a-", "#a", "#", "x" * 51, "😀", "%", "a.", "<b>", "\n", "a\n", "c+"]

    assert [word for word in odd if tag_of(word)] == []
    for end in ("", "/feed.atom"):
        for word in ("1", "%23a"):
            assert client.get(f"/tag/{word}{end}").status_code == 404

"""Comments: the oldest first, each with a link of its own; quoted, edited, deleted."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from factories import keep, make_comment, make_post, make_user
from test_posts import content, send

from app.extensions import db
from app.main.writing import quote
from app.models import Comment, Post, Role
from app.models.site.setting import Setting


@pytest.fixture
def post(alice):
    return make_post(alice)


def comments_on(page):
    return [
        int(id) for id in re.findall(r'<article class="post comment[^"]*" id="comment-(\d+)"', page)
    ]


def typed(page):
    return unescape(re.search(r"<textarea[^>]*>\r?\n?(.*?)</textarea>", page, re.S)[1])


def test_a_member_comments_and_is_led_there(client, post, bob):
    client.sign_in(bob)
    answer = client.post(f"/post/{post.id}", data={"body": "I *agree*."})

    (comment,) = content(Comment)
    assert answer.location == f"/post/{post.id}#comment-{comment.id}"
    page = client.get(answer.location).text
    assert "Comment published." in page and "<p>I <em>agree</em>.</p>" in page


def test_comments_come_the_oldest_first_a_page_at_a_time(client, post):
    Setting.change(posts_per_page=5)
    ids = [make_comment(post, post.author).id for _ in range(12)]

    page, seen = client.get(f"/post/{post.id}").text, []
    for _ in range(3):
        seen.append(comments_on(page))
        later = re.search(r'rel="next" href="([^"]+)"', page)
        page = client.get(unescape(later[1])).text if later else page

    assert seen == [ids[:5], ids[5:10], ids[10:]]


def test_the_link_of_each_comment_leads_to_a_page_that_has_it(client, post):
    """D001-9: also where the thread is long."""
    Setting.change(posts_per_page=5)
    ids = [make_comment(post, post.author).id for _ in range(12)]
    for id in (ids[0], ids[4], ids[5], ids[11]):  # at the borders of pages
        answer = client.get(f"/comment/{id}")

        assert urlsplit(answer.location).fragment == f"comment-{id}"
        assert id in comments_on(client.get(answer.location).text)


def test_it_does_so_for_everybody_whatever_is_hidden_before(client, post, bob, mona):
    Setting.change(posts_per_page=5)
    comments = [make_comment(post, bob) for _ in range(9)]
    for comment in comments[1:5]:
        comment.hide(by=mona, reason="Spam.")
    for comment in comments[2:4]:
        comment.delete()

    for viewer, seen in ((None, [0, 5, 6, 7, 8]), (bob, [0, 1, 4, 5, 6, 7, 8]), (mona, range(9))):
        client.sign_in(viewer) if viewer else client.sign_out()
        answers = [client.get(f"/comment/{comment.id}") for comment in comments]
        assert [n for n in range(9) if answers[n].status_code == 302] == [*seen]
        for n in (0, 5, 8):
            assert comments[n].id in comments_on(client.get(answers[n].location).text)


def test_the_link_to_a_comment_of_somebody_muted_says_why_it_is_not_there(client, post, bob, mona):
    comment = make_comment(post, bob)
    mona.mute(bob)
    client.sign_in(mona)

    page = client.get(client.get(f"/comment/{comment.id}").location).text

    assert "You muted bob" in page and comments_on(page) == []


def test_whoever_comments_lands_on_the_last_page_of_a_long_thread(client, post, bob):
    Setting.change(posts_per_page=5)
    for _ in range(7):
        make_comment(post, post.author)
    client.sign_in(bob)

    page = send(client, f"/post/{post.id}", body="The last word.")

    assert "The last word." in page


def test_a_quote_fills_the_form_without_script(client, post, bob):
    comment = make_comment(post, bob, "One\n\n> an older quote\n\n- *two*")
    client.sign_in(bob)
    page = client.get(f"/post/{post.id}").text
    link = re.search(r'href="([^"]*quote=[^"]*)"', page)[1]

    assert link == f"/post/{post.id}?quote={comment.id}#comment-form"
    assert typed(client.get(link).text) == "@bob:\n> One\n>\n>\n> - *two*\n\n"


def test_a_long_comment_is_quoted_in_part(app, post, bob):
    text = quote(make_comment(post, bob, "word " * 1999 + "end"))

    assert len(text) < 1100 and text.endswith("> word …\n\n".removeprefix("> "))


def test_a_comment_of_one_long_word_is_quoted_too(app, post, bob):
    text = quote(make_comment(post, bob, "x" * 9000))

    assert text == f"@bob:\n> {'x' * 1000} …\n\n"


def test_a_quote_of_nothing_is_an_empty_form_and_so_is_one_from_another_post(client, post, bob):
    other = make_comment(make_post(bob), bob, "Elsewhere.")
    client.sign_in(bob)

    for id in (0, "x", "9" * 30, "٣", other.id):
        page = client.get(f"/post/{post.id}?quote={id}")
        assert page.status_code == 200 and typed(page.text) == "", id


def test_an_author_edits_and_deletes_a_comment(client, post, bob):
    client.sign_in(bob)
    comment = make_comment(post, bob)

    page = send(client, f"/comment/{comment.id}/edit", body="I **do** agree.")
    assert "Comment saved." in page and "<strong>do</strong>" in page
    page = send(client, f"/comment/{comment.id}/delete", next=f"/post/{post.id}")
    assert "Comment deleted." in page and comments_on(page) == []
    assert (post.comment_count, bob.comment_count) == (0, 0)


def test_after_deleting_one_is_where_one_was_but_on_no_other_site(client, post, bob):
    """D000-4."""
    client.sign_in(bob)
    for wanted, place in [(f"/post/{post.id}?after=x", None), ("//evil.example", "#comments")]:
        comment = make_comment(post, bob)
        answer = client.post(f"/comment/{comment.id}/delete", data={"next": wanted})
        assert answer.location == (f"/post/{post.id}{place}" if place else wanted)


def test_the_author_of_a_post_has_no_right_over_the_comments_of_others(client, post, alice, bob):
    comment = make_comment(post, bob)
    client.sign_in(alice)

    for end in ("edit", "delete"):
        assert client.post(f"/comment/{comment.id}/{end}", data={"body": "x"}).status_code == 403
    assert f"/comment/{comment.id}/edit" not in client.get(f"/post/{post.id}").text


def test_comments_of_the_muted_are_not_in_the_thread(client, post, bob, mona):
    make_comment(post, bob, "Loud.")
    kept = make_comment(post, make_user(), "Quiet.")
    mona.mute(bob)
    client.sign_in(mona)

    page = client.get(f"/post/{post.id}").text

    assert comments_on(page) == [kept.id]
    assert "1 comment is hidden because you muted its author." in page


def test_a_thread_says_how_many_of_its_comments_are_by_the_muted(client, post, bob, mona):
    """On each of its pages; what nobody may read is none of them."""
    Setting.change(posts_per_page=5)
    for _ in range(6):
        make_comment(post, post.author)
    for _ in range(3):
        make_comment(post, bob)
    make_comment(post, bob).delete()
    make_comment(post, bob).hide(by=mona, reason="spam")
    mona.mute(bob)
    client.sign_in(mona)

    first = client.get(f"/post/{post.id}").text
    later = client.get(unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])).text

    for page in (first, later):
        assert "9 comments</h2>" in page and "3 comments are hidden because you muted" in page
    client.sign_out()
    assert "not shown" not in client.get(f"/post/{post.id}").text


def test_a_post_of_somebody_muted_opens_for_who_follows_a_link(client, post, alice, bob):
    bob.mute(alice)
    client.sign_in(bob)

    assert client.get(f"/post/{post.id}").status_code == 200


def test_a_comment_below_a_hidden_post_is_found_by_nobody_else(client, post, bob, mona):
    comment = make_comment(post, bob)
    post.hide(by=mona, reason="Spam.")
    client.sign_in(make_user())

    for end in ("", "/history", "/edit"):
        assert client.get(f"/comment/{comment.id}{end}").status_code == 404
    client.sign_in(bob)
    assert client.get(f"/comment/{comment.id}").location == f"/post/{post.id}#comment-{comment.id}"


def test_the_thread_of_a_closed_post_can_still_be_read_edited_and_deleted(client, post, bob):
    comment = make_comment(post, bob)
    post.close()
    client.sign_in(bob)

    assert comments_on(client.get(f"/post/{post.id}").text) == [comment.id]
    assert "Comment saved." in send(client, f"/comment/{comment.id}/edit", body="Still mine.")
    assert client.post(f"/comment/{comment.id}/delete").status_code == 302


@pytest.mark.parametrize("end, status", [("close", 403), ("delete", 404)])
def test_a_comment_that_comes_as_the_post_ends_is_refused_with_its_text(
    client, post, bob, monkeypatch, end, status
):
    """The view looked a moment before: the database is asked again as it is written."""
    real = Comment.publish.__func__

    def late(cls, card, *args, **values):
        getattr(db.session.get(Post, card.id), end)()
        db.session.commit()
        return real(cls, card, *args, **values)

    monkeypatch.setattr(Comment, "publish", classmethod(late))
    client.sign_in(bob)
    page = client.post(f"/post/{post.id}", data={"body": "Too late."})

    assert page.status_code == status and typed(page.text) == "Too late."
    assert content(Comment) == [] and post.comment_count == 0


def test_a_comment_that_comes_after_its_post_was_taken_away_is_given_back(
    client, post, alice, bob, mona
):
    """Whether or not the person may still see the post."""
    deleted = make_post(alice)
    deleted.delete()
    post.hide(by=mona, reason="Spam.")
    for person, thing in ((alice, post), (bob, post), (bob, deleted), (mona, deleted)):
        client.sign_in(person)
        page = client.post(f"/post/{thing.id}", data={"body": "A long <answer>."})
        assert page.status_code in (403, 404) and typed(page.text) == "A long <answer>."
        assert "deleted or hidden" in page.text and "wasn’t saved" in page.text
    assert content(Comment) == []


def test_so_is_the_new_text_of_what_was_taken_away(client, post, alice, mona):
    comment = make_comment(make_post(alice), alice)
    client.sign_in(alice)
    for path, thing in ((f"/post/{post.id}", post), (f"/comment/{comment.id}", comment)):
        thing.hide(by=mona, reason="Spam.")
        page = client.post(f"{path}/edit", data={"body": "Better."})
        assert page.status_code == 403 and typed(page.text) == "Better."


def test_so_is_that_of_who_may_no_longer_comment(client, post, bob):
    client.sign_in(bob)
    bob.role = keep(Role(name="Reader", permissions=0))

    page = client.post(f"/post/{post.id}", data={"body": "I agree."})

    assert page.status_code == 403 and typed(page.text) == "I agree."


def test_strangers_get_nothing_back(client, post):
    """A form of another site comes without the cookie of a member."""
    answer = client.post("/post/0/like", data={"body": "Look at this."})

    assert "Look at this." not in answer.text

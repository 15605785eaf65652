"""Profiles: what a member shows of themselves, and what others see of them."""

import re

from factories import make_comment, make_post, make_user

from app.models import Role, Setting
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account


def tabs(page):
    """The numbers on a profile, by what they count."""
    found = re.findall(r"<strong>([\d,]+)</strong> (\w+)</a>", page.text)
    return {name: number for number, name in found}


def test_a_profile_shows_who_it_is(client, bob):
    bob.first_name, bob.last_name, bob.location = "Bob", "Stone", "Oslo"
    bob.about_me = "I fish.\nThat is all."
    bob.last_seen = utcnow()

    page = client.get("/user/bob").text

    for words in (
        "Bob Stone",
        "@bob",
        "Oslo",
        "I fish.\nThat is all.",
        "Member since",
        "Last seen",
    ):
        assert words in page


def test_each_number_leads_to_what_it_counts(client, alice, bob):
    post = make_post(bob)
    for _ in range(2):
        make_comment(post, bob)
    bob.follow(alice)

    page = client.get("/user/bob")

    assert tabs(page) == {"Post": "1", "Comments": "2", "Followers": "0", "Following": "1"}
    for path in ("/user/bob", "/user/bob/comments", "/user/bob/followers", "/user/bob/following"):
        assert f'<a href="{path}"' in page.text
        assert tabs(client.get(path)) == tabs(page)


def test_when_one_was_here_is_hidden_if_one_wishes(client, alice, bob, mona):
    """Oneself is told that it is."""
    client.sign_in(bob)
    assert "Last seen" in client.get("/user/bob").text
    client.post("/settings/profile", data={"hides_last_seen": "y"})

    for person in (bob, alice, mona, None):
        client.sign_in(person) if person else client.sign_out()
        page = client.get("/user/bob").text
        assert ("Last seen" in page) == ("Hidden from others" in page) == (person == bob)


def test_what_was_hidden_can_be_shown_again(client, bob):
    bob.hides_last_seen = True
    client.sign_in(bob)
    assert "checked" in client.get("/settings/profile").text

    client.post("/settings/profile", data={"first_name": "Bob"})

    assert not bob.hides_last_seen


def test_a_profile_says_who_follows_whom(client, alice, bob):
    bob.follow(alice)
    client.sign_in(alice)
    assert "Follows you" in client.get("/user/bob").text
    assert "Follows you" not in client.get("/user/alice").text

    client.sign_in(bob)
    assert "Follows you" not in client.get("/user/alice").text


def test_a_profile_is_found_however_its_name_is_typed(client, bob):
    assert client.get("/user/BOB").status_code == client.get("/user/Bob").status_code == 200


def test_one_edits_ones_own_profile_and_follows_the_others(client, alice, bob):
    client.sign_in(alice)
    own, others = client.get("/user/alice").text, client.get("/user/bob").text

    assert "Edit profile" in own and "Add photo" in own
    assert '/user/alice/follow"' not in own and "/user/alice/mute" not in own
    assert '/user/bob/follow"' in others and "/user/bob/mute" in others
    assert "Edit profile" not in others


def test_a_visitor_is_offered_nothing_to_press(client, bob):
    assert "<button" not in client.get("/user/bob").text


def test_comments_stand_with_the_post_that_they_answer(client, alice, bob):
    post = make_post(alice, "What **do** you think of <b> & co?")
    make_comment(post, bob, "Not *much*.")

    page = client.get("/user/bob/comments").text

    assert "a post by alice" in page and f"/post/{post.id}" in page
    assert "What do you think of" in page and "&amp; co?" in page
    assert "Not <em>much</em>." in page


def test_what_a_long_post_began_with_is_cut_between_its_marks(client, alice, bob):
    for length in range(20, 40):
        post = make_post(alice, "x" * length + " **bold** & [link](https://example.org)" * 15)
        make_comment(post, bob)

    page = client.get("/user/bob/comments").text

    glimpses = re.findall(r'<p class="glimpse">(.*?)</p>', page)
    assert len(glimpses) == 20
    assert not any("&lt;" in words or "&amp;amp" in words or "href" in words for words in glimpses)


def test_comments_come_newest_first_and_only_what_may_be_read(client, alice, bob, mona):
    gone, hidden, post = make_post(alice), make_post(alice), make_post(alice)
    for thing, words in ((gone, "Under gone"), (hidden, "Under hidden"), (post, "First")):
        make_comment(thing, bob, words)
    make_comment(post, bob, "Hidden itself").hide(by=mona, reason="spam")
    make_comment(post, bob, "Gone itself").delete()
    make_comment(post, bob, "Second")
    gone.delete()
    hidden.hide(by=mona, reason="spam")

    page = client.get("/user/bob/comments").text

    assert page.index("Second") < page.index("First")
    assert "Under" not in page and "itself" not in page


def test_a_comment_on_a_post_of_a_deleted_member_says_so(client, alice, bob):
    make_comment(make_post(alice), bob)
    delete_account(alice)

    assert "a post by a deleted member" in client.get("/user/bob/comments").text


def test_a_broken_cursor_breaks_no_list(client, alice, bob):
    client.sign_in(alice)
    alice.follow(bob)

    for cursor in ("", "W10", "%00", "WyJ4IiwxXQ", "WzEsMV0", "9" * 5000):
        assert client.get(f"/user/bob/comments?after={cursor}").status_code in (200, 400)
    for path in ("/user/bob/followers?before=", "/bookmarks?after=", "/bookmarks?before="):
        assert client.get(f"{path}WyJ4IiwxXQ").status_code == 200


def test_names_and_words_about_oneself_are_text(client, bob):
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    bob.first_name, bob.location, bob.about_me = attack[:64], attack[:64], attack
    make_user("fan").follow(bob)
    bob.follow(make_user("star"))

    for path in ("/user/bob", "/user/star/followers", "/user/fan/following"):
        page = client.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page


def test_the_comments_of_a_member_are_as_many_as_their_number_says(client, alice, bob, mona):
    """Or the page says how many are not shown, and why."""
    posts = [make_post(alice) for _ in range(3)]
    for post in posts:
        make_comment(post, bob)
    number = "<strong>3</strong> Comments"
    posts[0].delete()

    page = client.get("/user/bob/comments").text
    assert number in page and "1 more comment is not shown: the post is deleted" in page

    posts[1].hide(by=mona, reason="spam")
    posts[2].hide(by=mona, reason="spam")
    page = client.get("/user/bob/comments").text
    assert number in page and "3 comments are not shown: the post is deleted" in page
    assert "No comments yet" not in page and "muted" not in page


def test_whoever_mutes_is_told_that_answers_to_the_muted_are_not_listed(client, alice, bob, mona):
    make_comment(make_post(alice), bob)
    mona.mute(alice)
    client.sign_in(mona)

    page = client.get("/user/bob/comments").text

    assert "1 comment is not shown" in page and "or you muted its author" in page


def test_who_can_read_a_profile_is_said_where_one_writes_it(client, alice):
    client.sign_in(alice)
    for readers, words in (("all", "Everyone"), ("members", "Only members")):
        Setting.change(readers=readers)
        assert f"{words} can see your profile" in client.get("/settings/profile").text


def test_a_role_is_a_mark_where_it_is_not_the_usual_one(client, ada, alice, bob):
    usual = Role.create(name="Writers", permissions=7)
    usual.make_default()
    alice.role = usual

    assert '<span class="mark">Writers' not in client.get("/user/alice").text
    assert '<span class="mark">User' in client.get("/user/bob").text

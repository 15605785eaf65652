"""Posts: written once, previewed, edited with a history, deleted, closed and opened again."""

import re

import pytest
from crawling import Page
from factories import make_comment, make_post, make_user, numbers
from test_queries import statements

from app.extensions import db
from app.models import AuditEntry, Comment, Post, Role
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.reading.feed import everything, followed, written_by

TEXT = "I *like* it."


def content(cls=Post):
    return db.session.scalars(db.select(cls).order_by(cls.id)).all()


def send(client, path, **form):
    """Post a form, and return the page that it leads to."""
    return client.get(client.post(path, data=form).location).text


def form_on(client, path, action):
    """The fields of a form, as the page has them."""
    (form,) = [form for form in Page(path, client.get(path)).forms if form.action == action]
    return form.fields


def test_a_member_writes_and_everybody_reads(client, alice):
    client.sign_in(alice)

    page = send(client, "/", body=TEXT)

    (post,) = content()
    assert "Post published." in page
    assert (post.body, post.author, alice.post_count) == (TEXT, alice, 1)
    client.sign_out()
    for path in ("/", f"/post/{post.id}", "/user/alice"):
        assert "<p>I <em>like</em> it.</p>" in client.get(path).text


def test_html_and_images_are_words_and_foreign_schemes_no_links(client, alice):
    """D001-7."""
    client.sign_in(alice)
    text = "<b onclick=x()>bold</b> ![picture](/x.png) [click](javascript:alert(1)) <script>"
    client.post("/", data={"body": text})

    page = client.get(f"/post/{content()[0].id}").text

    assert "&lt;b onclick=x()&gt;bold&lt;/b&gt;" in page
    prose = re.search(r'<div class="prose" dir="auto">(.*?)</div>', page, re.S)[1]
    assert not re.search(r"<(img|b|script)\b|href=.javascript", prose)


REFUSED = {
    " \n\t ": "Write something first.",
    "x" * 10_001: "Too long by 1. The limit is 10,000 characters.",
    "Look: \u202eterces": "This contains invisible characters",
}


def test_what_is_refused_is_told_at_its_field_and_still_there(client, alice):
    """R-12."""
    client.sign_in(alice)
    comment = make_comment(make_post(alice), alice)
    edits = [f"/post/{comment.post_id}/edit", f"/comment/{comment.id}/edit"]

    sent = [("/", text) for text in REFUSED]
    sent += [(path, " \n\t ") for path in (f"/post/{comment.post_id}", *edits)]
    for path, text in sent:
        page = client.post(path, data={"body": text})
        assert page.status_code == 200 and page.text.count(REFUSED[text]) == 2
        assert f"{text.strip()}</textarea>" in page.text
    assert len(content()) == len(content(Comment)) == 1


def test_ten_thousand_characters_are_taken_whatever_ends_their_lines(client, alice):
    client.sign_in(alice)
    text = "line\r\n" * 1000 + "x" * 5000

    client.post("/", data={"body": text})

    (post,) = content()
    assert len(post.body) == 10_000 and "\r" not in post.body


def test_people_write_in_any_script_and_with_pictures(client, alice):
    client.sign_in(alice)
    text = "Grüße, שלום, مرحبا, 你好, می‌خواهم 👩‍👩‍👧"  # with joiners that cannot be seen

    client.post("/", data={"body": text})

    assert content()[0].body == text


def test_a_preview_shows_the_text_and_saves_nothing(client, alice):
    client.sign_in(alice)
    post = make_post(alice)

    for path in ("/", f"/post/{post.id}", f"/post/{post.id}/edit"):
        page = client.post(path, data={"body": "I **do** for @alice.", "preview": "Preview"}).text
        draft = page.partition('id="draft"')[2]
        assert 'I <strong>do</strong> for <a href="/user/alice">@alice</a>.' in draft
        assert "I **do** for @alice.</textarea>" in page
    assert [p.body for p in content()] == ["Hello."] and not content(Comment)


def test_a_preview_is_made_once(client, alice):
    client.sign_in(alice)

    with statements() as sent:
        client.post("/", data={"body": "For @alice.", "preview": "Preview"})

    assert len([s for s in sent if "username_key IN" in s]) == 1


def test_what_was_previewed_is_then_sent_with_the_same_form(client, alice):
    client.sign_in(alice)
    fields = form_on(client, "/", "/#write")
    key = fields["key"]

    page = client.post("/", data={"body": TEXT, "key": key, "preview": "Preview"}).text
    assert f'value="{key}"' in page
    for _ in range(2):
        client.post("/", data={"body": TEXT, "key": key})

    assert len(content()) == 1


def test_a_form_that_is_sent_again_writes_once_and_leads_to_the_same(client, alice):
    """R-96."""
    client.sign_in(alice)
    fields = form_on(client, "/", "/#write") | {"body": TEXT}
    del fields["preview"]
    first = client.post("/", data=fields)
    again = client.post("/", data=fields)

    assert first.location == again.location
    post = content()[0]
    fields = form_on(client, f"/post/{post.id}", f"/post/{post.id}#comment-form")
    fields = {"body": TEXT, "key": fields["key"]}
    answers = [client.post(f"/post/{post.id}", data=fields).location for _ in range(2)]
    assert len(content()) == len(content(Comment)) == 1 and len(set(answers)) == 1
    db.session.refresh(alice)
    assert (alice.post_count, alice.comment_count, post.comment_count) == (1, 1, 1)


@pytest.mark.parametrize("kind", ["post", "comment"])
def test_another_text_in_a_form_that_was_sent_is_given_back_and_can_be_sent(client, alice, kind):
    """So it is after Back to a preview: that page keeps the key that it was made with."""
    client.sign_in(alice)
    path, cls = ("/", Post) if kind == "post" else (f"/post/{make_post().id}", Comment)
    action = "/#write" if kind == "post" else f"{path}#comment-form"
    key = form_on(client, path, action)["key"]
    client.post(path, data={"body": "One.", "key": key})
    before = len(content(cls))

    answer = client.post(path, data={"body": "Two.", "key": key})

    assert answer.status_code == 200 and len(content(cls)) == before
    assert f"already sent another {kind}" in answer.text and "Two.</textarea>" in answer.text
    (form,) = [form for form in Page(path, answer).forms if form.action == action]
    client.post(path, data={"body": "Two.", "key": form.fields["key"]})
    assert [thing.body for thing in content(cls)][-2:] == ["One.", "Two."]


def test_two_forms_write_twice_and_so_do_two_people_with_one_key(client, alice, bob):
    client.sign_in(alice)
    keys = [form_on(client, "/", "/#write")["key"] for _ in range(2)]
    for key in keys:
        client.post("/", data={"body": TEXT, "key": key})
    client.sign_in(bob)
    client.post("/", data={"body": TEXT, "key": keys[0]})

    assert len(content()) == 3


def test_a_form_that_is_sent_again_after_its_post_was_deleted_says_so(client, alice):
    client.sign_in(alice)
    data = {"body": TEXT, "key": "k"}
    client.post("/", data=data)
    client.post(f"/post/{content()[0].id}/delete")

    page = send(client, "/", **data)

    assert "You already sent this post and then deleted it." in page
    assert len(content()) == 1 and alice.post_count == 0


def test_a_key_that_no_form_has_is_told(client, alice):
    client.sign_in(alice)

    assert client.post("/", data={"body": TEXT, "key": "x" * 33}).status_code == 200
    assert content() == []


def test_a_form_whose_token_is_stale_comes_back_with_its_text(strict_client, alice):
    """R-12: and is then taken, once."""
    strict_client.sign_in(alice)
    post = make_post(alice)
    paths = {"/", f"/post/{post.id}", f"/post/{post.id}/edit"}
    for path in paths:
        stale = {"csrf_token": "stale", "body": "What I <typed>.", "key": f"{next(numbers)}"}
        page = strict_client.post(path, data=stale)
        assert page.status_code == 400
        assert "What I &lt;typed&gt;.</textarea>" in page.text
        form = next(f for f in Page(path, page).forms if "body" in f.fields)
        fields = form.fields | {"body": stale["body"]}
        assert strict_client.post(form.action, data=fields).status_code == 302
    assert [p.body for p in content()] == ["What I <typed>."] * 2
    assert [c.body for c in content(Comment)] == ["What I <typed>."]


def test_a_form_of_another_site_brings_no_text_along(strict_client):
    page = strict_client.post("/", data={"body": "Buy boats."})

    assert page.status_code == 400 and "Buy boats." not in page.text


def test_an_author_edits_and_it_is_marked(client, alice):
    client.sign_in(alice)
    post = make_post(alice, "Old #one.")
    assert ">edited" not in client.get(f"/post/{post.id}").text

    page = send(client, f"/post/{post.id}/edit", body="New #two.")

    assert "Post saved." in page and ">edited" in page
    assert 'href="/tag/two"' in page and 'href="/tag/one"' not in page
    assert (post.version, post.body) == (2, "New #two.")


def test_saving_the_same_text_makes_no_version(client, alice):
    client.sign_in(alice)
    post = make_post(alice, TEXT)

    assert "Nothing changed." in send(client, f"/post/{post.id}/edit", body=TEXT)
    assert (post.version, post.edited_at) == (1, None)


def test_the_form_to_edit_holds_the_text(client, alice):
    client.sign_in(alice)
    post = make_post(alice, "1 < 2 & *so on*")

    assert "1 &lt; 2 &amp; *so on*</textarea>" in client.get(f"/post/{post.id}/edit").text


def test_deleting_asks_back_and_takes_it_from_everybody_but_staff(client, alice, bob, mona):
    post = make_post(alice)
    comment = make_comment(post, bob)
    client.sign_in(alice)
    page = client.get(f"/post/{post.id}").text
    details = re.search(r'<details class="sure">.*?</details>', page, re.S)[0]
    assert f'formaction="/post/{post.id}/delete"' in details

    assert "Post deleted." in send(client, f"/post/{post.id}/delete")

    for person, status in ((alice, 404), (bob, 404), (mona, 200), (None, 404)):
        client.sign_in(person) if person else client.sign_out()
        for path in (f"/post/{post.id}", f"/post/{post.id}/history"):
            assert client.get(path).status_code == status
        found = 302 if person in (bob, mona) else 404  # who wrote it reads it still
        assert client.get(f"/comment/{comment.id}").status_code == found


def test_deleting_twice_is_no_fault(client, alice):
    client.sign_in(alice)
    post = make_post(alice)

    answers = [client.post(f"/post/{post.id}/delete").status_code for _ in range(2)]

    assert answers == [302, 404] and alice.post_count == 0


def test_what_is_hidden_or_deleted_is_in_no_feed(client, alice, mona):
    seen = make_post(alice, "Stays.")
    make_post(alice, "Goes.").hide(by=mona, reason="Spam.")
    make_post(alice, "Goes.").delete()
    alice.home_feed = "followed"
    alice.last_seen = mona.last_seen = utcnow()
    db.session.commit()
    for person in (alice, mona):
        with client.application.test_request_context():
            pages = [everything(person, size=9), followed(alice, size=9)]
            pages.append(written_by(alice, person, size=9))
            assert [[post.id for post in page] for page in pages] == [[seen.id]] * 3
        client.sign_in(person)
        for path in ("/", "/user/alice"):
            assert "Goes." not in client.get(path).text


def test_what_somebody_wrote_whose_account_is_closed_stays_and_links_nowhere(client, alice, mona):
    """R-85."""
    post = make_comment(make_post(alice), alice).post
    assert "/user/alice" in client.get("/").text
    alice.deactivate(by=mona, reason="A lost phone.")
    db.session.commit()

    for path in ("/", f"/post/{post.id}", "/feed.atom"):
        page = client.get(path).text
        assert "alice" in page and "/user/alice" not in page, path


def test_what_is_hidden_its_author_and_staff_see_with_the_reason(client, alice, bob, mona):
    post = make_post(alice)
    post.hide(by=mona, reason="Rude to <bob>.")

    seen = {}
    for person in (alice, bob, mona):
        client.sign_in(person)
        page = client.get(f"/post/{post.id}")
        seen[person.username] = page.status_code, "Rude to &lt;bob&gt;." in page.text

    assert seen == {"alice": (200, True), "bob": (404, False), "mona": (200, True)}


def test_closing_a_post_takes_the_form_away_until_it_is_opened(client, alice, bob):
    post = make_post(alice)
    client.sign_in(alice)
    client.post(f"/post/{post.id}/close")
    client.post(f"/post/{post.id}/close")
    closed_at = post.comments_closed_at
    assert "You have closed this post to comments." in client.get(f"/post/{post.id}").text

    client.sign_in(bob)
    assert "Its author has closed" in client.get(f"/post/{post.id}").text
    page = client.post(f"/post/{post.id}", data={"body": "What I <typed>."})
    assert page.status_code == 403 and "What I &lt;typed&gt;.</textarea>" in page.text
    assert closed_at and content(Comment) == []

    client.sign_in(alice)
    client.post(f"/post/{post.id}/open")
    client.sign_in(bob)
    assert client.post(f"/post/{post.id}", data={"body": "Now."}).status_code == 302


def test_the_page_says_why_there_is_no_form(client, alice):
    post = make_post()
    page = client.get(f"/post/{post.id}").text
    assert f'href="/auth/login?next=/post/{post.id}">Sign in to comment</a>' in page

    alice.role = Role.create(name="Readers", permissions=0)
    client.sign_in(alice)
    page = client.get(f"/post/{post.id}").text
    assert "Your role (Readers) doesn’t let you comment. You need the permission COMMENT." in page


def test_what_was_put_away_meanwhile_is_not_edited(app, alice, mona):
    hidden, deleted = make_post(alice), make_post(alice)
    hidden.hide(by=mona, reason="Spam.")
    deleted.delete()

    for post in (hidden, deleted):
        with pytest.raises(Refused, match="This post can no longer be changed."):
            post.edit("Another.", by=alice)
        assert post.version == 1


def test_what_was_purged_meanwhile_is_gone_for_every_verb(app, alice, mona):
    post = make_post(alice)
    db.session.execute(db.delete(Post).execution_options(synchronize_session=False))
    acts = [lambda: post.edit("Another.", by=alice), post.delete]
    acts += [lambda: post.hide(by=mona, reason="Spam."), lambda: post.restore(by=mona)]

    for act in acts:
        with pytest.raises(Refused, match="This post is gone."):
            act()


def test_hiding_and_restoring_are_in_the_log_once(app, alice, mona):
    post = make_post(alice)
    done = [post.hide(by=mona, reason="Spam.") for _ in range(2)]
    done += [post.restore(by=mona, reason="It is none.") for _ in range(2)]

    entries = [(e.action, e.reason) for e in db.session.scalars(AuditEntry.about(post))]
    assert done == [True, False, True, False]
    assert entries == [("restore", "It is none."), ("hide", "Spam.")]


def test_ids_that_nothing_has_are_not_found(client, alice):
    client.sign_in(alice)
    paths = [f"/post/{id}" for id in (0, 2**31 - 1, 2**31, 10**20, -1, "x")]
    paths += [f"/{path}/99/history" for path in ("post", "comment")]
    acts = ["/comment/99/edit", "/comment/99/delete"]
    acts += [f"/post/99{end}" for end in ("", "/edit", "/delete", "/close", "/open")]

    assert [path for path in paths if client.get(path).status_code != 404] == []
    assert [path for path in acts if client.post(path, data={"body": "x"}).status_code != 404] == []


def test_a_post_of_a_member_who_is_gone_can_still_be_read(client, bob):
    post = make_post(make_user("gone"))
    comment = make_comment(post, post.author)
    for thing in (post, comment):
        thing.author_id = None
    client.sign_in(bob)

    page = client.get(f"/post/{post.id}?quote={comment.id}").text

    assert (
        page.count('<span class="author">Deleted member</span>') == 2 and "&gt; An answer." in page
    )
    for kind, thing in (("post", post), ("comment", comment)):
        assert "a deleted member" in client.get(f"/{kind}/{thing.id}/history").text

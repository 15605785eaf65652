"""Content pending approval: only its author and staff see it until it is decided."""

from datetime import timedelta

import pytest
from factories import mails, make_comment, make_post, make_user
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, Comment, Notification, Post, Revision, Role, Setting, Watch
from app.models.content.counters import wrong_counts
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.reading.sitemap import PART
from app.models.retention.purge import purge_deleted

WORD = "zebrafinch"


def fresh():
    """What was done is true, and read anew, as it is in the next request."""
    db.session.commit()
    db.session.expire_all()


@pytest.fixture
def holding(app):
    """The first two texts of each newcomer wait for approval."""
    Setting.change(hold_first=2)
    fresh()


@pytest.fixture
def old(app):
    """A member of whom everybody may read enough."""
    olga = make_user("olga", role="Moderator")
    for _ in range(3):
        make_post(olga)
    olga.role = Role.named("User")
    fresh()
    return olga


def decide(client, content, **values):
    values = {"version": content.version} | values
    return client.post(f"/moderation/held/{content.noun}/{content.id}", data=values)


def entries(content):
    return [entry.action for entry in db.session.scalars(AuditEntry.about(content))]


def told(user):
    here = select(Notification.kind).where(Notification.user_id == user.id)
    here = here.where(Notification.withdrawn_at.is_(None))
    return db.session.scalars(here).all()


def test_nothing_waits_unless_the_settings_say_so(alice):
    assert make_post(alice, "https://casino.example").is_shown


def test_the_first_texts_of_a_newcomer_wait(holding, alice):
    post = make_post(alice)

    assert post.is_held and post.is_hidden and post.held_for == "first"
    assert alice.post_count == 0 and list(wrong_counts()) == []


def test_who_has_enough_approved_writes_at_once(holding, alice, mona):
    for _ in range(2):
        post = make_post(alice)
        post.approve(by=mona, version=1)
        fresh()

    assert make_post(alice).is_shown and make_comment(post, alice).is_shown


def test_what_staff_writes_never_waits(holding, mona):
    assert make_post(mona, "https://casino.example").is_shown


SEES = {  # state: whether the author, another member, a visitor and a moderator read it
    "held": (True, False, False, True),
    "approved": (True, True, True, True),
    "declined": (True, False, False, True),
    "deleted": (False, False, False, True),
}


def bring_to(state, content, mona):
    if state == "approved":
        content.approve(by=mona, version=1)
    elif state == "declined":
        content.decline(by=mona, version=1, reason="Spam.")
    elif state == "deleted":
        content.delete()


def test_who_sees_a_post_in_which_state(holding, client, alice, bob, mona):
    posts = {state: make_post(alice, f"{WORD} #birds @bob") for state in SEES}
    for state, post in posts.items():
        bring_to(state, post, mona)

    seen = {state: [] for state in SEES}
    for person in (alice, bob, None, mona):
        client.sign_in(person) if person else client.sign_out()
        for state, post in posts.items():
            page = client.get(f"/post/{post.id}")
            seen[state].append(WORD in page.text)
            assert page.status_code == (200 if seen[state][-1] else 404)
    assert {state: tuple(row) for state, row in seen.items()} == SEES


def test_who_sees_a_history_in_which_state(holding, client, alice, bob, mona):
    post = make_post(alice)
    for state in ("held", "approved"):
        bring_to(state, post, mona)
        client.sign_in(bob)
        answer = client.get(f"/post/{post.id}/history")
        assert answer.status_code == (200 if state == "approved" else 404)


PLACES = ["/", "/user/alice", "/tag/birds", f"/search?q={WORD}&kind=posts"]
PLACES += [
    "/feed.atom",
    "/user/alice/feed.atom",
    "/tag/birds/feed.atom",
    "/sitemap/posts-{part}.xml",
]


def test_lists_and_feeds_have_what_is_approved_only(holding, client, alice, mona, bob):
    posts = {state: make_post(alice, f"{WORD} #birds") for state in SEES}
    for state, post in posts.items():
        bring_to(state, post, mona)
    client.sign_in(bob)

    for place in PLACES:
        page = client.get(place.format(part=-(-posts["held"].id // PART))).text
        found = {state for state, post in posts.items() if f"/post/{post.id}<" in page}
        found |= {state for state, post in posts.items() if f'/post/{post.id}"' in page}
        assert found == {"approved"}, place


def test_who_sees_a_comment_in_which_state(holding, client, alice, bob, old, mona):
    thread = make_post(old)
    comments = {state: make_comment(thread, alice, f"{WORD} {state}.") for state in SEES}
    for state, comment in comments.items():
        bring_to(state, comment, mona)

    seen = {state: [] for state in SEES}
    for person in (alice, bob, None, mona):
        client.sign_in(person) if person else client.sign_out()
        page = client.get(f"/post/{thread.id}").text
        for state in SEES:
            seen[state].append(f"{WORD} {state}." in page)
    assert {state: tuple(row) for state, row in seen.items()} == SEES
    assert thread.comment_count == alice.comment_count == 1
    assert list(wrong_counts()) == []


def test_news_come_with_the_approval(holding, alice, bob, old, mona):
    """Whom it mentions and who watches the thread hear of it then, once, and nobody before."""
    thread = make_post(old)
    comment = make_comment(thread, alice, "Look, @bob.")
    post = make_post(alice, "Dear @bob!")
    assert told(bob) == told(old) == []

    comment.approve(by=mona, version=1)
    post.approve(by=mona, version=1)

    assert (told(bob), told(old)) == (["mention", "mention"], ["answer"])


def test_a_text_that_is_declined_is_no_news(holding, alice, bob, mona):
    make_post(alice, "Dear @bob!").decline(by=mona, version=1, reason="Spam.")

    assert told(bob) == []


def test_an_approved_post_comes_as_if_it_were_written_now(holding, client, alice, bob, mona, old):
    post = make_post(alice, "The older one.", created_at=utcnow() - timedelta(days=3))
    make_post(old, "The newer one.", created_at=utcnow() - timedelta(days=1))

    post.approve(by=mona, version=1)

    page = client.get("/").text
    assert page.index("The older one.") < page.index("The newer one.")


def test_a_search_between_dates_finds_what_waited(holding, client, alice, mona, old):
    """Its id is lower than those of texts that are older now."""
    now = utcnow()
    waits = make_post(alice, f"{WORD} waited.", created_at=now - timedelta(days=9))
    make_post(old, f"{WORD} between.", created_at=now - timedelta(days=5))
    waits.approve(by=mona, version=1)
    make_post(old, f"{WORD} after.")
    since = f"since={now - timedelta(days=6):%Y-%m-%d}"
    until = f"until={now + timedelta(days=1):%Y-%m-%d}"

    for question in (since, until, f"{since}&{until}"):
        page = client.get(f"/search?q={WORD}&kind=posts&{question}").text
        assert all(words in page for words in ("waited.", "between.", "after.")), question


def test_verbs_are_safe_to_repeat_and_the_log_has_one_entry(holding, alice, mona):
    post = make_post(alice)

    done = [post.approve(by=mona, version=1) for _ in range(2)]

    fresh()
    assert (done, entries(post)) == ([True, False], ["approve text"])
    assert post.decline(by=mona, version=1, reason="Spam.") is False
    assert alice.post_count == 1 and list(wrong_counts()) == []


def test_what_waits_cannot_be_restored(holding, alice, mona):
    post = make_post(alice)

    assert not post.restore(by=mona) and post.is_held and entries(post) == []


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_what_waits_may_be_hidden_and_then_waits_no_longer(holding, alice, mona, old, make):
    content = make(author=alice) if make is make_post else make(make_post(old), alice)

    assert content.hide(by=mona, reason="Spam.") and not content.hide(by=mona, reason="Again.")
    fresh()
    assert (content.is_held, content.is_hidden, content.hidden_reason) == (False, True, "Spam.")
    content.restore(by=mona)
    fresh()

    assert content.is_shown and entries(content) == ["restore", "hide"]
    assert alice.post_count + alice.comment_count == 1 and list(wrong_counts()) == []


def test_nobody_decides_on_what_they_wrote_themselves(holding, alice):
    post = make_post(alice)
    alice.role = Role.named("Moderator")
    fresh()

    for verb in (post.approve, post.decline):
        with pytest.raises(Refused):
            verb(by=alice, version=1, reason="So.")
    assert post.is_held


def test_what_was_declined_is_hidden_and_may_be_restored(holding, alice, mona):
    post = make_post(alice)
    post.decline(by=mona, version=1, reason="Spam.")
    assert (post.is_held, post.is_hidden, post.hidden_reason) == (False, True, "Spam.")
    assert not post.editable_by(alice)

    post.restore(by=mona)
    fresh()

    assert post.is_shown and alice.post_count == 1 and list(wrong_counts()) == []


def test_a_text_that_changed_since_it_was_read_is_not_approved(holding, client, alice, mona):
    post = make_post(alice)
    post.edit("Buy!", by=alice)
    fresh()

    with pytest.raises(Refused):
        post.approve(by=mona, version=1)
    db.session.rollback()

    assert db.session.get(Post, post.id).is_held


def test_a_text_that_waits_can_be_changed_and_keeps_no_history(holding, client, alice, mona):
    """What nobody approved is read by nobody, later on neither."""
    post = make_post(alice, "Buy my things!")
    client.sign_in(alice)

    answer = client.post(f"/post/{post.id}/edit", data={"body": "Good day."})

    page = client.get(answer.location).text
    assert "Pending review: 0 of 2 approved" in page and "is pending review" in page
    assert (post.body, post.is_held, post.version, post.edited_at) == ("Good day.", True, 2, None)
    assert db.session.scalars(select(Revision)).all() == []


def test_an_edit_that_adds_a_link_waits_too(alice, bob, mona):
    """The text was seen before: it is counted no longer and no news, and stays where it was."""
    Setting.change(hold_links=True)
    post, written_at = make_post(alice, "Dear @bob!"), utcnow() - timedelta(days=2)
    post.created_at = written_at
    fresh()

    post.edit("Dear @bob, see <https://casino.example>!", by=alice)
    fresh()

    assert (post.is_held, post.held_for, alice.post_count, told(bob)) == (True, "link", 0, [])
    post.approve(by=mona, version=2)
    fresh()
    assert (post.is_shown, post.created_at, alice.post_count, told(bob)) == (
        True,
        written_at,
        1,
        ["mention"],
    )
    assert list(wrong_counts()) == []


LINKS = {
    "No link. e.g. this, v1.2.3, file.py, Node.js, and `app.run()`.": False,
    "[Here](/user/bob) @bob.example #node.js": False,
    "[Here](http://localhost/post/1) http://localhost/": False,
    "```\napp.name = config.yaml\nwww = os.info\n```": False,
    "[Here](https://casino.example/x)": True,
    "[Here](https:///casino.example)": True,
    "[Here][a]\n\n[a]: https://casino.example": True,
    "![Here](https://casino.example/x.png)": True,
    "<https://casino.example>": True,
    "[Write](mailto:ann@casino.example)": True,
    "https://localhost@casino.example": True,
    "`https://casino.example`": True,
    "```\nwget http://casino.example\n```": True,
    "casino.example": True,
    "casino.**example**": True,
    "casino\\.example": True,
    "casino&#46;example": True,
    "casino\u200b.\u00adexample": True,
    "[casino.example](/about)": True,
}


@pytest.fixture
def with_a_dot(app):
    make_user("bob.example")


def test_which_links_let_a_text_of_a_newcomer_wait(with_a_dot):
    Setting.change(hold_links=True)

    assert {text: make_post(make_user(), text).is_held for text in LINKS} == LINKS


def test_links_wait_no_longer_once_three_texts_are_there(alice, bob):
    Setting.change(hold_links=True)
    for _ in range(3):
        post = make_post(alice)
    fresh()

    assert make_comment(post, alice, "<https://casino.example>").is_shown
    assert make_comment(post, bob, "<https://casino.example>").is_held


def test_deleting_what_waits_counts_nothing(holding, alice, mona):
    post = make_post(alice)

    post.delete()

    assert alice.post_count == 0 and not post.approve(by=mona, version=1)
    post.deleted_at -= timedelta(days=40)
    fresh()
    purge_deleted()
    assert db.session.scalar(select(Post)) is None and list(wrong_counts()) == []


def test_no_comment_that_waits_opens_a_closed_post(holding, client, alice, old):
    thread = make_post(old)
    thread.close()

    with pytest.raises(Refused):
        Comment.publish(thread, "Hello?", by=alice)


# The pages


def test_a_newcomer_is_told_where_the_text_is(holding, client, alice):
    client.sign_in(alice)
    assert "0 of 2 approved" in client.get("/").text

    answer = client.post("/", data={"body": f"{WORD}."})

    page = client.get(answer.location).text
    assert "Your post is pending review" in page
    assert "Pending review: 0 of 2 approved" in page
    assert WORD in client.get("/held").text


def test_what_waits_is_for_its_author_alone(holding, client, alice, bob):
    make_post(alice, WORD)
    client.sign_in(bob)

    assert WORD not in client.get("/held").text


def test_a_moderator_reads_what_waits_the_oldest_first(holding, client, alice, mona, old):
    make_comment(make_post(old), alice, "The second.", held_at=utcnow())
    make_post(alice, "The first.", held_at=utcnow() - timedelta(days=1))
    client.sign_in(mona)

    page = client.get("/moderation/held").text

    assert page.index("The first.") < page.index("The second.")
    assert "One of a new member’s first posts" in page


def test_approving_takes_one_click(holding, client, alice, mona):
    post = make_post(alice)
    client.sign_in(mona)

    answer = decide(client, post, approve="1")

    assert answer.location == "/moderation/held" and post.is_shown
    assert "Approved: post by alice" in client.get("/moderation/held").text


def test_declining_takes_a_reason_which_its_author_reads(holding, client, alice, mona):
    post = make_post(alice)
    client.sign_in(mona)
    refused = decide(client, post, decline="1")
    assert refused.status_code == 200 and "Enter a reason" in refused.text and post.is_held

    decide(client, post, decline="1", reason="It is an advertisement.")

    (mail,) = mails("text_declined")
    assert mail.recipient == alice.email and "> It is an advertisement." in mail.text
    client.sign_in(alice)
    assert "Hidden by a moderator" in client.get(f"/post/{post.id}").text


def test_an_answer_that_cannot_be_meant_changes_nothing(holding, client, alice, mona):
    post = make_post(alice)
    client.sign_in(mona)

    for values in (
        {},
        {"approve": "1", "decline": "1", "reason": "x"},
        {"approve": "1", "version": "x"},
        {"approve": "1", "version": "99999999999999999999"},
        {"decline": "1", "reason": "x" * 501},
        {"decline": "1", "reason": "See https://casino.example."},
    ):
        assert decide(client, post, **values).status_code == 200
    assert post.is_held and entries(post) == []


@pytest.mark.parametrize("meanwhile", ["approve", "edit", "gone"])
def test_a_decision_that_comes_too_late_says_so(holding, client, alice, mona, ada, meanwhile):
    post, path = make_post(alice), "/moderation/held/post/999999"
    if meanwhile == "approve":
        post.approve(by=ada, version=1)
    elif meanwhile == "edit":
        post.edit("Another.", by=alice)
    client.sign_in(mona)
    path = path if meanwhile == "gone" else f"/moderation/held/post/{post.id}"

    answer = client.post(path, data={"version": 1, "decline": "1", "reason": "Spam."})

    assert answer.status_code == 409 and mails() == []
    words = "author changed it" if meanwhile == "edit" else "was already decided"
    assert words in answer.text and ">\nSpam.</textarea>" in answer.text


def test_a_gone_author_is_mailed_nothing(holding, client, alice, mona):
    post = make_post(alice)
    post.author = None
    client.sign_in(mona)
    assert "Deleted member" in client.get("/moderation/held").text

    decide(client, post, decline="1", reason="Spam.")

    assert mails() == [] and post.is_hidden


def test_a_form_that_is_sent_twice_writes_one_text_that_waits(holding, client, alice):
    client.sign_in(alice)

    for _ in range(2):
        answer = client.post("/", data={"body": "Once.", "key": "a"})

    assert answer.location.startswith("/post/")
    assert len(db.session.scalars(select(Post)).all()) == 1
    assert len(db.session.scalars(select(Watch)).all()) == 1

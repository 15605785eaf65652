"""What moderators do with posts and comments: by rank, with a reason, each in the log."""

import pytest
from factories import keep, mails, make_comment, make_post, make_user
from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    AuditEntry,
    Comment,
    Like,
    Notification,
    Permission,
    Post,
    Revision,
    Role,
    User,
)
from app.models.audit.entry import SITE
from app.models.content.counters import wrong_counts
from app.models.content.screening import FIRST, Hold
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.reading.thread import post_card, thread
from app.models.retention.purge import purge_deleted, purge_removed

VERBS = ("hide", "restore", "revise", "remove", "close", "reopen")
RANKS = ("User", "Moderator", "Helper", "Administrator")  # Helper: a moderator who may one more
MAY_NOT_ACT = {  # on a text of each: those who may not, beside its author
    "User": {"User"},
    "Moderator": {"User"},
    "Helper": {"User", "Moderator"},
    "Administrator": {"User", "Moderator", "Helper"},
}
REASON = dict(reason="It is spam.")


@pytest.fixture
def ranks(app, monkeypatch):
    """A custom role above Moderator, as one permission more would make it."""
    known = Permission.FOLLOW | Permission.COMMENT | Permission.WRITE | Permission.MODERATE
    keep(Role(name="Helper", permissions=int(known) | 32, index="main.index"))


def how_many(kind, *conditions):
    return db.session.scalar(select(func.count()).select_from(kind).where(*conditions))


def read(client, path):
    """Open an address, and where it leads."""
    answer = client.get(path)
    return client.get(answer.location) if answer.location else answer


def act(content, verb, by):
    """Bring the text to where the verb has something to do, and do it."""
    now = utcnow()
    if verb == "restore":
        content.hidden_at = now
        content.count(-1)
    if verb == "reopen":
        content.staff_closed_at = now
    db.session.flush()
    words = ("Changed.",) if verb == "revise" else ()
    return getattr(content, verb)(*words, by=by, reason="Because.")


def test_staff_act_on_texts_of_those_who_may_do_nothing_that_they_may_not(ranks):
    """What the rule forbids changes and logs nothing; all pairs of ranks are asked below."""
    staff, authors = ({rank: make_user(role=rank) for rank in RANKS} for _ in "12")
    forbidden = [("User", "User"), ("Moderator", "Helper")]

    for verb in VERBS:
        mightiest = "Administrator" if verb == "remove" else "Moderator"
        assert act(make_post(authors["Moderator"]), verb, staff[mightiest])
        for rank, author in forbidden + [("Helper", "User")] * (verb == "remove"):
            with pytest.raises(Refused):
                act(make_post(authors[author]), verb, staff[rank])
    assert how_many(AuditEntry) == len(VERBS)
    assert list(wrong_counts()) == []


def test_pages_and_lists_ask_the_same_question(app, ranks):
    """Light rows of a thread answer as the whole text does; who is gone is anybody's."""
    staff = {rank: make_user(role=rank) for rank in RANKS}
    may, expected = {}, {}
    for author in (*RANKS, None):
        post = make_post(make_user(role=author or "User"))
        comment = make_comment(post, post.author)
        for content in (post, comment):
            content.author_id = content.author_id if author else None
        db.session.flush()
        for rank, by in staff.items():
            with app.test_request_context():
                cards = [post_card(post.id, by), *thread(post.id, by, size=9)]
            allowed = rank != "User" and (author is None or rank not in MAY_NOT_ACT[author])
            may[rank, author] = [each.moderatable_by(by) for each in (post, comment, *cards)]
            expected[rank, author] = [allowed] * 4
    assert may == expected


def test_a_role_that_returns_counts(app, mona, ada):
    make_user("boss", role="Administrator")
    ada.change_role(Role.named("User"), until=utcnow().replace(year=2999), by=None)
    content = make_post(ada)
    card = post_card(content.id, mona)

    assert not content.moderatable_by(mona) and not card.moderatable_by(mona)


def test_nobody_acts_as_staff_on_their_own(mona, ada):
    for author in (mona, ada):
        for verb in VERBS:
            with pytest.raises(Refused):
                act(make_post(author), verb, author)


@pytest.mark.parametrize("by", [None, SITE])
def test_operators_and_the_site_act_on_anything(app, ada, by):
    content = make_post(ada)

    assert content.hide(by=by, reason="") and content.restore(by=by)
    assert content.remove(by=by)


def test_the_rank_is_asked_anew(app, alice, mona):
    """Mona lost her role in another process, after this one had looked."""
    content = make_post(alice)
    db.session.flush()
    demoted = db.update(User).where(User.id == mona.id).values(role_id=Role.named("User").id)
    db.session.execute(demoted, execution_options={"synchronize_session": False})

    with pytest.raises(Refused):
        content.hide(by=mona, reason="")


def test_who_only_looks_as_another_role_acts_on_nothing(app, alice, ada):
    ada.viewed_role = Role.named("Moderator")

    with pytest.raises(Refused, match="viewing the site as another role"):
        make_post(alice).hide(by=ada, reason="")


def test_a_text_is_hidden_and_restored_with_a_mail_for_each(client, alice, mona):
    content = make_comment(author=alice)
    client.sign_in(mona)
    path = f"/moderation/{content.noun}/{content.id}"

    for verb in ("hide", "hide", "restore"):
        assert client.post(f"{path}/{verb}", data=REASON).location == path

    assert [mail.kind for mail in mails()] == ["text_hidden", "text_restored"]
    acts = [entry.action for entry in db.session.scalars(AuditEntry.about(content))]
    assert acts == ["restore", "hide"] and list(wrong_counts()) == []
    assert "It is spam." in client.get(path).text


SEEN = {  # state: what others, the author and a moderator get
    "shown": (200, 200, 200),
    "hidden": (404, 200, 200),
    "deleted": (404, 404, 200),
    "removed": (404, 404, 404),
}


def test_each_state_is_for_whom_it_is_for(client, alice, mona, ada):
    posts = {state: make_post(alice, "The secret of the house.") for state in SEEN}
    comments = {state: make_comment(posts["shown"], alice) for state in SEEN}
    for texts in (posts, comments):
        texts["hidden"].hide(by=mona, reason="Spam.")
        texts["deleted"].delete()
        texts["removed"].remove(by=ada)
        purge_removed(texts["removed"])

    seen = {state: [] for state in SEEN}
    for person in (None, alice, mona):
        client.sign_in(person) if person else client.sign_out()
        for state in SEEN:
            answer = client.get(f"/post/{posts[state].id}")
            place = client.get(f"/comment/{comments[state].id}")
            seen[state].append(answer.status_code)
            assert ("secret" in answer.text) == (answer.status_code == 200)
            assert place.status_code == (302 if answer.status_code == 200 else 404)
    assert {state: tuple(statuses) for state, statuses in seen.items()} == SEEN


def test_a_reason_is_asked_for_and_a_rule_gives_one(client, alice, mona):
    content = make_post(alice)
    client.sign_in(mona)
    path = f"/moderation/post/{content.id}/hide"

    assert "Choose a rule or enter a reason." in client.post(path, data={}).text
    assert "at most 500 characters" in client.post(path, data=dict(reason="x" * 501)).text
    assert not content.is_hidden
    client.post(path, data=dict(rule="Spam", reason=""))

    assert content.hidden_reason.startswith("This is advertising or spam")


def test_the_author_sees_a_hidden_text_marked_with_the_reason(client, alice, mona):
    content = make_comment(author=alice)
    content.hide(by=mona, reason="It is spam.")
    client.sign_in(alice)

    page = read(client, f"/{content.noun}/{content.id}").text

    assert "Hidden by a moderator" in page and "It is spam." in page
    assert "/moderation/" not in page


def test_a_thread_keeps_its_shape_and_tells_nothing_of_what_was_hidden(client, alice, bob, mona):
    post = make_post(alice)
    texts = ["One.", "Two secrets.", "Three secrets.", "Four.", "Five secrets."]
    comments = [make_comment(post, bob if "secret" in text else alice, text) for text in texts]
    for comment in comments:
        if "secret" in comment.body:
            comment.hide(by=mona, reason="Told too much.")
    client.sign_in(alice)

    page = client.get(f"/post/{post.id}").text

    assert page.index("One.") < page.index("2 comments were hidden") < page.index("Four.")
    assert "A comment was hidden by a moderator." in page
    assert not any(word in page for word in ("secrets", "bob", "Told too much"))
    assert f"comment-{comments[1].id}" not in page and post.comment_count == 2


def test_whoever_may_read_hidden_comments_meets_no_gap(client, alice, bob, mona):
    comment = make_comment(author=bob, text="My secret.")
    comment.hide(by=mona, reason="Spam.")
    for person in (bob, mona):
        client.sign_in(person)
        page = client.get(f"/post/{comment.post_id}").text
        assert "My secret." in page and "was hidden by a moderator." not in page


def test_comments_that_their_authors_deleted_leave_no_gap(client, alice, bob, mona):
    comment = make_comment(author=bob)
    comment.hide(by=mona, reason="Spam.")
    comment.delete()

    assert "hidden by a moderator" not in client.get(f"/post/{comment.post_id}").text


def test_pages_of_a_thread_of_hidden_comments_go_on(client, app, alice, mona):
    app.config["POSTS_PER_PAGE"] = 5
    post = make_post(alice)
    comments = [make_comment(post, alice, f"No. {n}.") for n in range(12)]
    for comment in comments[:10]:
        comment.hide(by=mona, reason="Spam.")

    page = read(client, f"/comment/{comments[11].id}").text

    assert "No. 11." in page


def test_a_moderator_edits_and_that_is_to_be_seen(client, alice, mona):
    content = make_post(alice, "Call 0123.")
    client.sign_in(mona)
    form = dict(body="Call [number removed].", reason="Private data.")

    client.post(f"/moderation/{content.noun}/{content.id}/edit", data=form)

    (mail,) = mails()
    entry = db.session.scalars(AuditEntry.about(content)).one()
    assert (content.body, content.editor_name) == ("Call [number removed].", "mona")
    assert (mail.kind, entry.action, entry.after) == ("text_edited", "edit text", "version 2")
    assert "0123" not in entry.before + entry.after + mail.text
    assert "by mona" in client.get(f"/{content.noun}/{content.id}/history").text


def test_an_edit_without_a_difference_or_reason_is_none(client, alice, mona):
    content = make_post(alice, "Hello.")
    client.sign_in(mona)
    path = f"/moderation/post/{content.id}/edit"

    client.post(path, data=dict(body="Hello.", **REASON))
    assert "Choose a rule or enter a reason." in client.post(path, data=dict(body="Other.")).text

    assert content.version == 1 and mails() == []


def test_what_is_hidden_can_be_edited_and_tells_nobody(app, alice, bob, mona):
    content = make_post(alice)
    content.hide(by=mona, reason="Private data.")

    content.revise("Hello @bob.", by=mona)

    assert how_many(Notification, Notification.user_id == bob.id) == 0
    with pytest.raises(Refused):
        content.edit("Mine again.", by=alice)


def test_what_staff_closed_its_author_does_not_open(client, alice, bob, mona):
    post = make_post(alice)
    client.sign_in(mona)
    client.post(f"/moderation/post/{post.id}/close", data=REASON)

    client.sign_in(alice)
    page = client.get(f"/post/{post.id}").text
    assert client.post(f"/post/{post.id}/open").status_code == 403
    assert "A moderator has closed this post" in page and "Reopen comments" not in page
    assert not post.commentable_by(bob) and not Post.take_comment(post.id)


@pytest.mark.parametrize("closed", [True, False])
def test_what_staff_opens_is_as_its_author_had_it(app, alice, mona, closed):
    post = make_post(alice)
    if closed:
        post.close()
    before = post.comments_closed_at

    post.close(by=mona, reason="Too hot.")
    post.reopen(by=mona)

    assert (post.is_closed, post.comments_closed_at) == (closed, before)
    acts = [entry.action for entry in db.session.scalars(AuditEntry.about(post))]
    assert acts == ["open comments", "close comments"]


def test_a_comment_is_not_closed(client, mona):
    client.sign_in(mona)
    path = f"/moderation/comment/{make_comment().id}/close"

    assert client.post(path, data=REASON).status_code == 404


def test_a_post_is_removed_for_good_with_all_that_belongs_to_it(client, alice, bob, ada):
    post = make_post(alice)
    for _ in range(3):
        make_comment(post, bob)
    Like.add(post, by=bob)
    post.edit("Other.", by=alice)
    client.sign_in(ada)
    path = f"/moderation/post/{post.id}/remove"
    page = client.get(path).text
    assert "1 earlier version, 3 comments, 1 like." in page

    assert "Type remove to confirm" in client.post(path, data=dict(typed="x", **REASON)).text
    client.post(path, data=dict(typed="Remove", **REASON))

    assert [how_many(kind) for kind in (Post, Comment, Revision)] == [0, 0, 0]
    assert [mail.kind for mail in mails()] == ["text_removed"] and list(wrong_counts()) == []
    assert bob.comment_count == alice.post_count == 0
    entry = db.session.scalars(AuditEntry.latest()).first()
    assert (entry.action, entry.before, entry.after) == ("remove text", "", "")


def test_whom_death_interrupts_the_hourly_purge_comes_after(app, alice, bob, mona, ada):
    post, comment = make_post(alice), make_comment(author=bob)
    post.remove(by=ada)
    comment.remove(by=ada)
    assert not post.remove(by=ada)

    purge_deleted()

    assert db.session.get(Post, post.id) is None and db.session.get(Comment, comment.id) is None
    assert list(wrong_counts()) == []


def test_removing_is_for_administrators(client, alice, mona):
    post = make_post(alice)
    client.sign_in(mona)

    assert "Remove permanently" not in client.get(f"/moderation/post/{post.id}").text
    assert client.post(f"/moderation/post/{post.id}/remove", data=REASON).status_code == 403


@pytest.mark.parametrize("path", ["hide", "edit", "remove"])
def test_a_text_that_is_gone_is_not_there(client, ada, path):
    client.sign_in(ada)

    assert client.post(f"/moderation/post/999/{path}", data=REASON).status_code == 404


def test_links_to_moderate_are_for_those_who_may(client, alice, bob, mona, ada):
    post = make_post(alice)
    comment, hers = make_comment(post, bob), make_comment(post, ada)
    for person in (bob, mona):
        client.sign_in(person)
        page = client.get(f"/post/{post.id}").text
        found = [f"/moderation/{t.noun}/{t.id}" in page for t in (post, comment, hers)]
        assert found == ([False] * 3 if person is bob else [True, True, False])


def test_who_may_not_act_reads_why(client, ada, mona):
    post = make_post(ada)
    client.sign_in(mona)

    page = client.get(f"/moderation/post/{post.id}").text
    answer = client.get(f"/moderation/post/{post.id}/edit")

    assert "higher rank than you" in page and answer.status_code == 403
    assert "higher rank than you" in answer.text
    client.post(f"/moderation/post/{post.id}/hide", data=REASON)
    assert not post.is_hidden


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_what_waits_for_approval_is_not_restored_and_no_gap(client, alice, mona, make):
    post = make_post(mona)
    content = make(alice) if make is make_post else make_comment(post, alice)
    content.hold(Hold(FIRST))
    client.sign_in(mona)
    path = f"/moderation/{content.noun}/{content.id}"

    page = client.get(path).text
    client.post(f"{path}/restore", data=REASON)

    assert "Pending review" in page and "Restore" not in page
    assert content.is_held and how_many(AuditEntry) == 0 and mails() == []
    client.sign_out()
    assert "hidden by a moderator" not in client.get(f"/post/{post.id}").text


# The public history


@pytest.fixture
def taken_out(client, alice, mona):
    """A post of which a moderator has taken a private address out, after an edit of its author."""
    post = make_post(alice, "Zoe lives at 7 Elm Road.")
    post.edit("Zoe lives at 7 Elm Road!", by=alice)
    client.sign_in(mona)
    data = {"body": "Zoe lives somewhere.", "rule": "Private data", "reason": ""}
    client.post(f"/moderation/post/{post.id}/edit", data=data)
    return post


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_what_a_moderator_takes_out_is_out_of_the_public_history(client, alice, bob, mona, make):
    text = make(author=alice, text="At 7 Elm Road.")
    client.sign_in(mona)
    data = {"body": "Somewhere.", "reason": "Private."}
    client.post(f"/moderation/{text.noun}/{text.id}/edit", data=data)

    sees = {}
    for person in (alice, bob, mona):
        client.sign_in(person)
        sees[person.username] = "Elm" in client.get(f"/{text.noun}/{text.id}/history").text
    assert sees == {"alice": True, "bob": False, "mona": True}


def test_all_versions_before_are_out_and_the_page_says_so(client, taken_out, bob):
    client.sign_in(bob)
    taken_out.edit("Zoe lives somewhere else.", by=taken_out.author)

    page = client.get(f"/post/{taken_out.id}/history").text

    assert "Elm" not in page and "removed earlier versions" in page
    assert "<ins" in page  # what came after is told


def test_a_moderator_may_leave_the_history_as_it_is(client, alice, bob, mona):
    post = make_post(alice, "Helo.")
    client.sign_in(mona)
    data = {"body": "Hello.", "reason": "A slip.", "keeps_history": "y"}
    client.post(f"/moderation/post/{post.id}/edit", data=data)
    client.sign_in(bob)

    page = client.get(f"/post/{post.id}/history").text
    assert "The original version." in page


def test_undo_puts_the_history_back_and_undoing_that_takes_it_out_again(
    client, taken_out, bob, mona
):
    def public():
        client.sign_in(bob)
        page = client.get(f"/post/{taken_out.id}/history").text
        client.sign_in(mona)
        return page.count("Elm") > 0

    def undo_last():
        db.session.commit()
        entry = db.session.scalars(AuditEntry.latest()).first()
        client.post(f"/moderation/log/{entry.id}/undo")

    undo_last()
    assert public() and taken_out.body == "Zoe lives at 7 Elm Road!"
    undo_last()
    assert not public() and taken_out.body == "Zoe lives somewhere."
    undo_last()
    assert public()

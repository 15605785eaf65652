"""Notifications: who is told of which action, and the pages that show them."""

import re
from datetime import timedelta
from functools import partial

import pytest
from factories import make_user
from sqlalchemy import insert, select, text
from test_queries import statements
from test_races import at_once

from app.account import notifications
from app.extensions import db
from app.main.writing import quote
from app.models import Comment, Notification, NotificationChoice, Post, User, UserSession, Watch
from app.models.fields import utcnow
from app.models.moderation.notification_cards import NotificationCard, notification_cards
from app.models.notifications.preference import ACT, DAILY, IMMEDIATELY, NEVER, Choice
from app.models.retention.erasure import delete_account
from app.models.visit import session_with_token

SILENT = Choice(in_site=False, mail=NEVER)
BY_MAIL_ALONE = Choice(in_site=False, mail=DAILY)


def told():
    """Return (who, of what) of other members, by name; for staff see test_notified_actions.py."""
    rows = select(User.username, Notification.kind).join(User, User.id == Notification.user_id)
    rows = rows.where(Notification.withdrawn_at.is_(None), Notification.kind != ACT)
    return sorted(tuple(row) for row in db.session.execute(rows))


def unread(client):
    """The number in the navigation, as it is read aloud; None where there is none."""
    page = client.get("/settings/profile").text
    found = re.search(r'<span class="bell-count">(.*?)</span>', page)
    return found and re.sub(r"<[^>]*>?", "", found[1])


@pytest.fixture
def carla(app):
    return make_user("carla")


@pytest.fixture
def post(alice):
    return Post.publish("Shall we meet?", by=alice)


@pytest.fixture
def answered(post, bob):
    return Comment.publish(post, "Yes.", by=bob)


# Who is told of what, by which act


def answer(text):
    def act(alice, bob, carla, post):
        return Comment.publish(post, text, by=bob)

    return act


def write(text):
    def act(alice, bob, carla, post):
        return Post.publish(text, by=bob)

    return act


def answer_own(alice, bob, carla, post):
    Comment.publish(post, "I forgot: @alice", by=alice)


def answer_among_others(alice, bob, carla, post):
    Watch.start(post, by=carla)
    Comment.publish(post, "Yes.", by=bob)


def answer_twice(alice, bob, carla, post):
    Watch.start(post, by=carla)
    for _ in range(2):
        Comment.publish(post, "Yes.", by=bob, form_key="one form")


def name_a_watcher(alice, bob, carla, post):
    Watch.start(post, by=carla)
    Comment.publish(post, "As @carla said, and @alice.", by=bob)


def add_a_name(alice, bob, carla, post):
    content = Post.publish("With @carla.", by=bob)
    db.session.execute(Notification.__table__.delete())
    content.edit("With @carla and @alice.", by=bob)


def take_out_of_a_quotation(alice, bob, carla, post):
    content = Post.publish("> With @carla.", by=bob)
    content.edit("> With @carla.\n\n@carla, is that so?", by=bob)


def quote_by_the_button(alice, bob, carla, post):
    said = Comment.publish(post, "Let us ask @carla.", by=bob)
    db.session.execute(Notification.__table__.delete())
    Comment.publish(post, quote(said) + "I will.", by=alice)


def follow(alice, bob, carla, post):
    bob.follow(alice)


def follow_again(alice, bob, carla, post):
    for _ in range(3):
        bob.follow(alice)
        bob.unfollow(alice)


ACTS = {
    "an answer": (answer("Yes."), [("alice", "answer")]),
    "an answer with a name": (
        answer("Yes, @carla."),
        [("alice", "answer"), ("carla", "mention")],
    ),
    "an answer that names the author": (answer("Yes, @ALICE."), [("alice", "mention")]),
    "an answer that names its writer": (answer("@bob says yes."), [("alice", "answer")]),
    "an answer that names nobody": (answer("@nobody, `@carla`"), [("alice", "answer")]),
    "an answer to oneself": (answer_own, []),
    "an answer in a thread": (
        answer_among_others,
        [("alice", "answer"), ("carla", "thread")],
    ),
    "an answer sent twice": (answer_twice, [("alice", "answer"), ("carla", "thread")]),
    "an answer that names watchers": (
        name_a_watcher,
        [("alice", "mention"), ("carla", "mention")],
    ),
    "a post": (write("Hello."), []),
    "a post with names": (
        write("Hello @alice and @carla and @alice."),
        [("alice", "mention"), ("carla", "mention")],
    ),
    "a name more in a post": (add_a_name, [("alice", "mention")]),
    "a name in a quotation": (write("> Hello @alice.\n\nSo it began."), []),
    "a name that leaves a quotation": (take_out_of_a_quotation, [("carla", "mention")]),
    "a quotation": (quote_by_the_button, [("bob", "mention")]),
    "a follower": (follow, [("alice", "follower")]),
    "a follower who goes and comes": (follow_again, [("alice", "follower")]),
}


def told_after(act, *people_and_post):
    """What an act tells; then it is taken back."""
    with db.session.begin_nested() as nested:
        act(*people_and_post)
        db.session.flush()
        seen = told()
        nested.rollback()
    db.session.expire_all()
    return seen


def test_an_act_tells_whom_it_concerns_each_once(alice, bob, carla, post):
    seen = {name: told_after(act, alice, bob, carla, post) for name, (act, _) in ACTS.items()}

    assert seen == {name: expected for name, (_, expected) in ACTS.items()}


ALL_ACTS = [follow, answer("Yes."), answer("Yes, @alice."), write("Hello @alice.")]
CLOSED = {
    "is deactivated": {"deactivated_at": utcnow()},
    "is not confirmed": {"confirmed_at": None},
    "waits to be let in": {"approval_asked_at": utcnow()},
}


def test_whoever_is_not_there_is_told_nothing(alice, bob, carla, post):
    for values in CLOSED.values():
        before = {name: getattr(alice, name) for name in values}
        for name, value in values.items():
            setattr(alice, name, value)
        db.session.flush()
        assert [told_after(act, alice, bob, carla, post) for act in ALL_ACTS] == [[]] * 4, values
        for name, value in before.items():
            setattr(alice, name, value)


def test_nobody_is_told_what_somebody_does_whom_they_muted(alice, bob, carla, post):
    alice.mute(bob)

    assert [told_after(act, alice, bob, carla, post) for act in ALL_ACTS] == [[]] * 4


def test_an_answer_tells_any_number_by_one_statement(alice, bob, post):
    for _ in range(8):
        Watch.start(post, by=make_user())

    with statements() as sent:
        Comment.publish(post, "Yes, @bob.", by=bob)

    assert len([s for s in sent if "INTO notifications" in s]) == 1
    assert len(sent) < 10 and len(told()) == 9


# Watching


def watches(post, person):
    watch = db.session.get(Watch, (post.id, person.id))
    return watch is not None and watch.ended_at is None


def test_who_writes_in_a_thread_watches_it(post, answered, alice, bob, carla):
    assert watches(post, alice) and watches(post, bob) and not watches(post, carla)

    Comment.publish(post, "Me too.", by=carla)

    assert ("bob", "thread") in told()


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_who_stopped_watching_is_told_no_more_though_they_write_again(
    post, answered, carla, who, request
):
    person = request.getfixturevalue(who)
    assert Watch.stop(post, by=person) and not Watch.stop(post, by=person)
    Comment.publish(post, "By the way.", by=person)

    Comment.publish(post, "Me too.", by=carla)

    assert not [kind for name, kind in told() if name == who and kind == "thread"]
    assert Watch.start(post, by=person) and not Watch.start(post, by=person)
    assert watches(post, person)


def test_the_button_at_a_post_starts_and_stops_watching(client, post, bob):
    client.sign_in(bob)
    seen = []
    for act in ("watch", "unwatch", "unwatch", "watch"):
        client.post(f"/post/{post.id}/{act}")
        seen.append(watches(post, bob))

    assert seen == [True, False, False, True]
    assert "Stop watching" in client.get(f"/post/{post.id}").text


def test_what_is_hidden_or_gone_cannot_be_watched(client, post, bob, mona):
    client.sign_in(bob)
    post.hide(by=mona, reason="spam")

    assert client.post(f"/post/{post.id}/watch").status_code == 404
    assert client.post("/post/2147483647/watch").status_code == 404


# Choices


def test_of_what_one_chose_not_to_hear_one_is_told_nothing(post, alice, bob):
    NotificationChoice.choose(alice, "answer", SILENT)

    Comment.publish(post, "Yes.", by=bob)

    assert told() == []


def test_what_one_wants_to_hear_of_comes_though_it_is_also_what_one_does_not(post, alice, bob):
    NotificationChoice.choose(alice, "mention", SILENT)

    Comment.publish(post, "Yes, @alice.", by=bob)

    assert told() == [("alice", "answer")]


def test_what_one_wants_by_mail_alone_is_no_news_in_the_site(client, post, alice, bob):
    NotificationChoice.choose(alice, "answer", BY_MAIL_ALONE)
    Comment.publish(post, "Yes.", by=bob)
    client.sign_in(alice)

    assert told() == [("alice", "answer")]
    assert "bob commented" not in client.get("/notifications").text and unread(client) is None


def test_choices_are_kept_and_shown(client, alice):
    client.sign_in(alice)
    form = {f"{kind}_mail": NEVER for kind in ("mention", "answer", "thread")}

    for mail in (IMMEDIATELY, DAILY, DAILY, NEVER):
        form |= {"follower_mail": mail, "follower_in_site": "y"}
        assert client.post("/settings/notifications", data=form).status_code == 302
        chosen = NotificationChoice.of(alice)
        assert chosen["follower"] == Choice(True, mail) and chosen["mention"] == SILENT
    page = client.get("/settings/notifications").text
    assert f'<option selected value="{NEVER}">' in page and page.count(" checked ") == 1


def test_a_choice_that_there_is_not_changes_nothing(client, alice):
    client.sign_in(alice)
    form = {f"{kind}_mail": "hourly" for kind in ("mention", "answer", "thread", "follower")}

    page = client.post("/settings/notifications", data=form)

    assert page.status_code == 200 and "Choose one of the options" in page.text
    assert NotificationChoice.of(alice)["mention"] == Choice(True, IMMEDIATELY)


# What is taken back is no news


def test_what_is_deleted_or_hidden_is_no_news(client, post, answered, alice, mona):
    for thing in (answered, post):
        assert told_after(lambda thing=thing: thing.delete()) == []
        assert told_after(lambda thing=thing: thing.hide(by=mona, reason="spam")) == []
    assert told() == [("alice", "answer")]
    answered.hide(by=mona, reason="spam")
    client.sign_in(alice)

    assert unread(client) is None
    assert "bob commented" not in client.get("/notifications").text


def test_whom_one_mutes_one_reads_nothing_of_any_longer(client, post, answered, alice, bob):
    bob.follow(alice)
    client.sign_in(alice)
    first = db.session.scalars(select(Notification)).first()
    first.mailed_at = utcnow()
    client.post(f"/notifications/{first.id}/read")

    alice.mute(bob)

    assert told() == [("alice", "answer")] and unread(client) is None
    assert "bob" not in client.get("/notifications").text
    alice.unmute(bob)
    assert "bob commented" in client.get("/notifications").text


def deactivate(person, by):
    person.deactivate(by=by, reason="spam")


def close_for_good(person, by):
    person.close_for_good(by=by, reason="spam")


def move(person, by):
    person.assign_address("elsewhere@example.org", by=by)


def test_the_acts_of_a_closed_account_are_no_news(post, answered, bob, ada):
    for close in (deactivate, close_for_good, move):
        assert told_after(partial(close, bob, by=ada)) == []
    assert told() == [("alice", "answer")]


def test_who_is_named_below_a_post_that_is_gone_is_told_nothing(post, alice, carla):
    comment = Comment.publish(post, "Yes.", by=alice)
    for gone in ("hidden_at", "deleted_at"):
        setattr(post, gone, utcnow())
        comment.edit(f"Yes, @carla, {gone}.", by=alice)
        assert told() == []
        setattr(post, gone, None)


def test_with_an_account_go_its_notifications_and_those_it_caused(post, answered, alice, bob):
    alice.follow(bob)

    delete_account(bob)
    db.session.commit()

    assert told() == []


# The pages


def test_the_list_is_empty_at_first_and_says_what_will_be_there(client, alice):
    client.sign_in(alice)

    page = client.get("/notifications").text

    assert "Nothing yet." in page and "Mark all as read" not in page and unread(client) is None


def test_the_list_tells_who_did_what_the_newest_first(client, post, alice, bob, carla):
    Comment.publish(post, "> Shall we meet?\n\nYes & *gladly*.", by=bob)
    Comment.publish(post, "With you, @alice!", by=carla)
    carla.follow(alice)
    client.sign_in(alice)

    page = client.get("/notifications").text

    titles = re.findall(r'class="news-title">(?:<span.*?</span>)?(.*?)</', page)
    assert titles == ["carla followed you", "carla mentioned you", "bob commented on your post"]
    assert '<p class="news-words">Yes &amp; gladly.</p>' in page


EXCERPTS = dict(
    [
        ("<b>bold</b>", "<b>bold</b>"),
        ("# Title\n\n- one\n- two", "Title one two"),
        ("> only quoted", "only quoted"),
        ("word " * 400, ("word " * 56).strip() + " …"),
        ("[a](https://example.net/" + "x" * 1200 + ") b", "a b"),
        ("> One.\n> > Two.\n>\n> Three.\n\nMy answer.", "My answer."),
        ("> One.\n\nFirst.\n\n> Two.\n\nSecond.", "First. Second."),
        ("> " + "*a* " * 300 + "\n\nMy answer.", "My answer."),
        ("Yes.\n\n" + "&nbsp; " * 1_400, "Yes. …"),
        ("&" * 250 + " " + "&" * 9000, "&" * 250 + " " + "&" * 29 + " …"),
    ],
)


def test_an_excerpt_is_plain_words(alice, bob, post):
    for content in EXCERPTS:
        Comment.publish(post, content, by=bob)
    rows = db.session.execute(notification_cards(alice).order_by(Notification.id)).all()

    cards = [NotificationCard.of(row).excerpt for row in rows]
    assert sorted(cards) == sorted(EXCERPTS.values())


def test_opening_one_marks_it_and_leads_to_its_place(client, post, answered, alice, bob):
    bob.follow(alice)
    client.sign_in(alice)
    ids = db.session.scalars(select(Notification.id).order_by(Notification.id)).all()

    places = [client.post(f"/notifications/{id}/open").location for id in ids]

    assert places == [f"/comment/{answered.id}", "/user/bob"]
    assert unread(client) is None


def test_looking_at_the_list_marks_nothing(client, post, answered, alice):
    client.sign_in(alice)
    client.get("/notifications")
    client.get(f"/post/{post.id}")

    assert unread(client) == "1 unread"


def test_all_are_marked_that_were_there_when_the_page_was_made(client, post, answered, alice, bob):
    client.sign_in(alice)
    up_to = re.search(r'name="up_to" value="(\d+)"', client.get("/notifications").text)[1]
    Comment.publish(post, "And more.", by=bob)

    client.post("/notifications/read", data={"up_to": up_to})

    assert unread(client) == "1 unread"


@pytest.mark.parametrize("listed", [True, False])
def test_what_is_counted_and_not_listed_can_be_marked_too(client, post, answered, alice, listed):
    if not listed:
        db.session.execute(Notification.__table__.delete())
    hidden = Comment.publish(post, "And more.", by=make_user())
    hidden.hidden_at = utcnow()  # behind the back of the news
    client.sign_in(alice)
    page = client.get("/notifications").text
    assert ("bob commented" in page) == listed
    assert ("Your new notifications are no longer available." in page) != listed

    up_to = re.search(r'name="up_to" value="(\d+)"', page)[1]
    client.post("/notifications/read", data={"up_to": up_to})

    assert unread(client) is None
    assert "Mark all as read" not in client.get("/notifications").text


@pytest.mark.parametrize("act", ["open", "read"])
def test_one_that_is_forgotten_while_it_is_read_does_no_harm(
    client, post, answered, alice, monkeypatch, act
):
    client.sign_in(alice)
    id = db.session.scalar(select(Notification.id))
    find = notifications.find_card

    def find_and_forget(id):
        card = find(id)
        db.session.execute(Notification.__table__.delete())
        return card

    monkeypatch.setattr(notifications, "find_card", find_and_forget)

    assert client.post(f"/notifications/{id}/{act}").status_code == 302


def test_nonsense_marks_all_or_nothing(client, post, answered, alice):
    client.sign_in(alice)

    for up_to in ("", "x", "99999999999999999999"):
        assert client.post("/notifications/read", data={"up_to": up_to}).status_code == 302


def test_notifications_of_others_are_not_there(client, post, answered, mona):
    id = db.session.scalar(select(Notification.id))
    client.sign_in(mona)
    for act in ("open", "read"):
        assert client.post(f"/notifications/{id}/{act}").status_code == 404
    client.post("/notifications/read", data={"up_to": id})

    assert db.session.scalar(select(Notification.read_at)) is None


def test_the_navigation_says_how_many_are_unread(client, alice):
    row = dict(user_id=alice.id, kind="thread", created_at=utcnow(), in_site=True)
    client.sign_in(alice)
    for more, says in ((1, "1 unread"), (98, "99 unread"), (1, "99+ unread"), (1, "99+ unread")):
        db.session.execute(insert(Notification), [row] * more)
        assert unread(client) == says


def test_the_unread_are_counted_in_their_own_index(app, alice):
    row, token = UserSession.open(alice, remembered=False, address="", agent="")
    db.session.commit()
    with statements() as sent:
        session_with_token(token)
    assert len(sent) == 1 and "LIMIT" in sent[0]
    question = select(UserSession.id, Notification.unread_of(UserSession.user_id))
    sql = str(question.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all()
    assert any("ix_notifications_unread" in step.detail for step in plan)


def test_the_list_costs_three_statements_however_long_it_is(client, post, alice):
    client.sign_in(alice)
    client.get("/notifications")
    for count in (1, 5):
        for _ in range(count):
            Comment.publish(post, "Yes.", by=make_user())
        with statements() as sent:
            client.get("/notifications")
        assert len(sent) == 3  # the last asks for the newest, so that all can be marked


def test_a_page_of_the_list_leads_to_the_next(client, post, alice, bob):
    for number in range(25):
        Comment.publish(post, f"number {number}.", by=bob)
    client.sign_in(alice)
    page = client.get("/notifications").text
    older = re.search(r'href="([^"]*)">Older', page)[1].replace("&amp;", "&")

    rest = client.get(older).text

    assert page.count('class="news-item') == 20 and rest.count('class="news-item') == 5
    assert "number 5." in page and "number 4." in rest


# Forgetting


def test_what_was_read_is_forgotten_after_ninety_days(post, alice, bob):
    old, young = utcnow() - timedelta(days=91), utcnow() - timedelta(days=89)
    for read_at, mail_at in ((old, None), (young, None), (None, None), (old, utcnow())):
        comment = Comment.publish(post, "Yes.", by=bob)
        row = db.session.scalars(select(Notification).filter_by(comment_id=comment.id)).one()
        row.read_at, row.mail_at = read_at, mail_at
    db.session.flush()

    Notification.purge()

    left = db.session.execute(select(Notification.read_at, Notification.mail_at)).all()
    assert sorted(left, key=str) == sorted(
        [(young, None), (None, None), (old, row.mail_at)], key=str
    )


def test_what_nobody_came_to_read_is_forgotten_after_half_a_year(post, alice, bob):
    for days in (181, 179):
        comment = Comment.publish(post, f"{days} days ago.", by=bob)
        row = db.session.scalars(select(Notification).filter_by(comment_id=comment.id)).one()
        row.created_at = utcnow() - timedelta(days=days)
    db.session.flush()

    Notification.purge()

    assert db.session.scalars(select(Notification.id)).all() == [row.id]


# At once


@pytest.mark.fault
def test_many_who_follow_twice_at_once_tell_once_each(app, alice):
    people = [make_user().id for _ in range(4)]
    followed = alice.id

    def act(id):
        def follow():
            db.session.get(User, id).follow(db.session.get(User, followed))
            db.session.commit()

        return follow

    at_once(app, *[act(id) for id in people for _ in range(2)])

    assert told() == [("alice", "follower")] * 4

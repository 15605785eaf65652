"""Mails about notifications: at once, once a day or never; and how one stops them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from factories import PASSWORD, everything, mails, make_user
from smtp import PostOffice
from sqlalchemy import select
from test_mails import words_of
from test_races import at_once

from app import data_export
from app.email import send_password_changed
from app.extensions import db
from app.jobs import digests
from app.jobs.mail_worker import deliver_pending, deliver_safely, write_and_deliver
from app.models import Comment, Notification, NotificationChoice, Post, Sanction, User
from app.models.fields import utcnow
from app.models.mail.outbox import MOST_NEWS
from app.models.notifications.preference import DAILY, IMMEDIATELY, NEVER, Choice
from app.models.retention.erasure import delete_account
from app.security.tokens import sign

EVENING = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
MORNING = datetime(2027, 3, 2, 7, 0, tzinfo=UTC)
NEWS = ("notification", "digest")


@pytest.fixture
def office(app):
    with PostOffice() as office:
        app.config.update(office.settings)
        yield office


@pytest.fixture
def post(alice):
    return Post.publish("Shall we meet?", by=alice)


@pytest.fixture
def watched(post, bob):
    """Bob has written in Alice's thread, and nobody has been told by mail yet."""
    Comment.publish(post, "Yes.", by=bob)
    db.session.execute(Notification.__table__.delete())
    return post


def write_due():
    digests.write_due()
    return [
        (mail.recipient.partition("@")[0], mail.subject) for mail in mails() if mail.kind in NEWS
    ]


# When


def test_an_answer_to_ones_post_is_mailed_at_once_and_once(post, bob):
    Comment.publish(post, "Yes.", by=bob)

    assert [write_due(), write_due()] == [[("alice", "[Offbrand] bob commented on your post")]] * 2


def test_a_mention_is_mailed_at_once(post, bob):
    Post.publish("Hello @alice.", by=bob)

    assert write_due() == [("alice", "[Offbrand] bob mentioned you")]


def test_what_happens_in_a_thread_and_who_follows_is_mailed_in_the_morning(watched, alice, bob):
    with time_machine.travel(EVENING, tick=False) as clock:
        for word in ("So it is.", "Until then."):
            Comment.publish(watched, word, by=alice)
        alice.follow(bob)
        assert write_due() == []
        clock.move_to(MORNING - timedelta(seconds=1))
        assert write_due() == []

        clock.move_to(MORNING)

        assert write_due() == [("bob", "[Offbrand] 3 notifications")]
        clock.shift(timedelta(days=1))
        assert len(write_due()) == 1


def test_the_hour_of_the_digest_is_set_by_the_site(app, watched, alice):
    app.config["DIGEST_HOUR"] = 21
    with time_machine.travel(EVENING, tick=False) as clock:
        Comment.publish(watched, "So it is.", by=alice)
        clock.shift(timedelta(hours=1))

        assert write_due() == [("bob", "[Offbrand] alice commented in a thread you watch")]


def test_each_kind_is_mailed_as_the_person_chose(alice, bob):
    for mail in (NEVER, DAILY, IMMEDIATELY):
        NotificationChoice.choose(alice, "follower", Choice(True, mail))
        make_user().follow(alice)
        assert len(write_due()) == (mail == IMMEDIATELY)


# Asked again at the moment of mailing


def hide(comment, **people):
    comment.hide(by=people["mona"], reason="spam")


def hide_behind_our_back(comment, **people):
    comment.hidden_at = utcnow()


def delete_behind_our_back(comment, **people):
    comment.deleted_at = utcnow()


def delete_the_post(comment, **people):
    comment.post.delete()


def mute(comment, alice, bob, **people):
    alice.mute(bob)


def close_the_writer(comment, bob, ada, **people):
    bob.deactivate(by=ada, reason="spam")


def close_the_reader(comment, alice, ada, **people):
    alice.deactivate(by=ada, reason="asked for")


def suspend_the_reader(comment, alice, **people):
    Sanction.impose(alice, "suspension", by=None, reason="Rude.")


def move_the_reader(comment, alice, ada, **people):
    alice.assign_address("elsewhere@example.org", by=ada)


def choose_never(comment, alice, **people):
    NotificationChoice.stop_mails(alice, ["answer"])


def read_it(comment, alice, **people):
    Notification.read_all(alice, 2147483647)


def delete_the_reader(comment, alice, **people):
    delete_account(alice)


WHATEVER = [hide, hide_behind_our_back, delete_behind_our_back, delete_the_post, mute]
WHATEVER += [close_the_writer, close_the_reader, suspend_the_reader, move_the_reader]
WHATEVER += [choose_never, read_it, delete_the_reader]


@pytest.mark.parametrize("meanwhile", WHATEVER)
def test_nothing_is_mailed_that_is_none_of_their_news_by_then(
    post, alice, bob, mona, ada, meanwhile
):
    comment = Comment.publish(post, "Yes.", by=bob)

    meanwhile(comment, alice=alice, bob=bob, mona=mona, ada=ada)
    db.session.commit()

    assert write_due() == [] and Notification.people_due(9) == []


@pytest.mark.parametrize("meanwhile", [hide_behind_our_back, suspend_the_reader, choose_never])
def test_a_mail_that_waits_never_leaves_once_it_is_none_of_their_news(
    office, post, alice, bob, mona, ada, meanwhile
):
    comment = Comment.publish(post, "Yes.", by=bob)
    assert len(write_due()) == 1

    meanwhile(comment, alice=alice, bob=bob, mona=mona, ada=ada)
    db.session.commit()

    assert write_and_deliver() == 0
    assert office.letters == [] and [mail for mail in mails() if mail.kind in NEWS] == []


def test_a_mail_that_was_refused_asks_again_before_each_try(office, post, alice, bob):
    office.refused["alice@example.org"] = "450 Later."
    Comment.publish(post, "Yes.", by=bob)
    write_due()
    assert deliver_pending() == 0 and mails()[0].tries == 1
    office.refused.clear()

    alice.mute(bob)
    with time_machine.travel(utcnow() + timedelta(minutes=1)):
        deliver_pending()

    assert office.letters == [] and mails() == []


def test_a_digest_that_waits_tells_only_what_is_left(office, watched, alice, bob, mona):
    with time_machine.travel(EVENING, tick=False) as clock:
        first, second = (Comment.publish(watched, word, by=alice) for word in ("One.", "Two."))
        clock.move_to(MORNING)
        assert write_due() == [("bob", "[Offbrand] 2 notifications")]
        first.hide(by=mona, reason="spam")
        second.edit("Three.", by=alice)
        db.session.commit()

        deliver_pending()

    (letter,) = office.letters
    text = letter.get_body(["plain"]).get_content()
    assert letter["Subject"] == "[Offbrand] alice commented in a thread you watch"
    assert "> Three." in text and "One." not in text and "Two." not in text
    assert way_out(letter) in text


def test_a_mail_that_waits_goes_to_the_address_that_was_proven_meanwhile(office, post, alice, bob):
    Comment.publish(post, "Yes.", by=bob)
    write_due()
    alice.email = "new@example.org"
    db.session.commit()

    deliver_pending()

    assert office.recipients == ["new@example.org"]


def test_who_follows_no_longer_is_not_mailed_about(alice, bob):
    NotificationChoice.choose(alice, "follower", Choice(True, IMMEDIATELY))
    bob.follow(alice)
    bob.unfollow(alice)

    assert write_due() == []


def test_of_a_digest_only_what_is_left_is_mailed(watched, alice, bob, mona):
    with time_machine.travel(EVENING, tick=False) as clock:
        first, second = (Comment.publish(watched, word, by=alice) for word in ("One.", "Two."))
        first.hide(by=mona, reason="spam")
        clock.move_to(MORNING)
        write_due()

    (mail,) = mails("notification")
    assert "Two." in mail.text and "One." not in mail.text


# How often


def test_what_would_be_too_many_mails_an_hour_waits_for_one(post, alice, bob):
    """R-73."""
    with time_machine.travel(EVENING, tick=False) as clock:
        for _ in range(MOST_NEWS + 3):
            Comment.publish(post, "Yes.", by=bob)
            content = write_due()
            clock.shift(timedelta(seconds=30))
        assert len(content) == MOST_NEWS
        bob.follow(alice)
        NotificationChoice.choose(bob, "follower", Choice(True, IMMEDIATELY))
        alice.follow(bob)
        assert write_due()[MOST_NEWS:] == [("bob", "[Offbrand] alice followed you")]

        clock.move_to(EVENING + timedelta(hours=1, seconds=1))

        assert write_due()[-1] == ("alice", "[Offbrand] 3 notifications")


# What they say


@pytest.fixture
def content(post, bob):
    """Both mails: of one notification, and of two."""

    def write(text):
        for count in (1, 2):
            for _ in range(count):
                Comment.publish(post, text, by=bob)
            write_due()
        return [mails(kind)[0] for kind in NEWS]

    return write


def test_a_mail_says_who_wrote_what_where_why_and_how_to_stop(content, post):
    for mail in content("Yes,\n\n*gladly*."):
        for words in (mail.text, words_of(mail.html)):
            assert "Hello alice," in words and "bob commented on your post" in words
            assert "Yes, gladly." in words
            assert "You get this because someone commented on your post." in words
            assert "Unsubscribe" in words and "settings" in words
        for place in ("/comment/", "/unsubscribe/", "/settings/notifications"):
            assert f"http://localhost:5000{place}" in mail.text
            assert f'href="http://localhost:5000{place}' in mail.html


def test_what_strangers_write_stands_in_a_mail_as_text_alone(content):
    """R-37."""
    for mail in content(
        "<b>Look</b>\n.\nBcc: x [here](https://evil.example/) <https://evil.example/>"
    ):
        assert "> <b>Look</b>" in mail.text
        assert "&lt;b&gt;Look&lt;/b&gt;" in mail.html
        assert 'href="https://evil' not in mail.html and "<img" not in mail.html
        assert "evil" not in mail.subject and "\n.\n" not in mail.text


def test_a_mail_of_very_many_lists_the_newest_and_leads_to_all(watched, alice, monkeypatch):
    monkeypatch.setattr(digests, "MOST_LISTED", 5)
    with time_machine.travel(EVENING, tick=False) as clock:
        for number in range(8):
            Comment.publish(watched, f"Number {number}.", by=alice)
        clock.move_to(MORNING)
        write_due()

    (mail,) = mails("digest")
    assert mail.subject == "[Offbrand] 8 notifications"
    for words in (mail.text, words_of(mail.html)):
        assert "Here’s what’s new for you at Offbrand, the newest 5 of 8:" in words
    assert "Number 7." in mail.text and "Number 2." not in mail.text
    assert mail.text.index("Number 3.") < mail.text.index("Number 7.")
    assert "http://localhost:5000/notifications" in mail.text


# Nothing lost, nothing twice


def test_a_fault_with_one_person_does_not_hold_up_the_others(post, alice, bob, monkeypatch):
    NotificationChoice.choose(bob, "follower", Choice(True, IMMEDIATELY))
    Comment.publish(post, "Yes.", by=bob)
    alice.follow(bob)
    db.session.commit()
    send = digests.send_news

    def stumble(mail, who, *rest):
        send(mail, who, *rest) if who == bob else 1 / 0

    monkeypatch.setattr(digests, "send_news", stumble)

    assert write_due() == [("bob", "[Offbrand] alice followed you")]
    monkeypatch.undo()
    assert len(write_due()) == 1
    with time_machine.travel(utcnow() + digests.PAUSE + timedelta(seconds=1)):
        assert len(write_due()) == 2


class Killed(BaseException):
    """What no handler stops, as little as it stops a kill."""


@pytest.mark.fault
@pytest.mark.parametrize("at", ["claim", "send_news"])
def test_a_postman_who_is_killed_in_between_loses_nothing(post, bob, monkeypatch, at):
    Comment.publish(post, "Yes.", by=bob)
    db.session.commit()
    owner = Notification if at == "claim" else digests
    real = getattr(owner, at)

    def die(*values):
        real(*values)
        raise Killed

    monkeypatch.setattr(owner, at, die)
    with pytest.raises(Killed):
        digests.write_due()
    db.session.rollback()
    assert mails() == []
    monkeypatch.undo()

    assert len(write_due()) == 1


@pytest.mark.fault
def test_four_postmen_at_once_write_one_mail_to_each(app, post, bob):
    for _ in range(3):
        Comment.publish(post, "Yes.", by=bob)
        for _ in range(2):
            Post.publish(f"Hello @{make_user().username}.", by=bob)

    at_once(app, *[digests.write_due] * 4)

    content = [mail.recipient for mail in mails()]
    assert len(content) == len(set(content)) == 7
    assert (
        db.session.scalars(select(Notification).where(Notification.mailed_at.is_(None))).all() == []
    )


def test_news_is_mailed_while_long_work_is_done(app, office, post, bob, monkeypatch):
    ids = post.id, bob.id
    db.session.commit()

    def work(*, stopped, between):
        post, bob = (db.session.get(*row) for row in zip((Post, User), ids, strict=True))
        Comment.publish(post, "Yes.", by=bob)
        db.session.commit()
        between()

    monkeypatch.setattr(data_export, "work", work)

    deliver_safely(app)

    assert office.recipients == ["alice@example.org"]


def test_the_mail_command_writes_and_sends_them(flask, office, post, bob):
    Comment.publish(post, "Yes.", by=bob)

    assert flask("mail", "send").output == "1 sent.\n"
    assert office.recipients == ["alice@example.org"]


# Stopping them


@pytest.fixture
def letter(office, post, bob):
    """The mail about an answer, as Alice's mail reader has it."""
    Comment.publish(post, "Yes.", by=bob)
    db.session.commit()
    write_and_deliver()
    return office.letters[0]


def way_out(letter):
    return "/" + letter["List-Unsubscribe"].strip("<>").split("/", 3)[3]


def chosen(person):
    return {kind: choice.mail for kind, choice in NotificationChoice.of(person).items()}


def test_a_mail_can_be_unsubscribed_from_by_its_headers(office, letter):
    """RFC 8058."""
    assert letter["List-Unsubscribe"].startswith("<http://localhost:5000/unsubscribe/")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    line = f"\r\nList-Unsubscribe: {letter['List-Unsubscribe']}\r\n"
    assert line.encode() in office.sources[0]  # whole, as mail readers look for it


def test_mails_about_one_post_hang_together_and_all_name_their_list(office, alice, post, bob):
    """RFC 5322, 3.6.4 and RFC 2919; a mail about two posts belongs to neither."""
    other = Post.publish("Another question.", by=alice)
    for posts in ([post], [post], [post, post], [post, other]):
        for each in posts:
            Comment.publish(each, "Yes.", by=bob)
        db.session.commit()
        write_and_deliver()

    told = [(letter["References"], letter["List-Id"]) for letter in office.letters]
    thread = f"<post-{post.id}@example.org>"
    name = "<notifications.example.org>"
    assert told == [(thread, name), (thread, name), (thread, name), (None, name)]
    assert len({letter["Message-ID"] for letter in office.letters}) == 4


def test_other_mails_have_no_such_header(office, alice):
    send_password_changed(alice)
    db.session.commit()
    deliver_pending()

    for name in ("List-Unsubscribe", "List-Id", "References"):
        assert office.letters[0][name] is None


def test_one_click_stops_them_without_a_cookie_a_token_or_signing_in(letter, strict_client, alice):
    data = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        answer = strict_client.post(way_out(letter), data=data)
        assert answer.status_code == 200 and "Unsubscribed" in answer.text

    assert chosen(alice) == {
        "mention": IMMEDIATELY,
        "answer": NEVER,
        "thread": DAILY,
        "follower": DAILY,
        "ruling": IMMEDIATELY,
        "approved": IMMEDIATELY,
    }
    assert NotificationChoice.of(alice)["answer"].in_site


def test_one_click_sent_in_parts_stops_them_too(letter, strict_client, alice):
    options = dict(data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data")

    assert strict_client.post(way_out(letter), **options).status_code == 200
    assert chosen(alice)["answer"] == NEVER


def test_opening_the_link_changes_nothing_and_shows_one_button(letter, client):
    before = everything()

    page = client.get(way_out(letter))

    assert page.status_code == 200 and page.text.count("<button") == 1
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert everything() == before


def test_who_is_signed_in_as_another_stops_the_mails_of_the_addressee(letter, client, alice, mona):
    client.sign_in(mona)

    client.post(way_out(letter))

    assert chosen(alice)["answer"] == NEVER and chosen(mona)["answer"] == IMMEDIATELY


def test_one_click_in_a_digest_stops_all_that_comes_daily(watched, alice, bob, client):
    with time_machine.travel(EVENING, tick=False) as clock:
        for word in ("One.", "Two."):
            Comment.publish(watched, word, by=alice)
        clock.move_to(MORNING)
        write_due()
        (mail,) = mails("digest")

        client.post("/" + mail.unsubscribe_url.split("/", 3)[3])

    assert chosen(bob) == {
        "mention": IMMEDIATELY,
        "answer": IMMEDIATELY,
        "thread": NEVER,
        "follower": NEVER,
        "ruling": IMMEDIATELY,
        "approved": IMMEDIATELY,
    }


def test_a_link_works_for_years_and_after_a_change_of_password_and_address(letter, client, alice):
    alice.password, alice.email = PASSWORD + "!", "new@example.org"
    with time_machine.travel(utcnow() + timedelta(days=3650)):
        assert client.post(way_out(letter)).status_code == 200

    assert chosen(alice)["answer"] == NEVER


def test_a_link_dies_with_the_account(letter, client, alice):
    delete_account(alice)

    assert client.post(way_out(letter)).status_code == 400


def made_for(purpose, user, **payload):
    return sign(purpose, {"user": user.id, **payload}, None)


BAD = {
    "mangled": lambda user: user.generate_unsubscribe_token(["answer"])[:-2],
    "for another purpose": lambda user: user.generate_reset_token(),
    "signed for another purpose": lambda user: made_for("confirm", user, kinds=["answer"]),
    "of no kind": lambda user: made_for("unsubscribe", user, kinds=["newsletter"]),
    "run out": lambda user: sign("unsubscribe", {"user": user.id, "kinds": ["answer"]}, -1),
    "nonsense": lambda user: "x" * 3000,
}


def test_a_link_that_is_not_ours_changes_nothing(client, alice):
    before = everything()

    for why, token in BAD.items():
        assert client.post(f"/unsubscribe/{token(alice)}").status_code == 400, why
    assert client.get(f"/unsubscribe/{BAD['mangled'](alice)}").status_code == 400
    assert everything() == before


def test_a_link_for_mails_opens_no_other_door(client, alice):
    token = alice.generate_unsubscribe_token(["answer"])

    for path in ("/auth/confirm/", "/auth/reset-password/", "/auth/revert-email/"):
        assert client.get(path + token).status_code == 400


def test_very_many_may_unsubscribe_from_one_network(app, letter, client):
    app.config["LIMITS"] = app.config["LIMITS"] | {"writing": "2 per minute"}

    assert {client.post(way_out(letter)).status_code for _ in range(4)} == {200}


def test_a_mail_that_left_keeps_no_link_that_works(letter):
    (mail,) = mails()

    assert (mail.state, mail.unsubscribe_url, mail.text) == ("sent", None, "")

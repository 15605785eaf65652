"""What staff did is told to the people concerned, on the site and by email; undo withdraws it."""

from datetime import timedelta

import pytest
import time_machine
from factories import mails, make_comment, make_post, make_report
from sqlalchemy import select

from app.extensions import db
from app.jobs.digests import write_due
from app.models import (
    Appeal,
    AuditEntry,
    CleanUp,
    Notification,
    NotificationChoice,
    Sanction,
    Setting,
)
from app.models.audit.actions import Action
from app.models.content.screening import Hold
from app.models.fields import utcnow
from app.models.mail.outbox import MOST_NEWS
from app.models.moderation.undo import undo
from app.models.notifications.preference import ACT, APPROVED, DAILY, NEVER, Choice

WHO = dict(reason="A reason.")


def in_view(person):
    here = Notification.user_id == person.id, Notification.withdrawn_at.is_(None)
    return db.session.scalars(select(Notification.kind).where(*here)).all()


def decided(outcome):
    def act(alice, post, mona, ada):
        appeal = Appeal.open(Sanction.impose(alice, "silence", by=mona, **WHO), by=alice, body="?")
        appeal.decide(outcome, by=ada, answer="A reason.")

    return act


def answered(alice, post, mona, ada):
    appeal = Appeal.open(Sanction.impose(alice, "silence", by=mona, **WHO), by=alice, body="?")
    appeal.say(by=ada, body="We are looking at it.")


def sanctioned(kind):
    return lambda alice, post, mona, ada: Sanction.impose(alice, kind, by=mona, **WHO)


def lift(alice, post, mona, ada):
    Sanction.impose(alice, "silence", by=mona, **WHO).lift(by=mona, **WHO)


def reinstate(alice, post, mona, ada):
    sanction = Sanction.impose(alice, "silence", by=mona, **WHO)
    sanction.lift(by=mona, **WHO)
    sanction.reinstate(by=mona, **WHO)


def restore(alice, post, mona, ada):
    post.hide(by=mona, reason="Spam.")
    post.restore(by=mona, **WHO)


def reopen(alice, post, mona, ada):
    post.close(by=mona, reason="Enough.")
    post.reopen(by=mona, **WHO)


def decline(alice, post, mona, ada):
    post.hold(Hold("first"))
    post.decline(by=mona, version=1, **WHO)


def approve(alice, post, mona, ada):
    post.hold(Hold("first"))
    post.approve(by=mona, version=1, **WHO)


def clean_up(alice, post, mona, ada):
    CleanUp.ask(alice, utcnow() - timedelta(days=1), by=mona, **WHO)


def undo_clean_up(alice, post, mona, ada):
    CleanUp.under_way(alice).undo(by=mona, **WHO)


DONE = {  # what the member reads, and how it came to that
    "mona hid your post": lambda alice, post, mona, ada: post.hide(by=mona, **WHO),
    "mona restored your post": restore,
    "mona edited your post": lambda alice, post, mona, ada: post.revise("Other.", by=mona, **WHO),
    "ada removed your post": lambda alice, post, mona, ada: post.remove(by=ada, **WHO),
    "mona didn’t approve your post": decline,
    "mona approved your post": approve,
    "mona closed comments on your post": lambda a, post, mona, ada: post.close(by=mona, **WHO),
    "mona reopened comments on your post": reopen,
    "mona sent you a notice": sanctioned("notice"),
    "mona warned you": sanctioned("warning"),
    "mona silenced you": sanctioned("silence"),
    "mona suspended your account": sanctioned("suspension"),
    "mona banned your account": sanctioned("ban"),
    "mona lifted a sanction against you": lift,
    "mona reinstated a sanction against you": reinstate,
    "ada edited your profile": lambda alice, post, mona, ada: alice.edit(
        by=ada, location="Bergen", **WHO
    ),
    "mona hid your posts and comments": clean_up,
    "mona restored your posts and comments": undo_clean_up,
    "ada replied to your appeal": answered,
    "ada accepted your appeal": decided("lifted"),
    "ada declined your appeal": decided("confirmed"),
}


def test_an_answer_that_is_sent_twice_tells_once_and_the_log_has_none_of_its_words(
    app, alice, mona, ada
):
    appeal = Appeal.open(Sanction.impose(alice, "silence", by=mona, **WHO), by=alice, body="?")
    for _ in range(2):
        appeal.say(by=ada, body="Private words.", form_key="k")
    appeal.say(by=alice, body="Thank you.")

    entries = db.session.scalars(AuditEntry.latest().where(AuditEntry.action == "answer appeal"))
    assert [(e.before, e.after, e.reason, e.audience) for e in entries] == [("", "", "", "staff")]
    here = Notification.user_id == alice.id, AuditEntry.action == "answer appeal"
    told = select(Notification).join(AuditEntry, AuditEntry.id == Notification.entry_id)
    assert len(db.session.scalars(told.where(*here)).all()) == 1


def do_all(alice, mona, ada):
    posts = [make_post(alice) for _ in DONE]
    for act, post in zip(DONE.values(), posts, strict=True):
        act(alice, post, mona, ada)


def test_what_staff_did_to_a_member_is_on_their_list_with_a_mark_and_the_reason(
    client, alice, mona, ada
):
    """All at once; a member who is shut out reads them once they are back."""
    do_all(alice, mona, ada)
    for sanction in db.session.scalars(Sanction.of(alice)):
        sanction.lift(by=mona, reason="A reason.")
    client.sign_in(alice)

    Setting.change(posts_per_page=100)
    number = len(in_view(alice))
    assert f'<span class="bell-count">{number}' in client.get("/settings/profile").text
    page = client.get("/notifications").text
    assert [words for words in DONE if words not in page] == []
    assert page.count("A reason.") >= len(DONE)
    telling = {action for action in Action if action.facts.told} - {Action.APPROVE}
    assert telling <= {entry.action for entry in db.session.scalars(AuditEntry.latest())}


def test_each_leads_to_a_page_that_is_there(client, alice, mona, ada):
    do_all(alice, mona, ada)
    for sanction in db.session.scalars(Sanction.of(alice)):
        sanction.lift(by=mona)
    client.sign_in(alice)

    for id in db.session.scalars(select(Notification.id).where(Notification.user_id == alice.id)):
        answer = client.post(f"/notifications/{id}/open")
        assert client.get(answer.location, follow_redirects=True).status_code == 200
    assert "bell-count" not in client.get("/settings/profile").text


def test_an_operator_has_no_name_there(client, alice):
    make_post(alice).hide(by=None, reason="Spam.")
    client.sign_in(alice)

    assert "A moderator hid your post" in client.get("/notifications").text


@pytest.mark.both_databases
def test_an_approval_is_mailed_as_its_author_has_chosen(app, alice, mona):
    def approved():
        post = make_post(alice)
        post.hold(Hold("first"))
        post.approve(by=mona, version=1)
        db.session.commit()
        write_due()
        return [mail.subject for mail in mails("notification")]

    assert approved() == ["[Offbrand] mona approved your post"]
    NotificationChoice.choose(alice, APPROVED, Choice(in_site=False, mail=NEVER))
    assert len(approved()) == 1 and in_view(alice) == [APPROVED]


def test_no_cap_delays_the_mail_about_a_ruling_or_an_approval(app, alice, bob, mona):
    for _ in range(MOST_NEWS + 1):
        make_comment(make_post(alice), bob)
        db.session.commit()
        write_due()
    assert len(mails("notification")) == MOST_NEWS
    make_report(make_post(), by=alice).case.dismiss(by=mona, reason="Fine.")
    db.session.commit()

    write_due()

    assert "mona reviewed your report" in mails("notification")[-1].subject
    assert len(mails("notification")) == MOST_NEWS + 1


def test_the_choices_say_where_at_once_has_a_cap(client, alice):
    client.sign_in(alice)
    page = client.get("/settings/notifications").text

    capped, prompt = f"Immediately, up to {MOST_NEWS} an hour", ">Immediately<"
    assert (page.count(capped), page.count(prompt)) == (4, 2)


# Undo


def last():
    db.session.flush()
    return db.session.scalars(AuditEntry.latest()).first()


HIDDEN = {
    "a comment": lambda post, comment: comment,
    "the post that it answers": lambda post, comment: post,
}


@pytest.mark.parametrize("choose", HIDDEN.values(), ids=HIDDEN)
def test_what_was_hidden_is_news_again_once_it_is_back(client, alice, bob, mona, choose):
    post = make_post(alice)
    comment = make_comment(post, bob)
    (row,) = db.session.scalars(select(Notification))
    row.read_at = read_at = utcnow()
    choose(post, comment).hide(by=mona, reason="Spam.")
    client.sign_in(alice)
    assert "bob commented on your post" not in client.get("/notifications").text

    undo(last(), by=mona)

    assert "bob commented on your post" in client.get("/notifications").text
    db.session.refresh(row)
    assert (row.read_at, row.withdrawn_at) == (read_at, None)


@pytest.mark.both_databases
def test_of_two_that_were_hidden_both_have_to_come_back(app, alice, bob, mona):
    post = make_post(alice)
    comment = make_comment(post, bob)
    comment.hide(by=mona, reason="Spam.")
    post.hide(by=mona, reason="Spam.")

    post.restore(by=mona)
    assert "answer" not in in_view(alice)
    comment.restore(by=mona)
    assert "answer" in in_view(alice)


def test_a_mail_that_waited_leaves_once_the_text_is_back_and_not_before(app, alice, bob, mona):
    NotificationChoice.choose(alice, "answer", Choice(in_site=True, mail=DAILY))
    with time_machine.travel(utcnow(), tick=False) as clock:
        comment = make_comment(make_post(alice), bob)
        comment.hide(by=mona, reason="Spam.")
        clock.shift(timedelta(days=2))
        db.session.commit()
        write_due()
        assert mails("notification") == []

        undo(last(), by=mona)
        db.session.commit()
        write_due()
        assert "bob commented on your post" in mails("notification")[0].subject


@pytest.mark.both_databases
def test_the_acts_of_an_account_that_is_opened_again_are_news_again(app, alice, bob, ada):
    make_comment(make_post(alice), bob)
    bob.deactivate(by=ada)
    assert in_view(alice) == []

    undo(last(), by=ada)
    assert in_view(alice) == ["answer"]


@pytest.mark.both_databases
def test_an_edit_that_named_somebody_is_undone_with_what_told_them(app, alice, bob, mona):
    post = make_post(alice, "Hello.")
    post.revise("Hello @bob.", by=mona, reason="A name.")
    edit = last()

    undo(edit, by=mona)
    assert in_view(bob) == []
    undo(last(), by=mona)
    assert in_view(bob) == ["mention"]


@pytest.mark.both_databases
def test_a_dismissal_that_is_undone_and_that_as_well_tells_once(app, alice, bob, mona):
    make_report(make_post(alice), by=bob).case.dismiss(by=mona, reason="Fine.")
    undo(last(), by=mona)
    assert in_view(bob) == []

    undo(last(), by=mona)
    assert in_view(bob) == ["ruling"]


def test_who_is_muted_meanwhile_is_not_brought_back(app, alice, bob, mona):
    comment = make_comment(make_post(alice), bob)
    comment.hide(by=mona, reason="Spam.")
    alice.mute(bob)
    comment.restore(by=mona)

    assert set(in_view(alice)) == set()


def test_what_its_author_deletes_takes_its_news_along(app, alice, bob, mona):
    comment = make_comment(make_post(alice), bob)
    comment.hide(by=mona, reason="Spam.")
    assert in_view(bob) == [ACT]

    comment.delete()

    assert db.session.scalars(select(Notification)).all() == []

"""Reports: who may report what, once; the text is kept, and the reported never learns who."""

from datetime import timedelta

import pytest
import time_machine
from factories import make_comment, make_post, make_report, make_user

from app.data_export.sections import SECTIONS
from app.extensions import db
from app.models import Case, Report
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation.report import SLOWED
from app.models.retention.erasure import delete_account
from app.models.retention.purge import purge_deleted, purge_removed

SPAM = {"category": "Spam", "reason": "They sell watches."}


def reports():
    return db.session.scalars(db.select(Report).order_by(Report.id)).all()


def cases():
    return db.session.scalars(db.select(Case).order_by(Case.id)).all()


@pytest.fixture
def things(bob):
    post = make_post(bob)
    return {"post": post, "comment": make_comment(post, bob), "user": bob}


def path_to(noun, thing):
    return f"/user/{thing.username}/report" if noun == "user" else f"/{noun}/{thing.id}/report"


@pytest.mark.parametrize("noun", ["post", "comment", "user"])
def test_a_member_reports_a_thing_and_finds_it_among_their_reports(client, alice, things, noun):
    client.sign_in(alice)

    page = client.get(client.post(path_to(noun, things[noun]), data=SPAM).location).text

    (report,) = reports()
    assert "Thanks for your report. A moderator will review it" in page
    assert (report.reporter, report.category, report.reason) == (alice, *SPAM.values())
    assert (report.case.thing, report.case.person) == (things[noun], things["user"])
    assert (report.case.noun, report.case.report_count) == (noun, 1)
    assert "Pending review" in client.get("/reports").text


def test_the_form_shows_what_is_reported_and_the_rules(client, alice, things):
    things["user"].about_me = "All of me."
    client.sign_in(alice)

    for noun, words in {"post": "Hello.", "comment": "An answer.", "user": "All of me."}.items():
        page = client.get(path_to(noun, things[noun])).text
        assert "Something else" in page and "won’t know who reported it" in page
        assert words in page


def test_what_many_report_is_one_case(app, alice, mona, things):
    for thing in things.values():
        make_report(thing, by=alice, category="Hate")
        make_report(thing, by=mona, category="Spam")

    assert [(case.noun, case.report_count) for case in cases()] == [
        ("post", 2),
        ("comment", 2),
        ("user", 2),
    ]
    assert {case.category for case in cases()} == {"Hate"}


def test_a_report_that_is_sent_twice_is_one(client, alice, things):
    client.sign_in(alice)
    path = path_to("post", things["post"])

    answers = [client.post(path, data=SPAM) for _ in range(2)]

    assert [answer.location for answer in answers] == [f"/post/{things['post'].id}"] * 2
    assert len(reports()) == 1 and cases()[0].report_count == 1
    assert "You reported this on" in client.get(path).text


def test_the_report_keeps_the_text_as_it_was(app, alice, things):
    post = things["post"]
    report = make_report(post, by=alice)

    post.edit("Nothing at all.", by=post.author)

    assert (report.body, report.version, post.version) == ("Hello.", 1, 2)
    assert "Hello." in report.html


def test_of_a_member_it_keeps_what_they_say_of_themselves(app, alice, bob):
    bob.about_me = "I sell watches."

    assert make_report(bob, by=alice).body == "I sell watches."


def test_nobody_reports_themselves(client, bob, things):
    client.sign_in(bob)

    for noun, thing in things.items():
        assert client.post(path_to(noun, thing), data=SPAM).status_code == 403
        with pytest.raises(Refused, match="can’t be reported"):
            Report.make(thing, by=bob, category="Spam")
    assert cases() == []


def test_what_a_member_cannot_see_is_not_there_to_report(client, alice, bob, mona):
    post = make_post(mona)
    hidden = {"post": make_post(bob), "comment": make_comment(post, bob), "user": bob}
    for noun in ("post", "comment"):
        hidden[noun].hide(by=mona, reason="Spam.")
    bob.deactivated_at = utcnow()
    client.sign_in(alice)

    for noun, thing in hidden.items():
        assert client.post(path_to(noun, thing), data=SPAM).status_code == 404
    assert cases() == []


def test_others_find_a_link_to_report_and_the_author_does_not(client, alice, bob, things):
    places = {f"/post/{things['post'].id}": ("post", "comment"), "/user/bob": ("user",)}

    for person, offered in ((None, False), (alice, True), (bob, False)):
        if person:
            client.sign_in(person)
        for place, nouns in places.items():
            page = client.get(place).text
            links = [f'href="{path_to(noun, things[noun])}"' in page for noun in nouns]
            assert links == [offered] * len(nouns)


def test_visitors_are_asked_to_sign_in(client, things):
    assert client.get(path_to("post", things["post"])).location.startswith("/auth/login")


def test_a_silenced_member_may_report(client, alice, bob, mona, things):
    alice.silenced_until = utcnow() + timedelta(days=1)
    client.sign_in(alice)

    client.post(path_to("post", things["post"]), data=SPAM)

    assert len(reports()) == 1


SENSELESS = {
    "Choose a reason.": {},
    "Choose one of the options.": {"category": "Envy"},
    "Use at most 500 characters.": {"category": "Spam", "reason": "x" * 501},
    "invisible characters": {"category": "Spam", "reason": "a\u202eb"},
}


def test_a_report_that_makes_no_sense_is_not_made(client, alice, things):
    client.sign_in(alice)

    for words, form in SENSELESS.items():
        page = client.post(path_to("post", things["post"]), data=form)
        assert page.status_code == 200 and words in page.text
    assert cases() == []


def test_the_end_of_a_line_is_one_character(client, alice, things):
    client.sign_in(alice)
    reason = "a\r\n" * 249 + "ab"

    client.post(path_to("post", things["post"]), data={"category": "Spam", "reason": reason})

    assert [len(report.reason) for report in reports()] == [500]


# Again, and again


def test_what_was_looked_at_is_reported_again_only_when_it_has_changed(app, alice, bob, mona):
    post = make_post(bob)
    make_report(post, by=alice).case.dismiss(by=mona, reason="It is fine.")

    with pytest.raises(Refused, match="reviewed on .* and hasn’t changed since"):
        Report.make(post, by=alice, category="Spam")
    post.edit("Buy watches.", by=bob)

    assert Report.make(post, by=alice, category="Spam").case.is_open
    assert len(cases()) == 2


def test_others_may_report_what_was_looked_at(app, alice, bob, mona):
    post = make_post(bob)
    make_report(post, by=alice).case.dismiss(by=mona, reason="It is fine.")

    assert make_report(post, by=make_user()).case.is_open


def test_a_member_may_be_reported_again_after_the_ruling(app, alice, bob, mona):
    first = make_report(bob, by=alice)
    assert make_report(bob, by=alice) is first
    first.case.dismiss(by=mona, reason="It is fine.")

    assert make_report(bob, by=alice) is not first


def test_the_page_says_when_it_was_looked_at(client, alice, bob, mona):
    post = make_post(bob)
    make_report(post, by=alice).case.dismiss(by=mona, reason="It is fine.")
    client.sign_in(alice)

    pages = client.post(f"/post/{post.id}/report", data=SPAM), client.get(f"/post/{post.id}/report")

    assert ["hasn’t changed since." in page.text for page in pages] == [True, True]
    assert len(reports()) == 1


# Whoever reports what is right


def ruled(alice, mona, *, dismissed=0, upheld=0):
    author = make_user()
    cases = [make_report(make_post(author), by=alice).case for _ in range(dismissed + upheld)]
    for case in cases[:dismissed]:
        case.dismiss(by=mona, reason="It is fine.")
    for case in cases[dismissed:]:
        case.uphold(by=mona, reason="Spam.", hides=True)


def test_whoever_is_right_often_enough_reports_freely(app, alice, mona):
    ruled(alice, mona, dismissed=2)
    assert Report.why_slowed(alice) is None

    ruled(alice, mona, upheld=3)
    ruled(alice, mona, dismissed=1)
    assert Report.why_slowed(alice) is None
    assert make_report(by=alice) and make_report(by=alice)


def test_whose_reports_are_dismissed_again_and_again_is_slowed(client, alice, mona):
    ruled(alice, mona, dismissed=3, upheld=1)
    post = make_post()
    client.sign_in(alice)

    page = client.get(f"/post/{post.id}/report").text
    client.post(f"/post/{post.id}/report", data=SPAM)

    assert (
        "3 of your reports were dismissed and 1 upheld. For now you can send one report a day"
        in page
    )
    assert len(reports()) == 4
    with time_machine.travel(utcnow() + SLOWED, tick=False):
        assert make_report(post, by=alice)
        with pytest.raises(Refused, match="one report a day"):
            make_report(by=alice)


def test_what_was_dismissed_long_ago_slows_nobody(app, alice, mona):
    ruled(alice, mona, dismissed=3)

    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        assert make_report(by=alice) and make_report(by=alice)


def test_nobody_sends_many_reports_an_hour(client, app, alice):
    app.config["LIMITS"] = app.config["LIMITS"] | {"reports": "2 per hour"}
    client.sign_in(alice)
    author = make_user()
    paths = [f"/post/{make_post(author).id}/report" for _ in range(3)]

    assert [client.post(path, data=SPAM).status_code for path in paths] == [302, 302, 429]


# What came of it


def test_my_reports_say_what_came_of_them(client, alice, bob, mona):
    make_report(make_post(bob), by=alice).case.uphold(by=mona, reason="This is an ad.", hides=True)
    make_report(make_post(bob), by=alice).case.dismiss(by=mona, reason="It is fine.")
    make_report(bob, by=bob and make_user())
    client.sign_in(alice)

    page = client.get("/reports").text

    assert "This is an ad." in page and "It is fine." in page
    assert page.count("A post by bob") == 2
    assert ">Hidden<" in page and ">Dismissed<" in page
    assert "Pending review" not in page


def test_a_page_without_reports_says_how_to_report(client, alice):
    client.sign_in(alice)

    assert "No reports yet." in client.get("/reports").text


def test_hidden_and_deleted_things_are_not_linked_nor_told(client, alice, bob, mona):
    hidden, deleted = make_post(bob, "Buy watches."), make_post(bob, "Buy rings.")
    for post in (hidden, deleted):
        make_report(post, by=alice)
    hidden.hide(by=mona, reason="Spam.")
    deleted.delete()
    client.sign_in(alice)

    page = client.get("/reports").text

    assert "watches" not in page and "rings" not in page
    assert f'href="/post/{hidden.id}"' not in page and f'href="/post/{deleted.id}"' not in page


def test_reports_outlive_what_they_are_about_and_who_made_them(client, alice, bob, mona, ada):
    post = make_post(bob)
    report = make_report(post, by=alice)
    make_report(bob, by=alice)
    delete_account(bob, by=ada, removes_writing=True)
    db.session.commit()
    client.sign_in(alice)
    assert "A deleted post by a deleted member" in client.get("/reports").text

    delete_account(alice, by=ada)
    db.session.commit()

    assert (report.reporter, report.case.thing, report.body) == (None, None, "Hello.")


def test_a_settled_report_keeps_nothing_of_a_text_that_is_gone_for_good(app, bob, mona, ada):
    def reported(text):
        report = make_report(text)
        report.case.dismiss(by=ada, reason="No.")
        return report

    post, carl = make_post(mona), make_user()
    texts = [make_post(bob), make_comment(post, bob), make_post(bob), make_comment(post, bob)]
    below, those_of_carl = make_post(bob), [make_post(carl), make_comment(post, carl)]
    gone = [reported(text) for text in [*texts, make_comment(below, bob), *those_of_carl]]
    stays = reported(post)

    for text in (*texts[:2], below):
        delete_long_ago(text)
    for text in texts[2:]:
        text.remove(by=ada, reason="It has to go.")
        purge_removed(text)
    delete_account(carl, by=ada, removes_writing=True)
    db.session.commit()
    purge_deleted()
    db.session.expire_all()

    assert [(report.case.thing, report.body, report.body_html) for report in gone] == [
        (None, "", "")
    ] * len(gone)
    assert (gone[0].reason, stays.body) == ("Look at this.", "Hello.")


def delete_long_ago(text):
    text.delete()
    text.deleted_at = utcnow() - timedelta(days=31)


@pytest.mark.parametrize("noun", ["post", "user"])
def test_with_what_is_gone_the_copy_goes_once_it_is_ruled_on(client, alice, bob, mona, ada, noun):
    bob.about_me = "Hello."
    report = make_report(make_post(bob) if noun == "post" else bob, by=alice)
    delete_account(bob, by=ada, removes_writing=True)
    db.session.commit()
    client.sign_in(mona)
    path = f"/moderation/case/{report.case_id}"
    assert "Hello." in client.get(path).text

    client.post(f"{path}/rule", data={"ruling": "dismiss", "reason": "Gone."})

    db.session.expire_all()
    assert (report.case.outcome, report.body) == ("dismissed", "")
    page = client.get(path).text
    assert "deleted member" in page and "Hello." not in page


def test_what_was_said_of_oneself_goes_with_the_account(app, alice, bob, mona, ada):
    bob.about_me = "I sell watches."
    of_bob, of_post = make_report(bob, by=alice), make_report(make_post(bob), by=alice)
    for report in (of_bob, of_post):
        report.case.dismiss(by=mona, reason="No.")

    delete_account(bob, by=ada)
    db.session.commit()
    db.session.expire_all()

    assert (of_bob.body, of_post.body) == ("", "Hello.")


def test_members_take_along_what_they_reported_and_not_who_reported_them(app, alice, bob, mona):
    make_report(bob, by=alice, reason="They sell watches.").case.dismiss(by=mona, reason="No.")
    (section,) = [section for section in SECTIONS if section.name == "reports"]

    ((row,),) = section.batches(alice.id)

    assert (row["about"], row["by"], row["reason"]) == ("user", "bob", "They sell watches.")
    assert (row["outcome"], row["ruling"]) == ("dismissed", "No.")
    assert "body" not in row  # which others wrote, and may have been hidden since
    assert list(section.batches(bob.id)) == []

"""Appeals: who may, once, against what; the thread; who decides, and what comes of it."""

from datetime import timedelta

import pytest
from factories import everything, keep, link_in, mails, make_comment, make_post, make_user
from sqlalchemy import select
from test_queries import count

from app.extensions import db
from app.models import Appeal, AppealMessage, AuditEntry, Case, Report, Sanction, Setting
from app.models.content.screening import Hold
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation.ruling import Penalty
from app.models.retention.erasure import delete_account

WHY = "It was a <b>joke</b>."


@pytest.fixture
def olga(app):
    return make_user("olga", role="Moderator")


@pytest.fixture
def silence(alice, mona):
    return Sanction.impose(alice, "silence", by=mona, reason="Spam.")


@pytest.fixture
def appeal(silence, alice):
    return Appeal.open(silence, by=alice, body=WHY)


@pytest.fixture
def hidden(alice, mona):
    post = make_post(alice, "Buy this.")
    post.hide(by=mona, reason="Spam.")
    return post


def write(client, path, body=WHY, key="k1"):
    return client.post(path, data={"body": body, "key": key})


def decide(client, appeal, answer="I have looked at it.", **choice):
    path = f"/moderation/appeals/{getattr(appeal, 'id', appeal)}/decide"
    return client.post(path, data={"reason": answer, **(choice or {"lift": "y"})})


def messages():
    return db.session.scalars(select(AppealMessage).order_by(AppealMessage.id)).all()


def appeals():
    return db.session.scalars(select(Appeal)).all()


def acts():
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_type) for entry in entries]


# Appealing


def test_a_member_appeals_against_a_sanction(client, alice, mona):
    made = Sanction.impose(alice, "ban", by=mona, reason="Spam.")
    client.sign_in(alice)
    assert "Spam." in client.get(f"/standing/sanction/{made.id}/appeal").text

    answer = write(client, f"/standing/sanction/{made.id}/appeal")
    page = client.get(answer.location).text

    (appeal,) = appeals()
    assert appeal.is_open and (appeal.user, appeal.matter) == (alice, made)
    assert "It was a &lt;b&gt;joke&lt;/b&gt;." in page and "alice" in page
    assert answer.location == client.get(f"/standing/sanction/{made.id}/appeal").location


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_a_member_appeals_against_a_hidden_text_each_time_it_is_hidden(client, alice, mona, make):
    text = make(author=alice)
    path = f"/standing/{text.noun}/{text.id}/appeal"
    client.sign_in(alice)
    assert "isn’t hidden" in write(client, path).text and appeals() == []

    for number in (1, 2):
        text.hide(by=mona, reason="Spam.")
        write(client, path, key=f"k{number}")
        assert len(appeals()) == len(messages()) == number
        text.restore(by=mona)


def test_a_double_click_appeals_once_and_another_window_adds_to_the_thread(client, alice, silence):
    """R-96."""
    client.sign_in(alice)
    path = f"/standing/sanction/{silence.id}/appeal"

    places = {write(client, path).location for _ in "12"}
    places |= {write(client, path, "And besides.", key="k2").location}

    assert len(places) == len(appeals()) == 1
    assert [message.body for message in messages()] == [WHY, "And besides."]


def test_a_form_that_comes_back_with_other_words_adds_them(client, alice, mona, hidden, silence):
    client.sign_in(alice)
    path = f"/standing/sanction/{silence.id}/appeal"
    thread = write(client, path).location
    write(client, thread, "Other words, after a step back.")
    write(client, f"/standing/post/{hidden.id}/appeal", "About the post.")

    threads = [[m.body for m in AppealMessage.of(appeal)] for appeal in appeals()]
    assert threads == [[WHY, "Other words, after a step back."], ["About the post."]]


def test_what_waits_for_approval_is_no_matter(client, alice, mona, hidden):
    post = make_post(alice, "Waits.", held_at=utcnow(), hidden_at=utcnow())
    client.sign_in(alice)
    path = f"/standing/post/{post.id}/appeal"

    assert "is pending review" in client.get(path).text
    assert "is pending review" in write(client, path).text
    assert appeals() == [] and "Waits." not in client.get("/standing").text


def test_nonsense_appeals_for_nothing(client, alice, silence):
    """R-88."""
    client.sign_in(alice)

    for body in ("  ", "x" * 4001, "a\u202eb", ["one", "two"]):
        page = write(client, f"/standing/sanction/{silence.id}/appeal", body)
        assert (page.status_code, "field-error" in page.text) == (200, True)
    assert appeals() == []


def test_what_is_over_or_lifted_needs_no_appeal(client, alice, mona, silence):
    over = Sanction.impose(alice, "silence", by=mona, reason="", until=utcnow() + timedelta(1))
    over.until = utcnow() - timedelta(1)
    silence.lift(by=mona)
    client.sign_in(alice)

    for one, words in ((over, "has already expired"), (silence, "was already lifted")):
        assert words in client.get(f"/standing/sanction/{one.id}/appeal").text
        assert words in write(client, f"/standing/sanction/{one.id}/appeal").text
    assert appeals() == []


def test_nobody_appeals_for_another_or_reads_their_thread(client, bob, mona, hidden, appeal):
    """R-78."""
    paths = [f"/standing/sanction/{appeal.sanction_id}/appeal", f"/standing/appeal/{appeal.id}"]
    paths += [f"/standing/post/{hidden.id}/appeal"]

    for person in (bob, mona):
        client.sign_in(person)
        for path in paths:
            assert client.get(path).status_code == write(client, path).status_code == 404
    assert len(messages()) == 1


def test_what_is_not_there_is_a_404(client, alice):
    """R-86."""
    client.sign_in(alice)

    for path in ("sanction/{}/appeal", "post/{}/appeal", "comment/{}/appeal"):
        assert client.get("/standing/" + path.format("4711")).status_code == 404
        assert write(client, "/standing/" + path.format("2147483648")).status_code == 404
    assert client.get("/standing/sanction/x/appeal").status_code == 404


def test_a_text_that_its_author_deleted_is_no_matter(client, alice, hidden):
    hidden.delete()
    client.sign_in(alice)

    assert write(client, f"/standing/post/{hidden.id}/appeal").status_code == 404


def test_one_can_appeal_while_the_site_is_frozen(client, alice, mona):
    made = Sanction.impose(alice, "suspension", by=mona, reason="Spam.")
    Setting.change(frozen=True)
    client.sign_in(alice)

    answer = write(client, f"/standing/sanction/{made.id}/appeal")

    assert write(client, answer.location, "More.", key="k2").status_code == 302
    assert len(messages()) == 2


def test_too_many_messages_wait_and_what_was_typed_is_kept(app, client, alice, appeal, monkeypatch):
    limits = app.config["LIMITS"] | {"appeal messages": "2 per hour"}
    monkeypatch.setitem(app.config, "LIMITS", limits)
    client.sign_in(alice)
    path = f"/standing/appeal/{appeal.id}"

    statuses = [write(client, path, f"Text {n}.", key=str(n)).status_code for n in range(3)]
    page = write(client, path, "Text 3.", key="3")

    assert statuses == [302, 302, 429]
    assert "Text 3.</textarea>" in page.text and "minutes" in page.text
    assert len(messages()) == 3


# The thread


def test_both_sides_write_and_the_member_is_told_by_mail(client, alice, mona, appeal):
    client.sign_in(mona)
    for _ in "12":
        write(client, f"/moderation/appeals/{appeal.id}", "What was the joke?")
    (mail,) = mails("appeal_answered")
    client.sign_in(alice)
    page = client.get(link_in(mail)).text

    assert "What was the joke?" in page and "mona</strong> <span" in page
    assert "What was the joke?" not in mail.text
    write(client, link_in(mail), "The bread.", key="k3")
    assert [(m.author_name, m.by_staff) for m in messages()] == [
        ("alice", False),
        ("mona", True),
        ("alice", False),
    ]


def test_nothing_is_added_once_it_is_decided(client, alice, mona, appeal):
    appeal.decide("confirmed", by=mona, answer="No.")
    for person, path in ((alice, "/standing/appeal"), (mona, "/moderation/appeals")):
        client.sign_in(person)
        page = write(client, f"{path}/{appeal.id}", "One more thing.")
        assert (
            page.status_code == 403 and "already decided" in page.text and "One more" in page.text
        )
    assert len(messages()) == 1 and mails() == []


def test_staff_of_the_same_rank_reads_but_does_not_answer(client, ada, mona, olga):
    made = Sanction.impose(mona, "warning", by=ada, reason="Be kind.")
    appeal = Appeal.open(made, by=mona, body=WHY)
    client.sign_in(olga)

    page = client.get(f"/moderation/appeals/{appeal.id}").text

    assert "has the same rank" in page and 'name="lift"' not in page
    decide(client, appeal)
    assert appeal.is_open and mona.may_speak


def test_staff_who_appeal_do_not_learn_how_many_reported_them(client, ada, mona):
    appeal = Appeal.open(
        Sanction.impose(mona, "warning", by=ada, reason="Spam."), by=mona, body=WHY
    )
    seen = []
    for person in (mona, ada):
        client.sign_in(person)
        seen.append("led to it" in client.get(f"/moderation/appeals/{appeal.id}").text)
    assert seen == [False, True]


def test_nobody_decides_on_their_own_appeal(client, ada, mona):
    made = Sanction.impose(mona, "silence", by=ada, reason="Be kind.")
    appeal = Appeal.open(made, by=mona, body=WHY)
    client.sign_in(mona)

    decide(client, appeal)

    assert appeal.is_open and mona.is_silenced
    assert "You can’t do this to yourself" in client.get(f"/moderation/appeals/{appeal.id}").text


def test_a_member_does_not_learn_who_reported(client, alice, bob, mona, hidden):
    case = keep(Case(noun="post", category="Spam", post=hidden, person=alice, report_count=1))
    keep(Report(case=case, reporter=bob, category="Spam", reason="Bob says so."))
    appeal = Appeal.open(hidden, by=alice, body=WHY)
    client.sign_in(alice)
    page = client.get(f"/standing/appeal/{appeal.id}").text.partition("<main")[2]
    assert "bob" not in page.lower() and "report" not in page

    client.sign_in(mona)
    assert "1 report led to it" in client.get(f"/moderation/appeals/{appeal.id}").text


# Deciding


@pytest.mark.parametrize("choice, outcome", [("lift", "lifted"), ("confirm", "confirmed")])
def test_another_moderator_decides_and_the_member_is_told(
    client, alice, olga, appeal, silence, choice, outcome
):
    client.sign_in(olga)

    decide(client, appeal, "I have <b>looked</b>.", **{choice: "y"})

    (mail,) = mails("appeal_decided")
    assert (appeal.outcome, appeal.decided_by) == (outcome, "olga")
    assert silence.is_lifted is alice.may_speak is (choice == "lift")
    lift = [("lift sanction", "olga", "user")] * (choice == "lift")
    verdict = "accept appeal" if lift else "decline appeal"
    assert acts() == [("silence", "mona", "user"), (verdict, "olga", "appeal"), *lift]
    assert "> I have <b>looked</b>." in mail.text
    client.sign_in(alice)
    page = client.get(link_in(mail)).text
    assert "I have &lt;b&gt;looked&lt;/b&gt;." in page and 'name="body"' not in page


def test_a_text_is_shown_again_or_stays_hidden(client, alice, mona, olga):
    client.sign_in(olga)
    post = make_post(alice)
    for text, choice in ((post, "lift"), (make_comment(post, alice), "confirm")):
        text.hide(by=mona, reason="Spam.")
        appeal = Appeal.open(text, by=alice, body=WHY)

        decide(client, appeal, **{choice: "y"})

        assert text.is_shown is (choice == "lift") and not appeal.is_open


def test_who_did_it_decides_only_where_there_is_nobody_else(client, alice, mona, hidden, appeal):
    other = Appeal.open(hidden, by=alice, body=WHY)
    olga = make_user("olga", role="Moderator")
    client.sign_in(mona)
    for one in (appeal, other):
        decide(client, one)
        assert one.is_open
        assert "another moderator decides" in client.get(f"/moderation/appeals/{one.id}").text

    olga.deactivate(by=None)
    for one in (appeal, other):
        decide(client, one)
        assert not one.is_open


def test_whose_name_stands_at_the_hidden_text_has_hidden_it(alice, mona, olga):
    """As after a clean-up, which is one entry in the log for many texts."""
    post = make_post(alice)
    post.hidden_at, post.hidden_by = utcnow(), "mona"
    appeal = Appeal.open(post, by=alice, body=WHY)

    assert "another moderator" in appeal.why_not_decided_by(mona)
    assert appeal.why_not_decided_by(olga) is None


def test_who_declined_what_waited_has_hidden_it_also_under_another_name(alice, mona, olga, ada):
    post = make_post(alice)
    post.hold(Hold("first"))
    post.decline(by=mona, version=post.version, reason="Spam.")
    mona.edit(by=ada, username="monika")
    appeal = Appeal.open(post, by=alice, body=WHY)

    assert "another moderator" in appeal.why_not_decided_by(mona)


def unconfirmed(olga):
    olga.confirmed_at = None


def suspended(olga):
    Sanction.impose(olga, "suspension", by=None, reason="")


def leaving(olga):
    olga.leaving_at = utcnow()


def test_who_cannot_decide_just_now_does_not_count(mona, appeal):
    for away in (unconfirmed, suspended, leaving):
        olga = make_user(role="Moderator")
        assert appeal.why_not_decided_by(mona)
        away(olga)
        db.session.flush()

        assert appeal.why_not_decided_by(mona) is None


def test_only_who_has_the_rank_counts(ada, mona, olga):
    """For a sanction of a moderator another moderator is nobody."""
    made = Sanction.impose(mona, "warning", by=ada, reason="Be kind.")
    appeal = Appeal.open(made, by=mona, body=WHY)
    assert appeal.why_not_decided_by(ada) is None

    make_user("eve", role="Administrator")
    assert "another moderator" in appeal.why_not_decided_by(ada)


def test_without_a_proper_answer_or_choice_nothing_is_decided(client, olga, appeal):
    """R-88."""
    client.sign_in(olga)

    for answer in (" ", "x" * 501, "see example.org/x"):
        page = decide(client, appeal, answer)
        assert page.status_code == 200 and "field-error" in page.text
    for choice in ({"lift": "y", "confirm": "y"}, {"x": "y"}):
        assert "Choose Lift or Confirm" in decide(client, appeal, **choice).text
    assert appeal.is_open


def test_what_is_decided_stays_decided(client, olga, appeal):
    client.sign_in(olga)
    decide(client, appeal)

    page = decide(client, appeal, confirm="y").text

    assert "This was already decided." in page
    assert (appeal.outcome, len(mails("appeal_decided")), len(acts())) == ("lifted", 1, 3)


def test_what_was_lifted_meanwhile_can_only_be_lifted(client, alice, mona, olga, appeal, silence):
    silence.lift(by=mona, reason="A mistake.")
    client.sign_in(olga)

    page = decide(client, appeal, confirm="y").text
    assert "nothing left to uphold" in page and appeal.is_open
    decide(client, appeal)

    assert appeal.outcome == "lifted"
    assert [act for act, *_ in acts()] == ["silence", "lift sanction", "accept appeal"]


def test_what_is_over_meanwhile_can_be_lifted_so_that_it_is_no_strike(
    client, olga, silence, appeal
):
    silence.until = utcnow() - timedelta(days=1)
    client.sign_in(olga)

    decide(client, appeal)

    assert silence.is_lifted and not silence.is_strike


def test_a_text_that_was_hidden_anew_is_another_matter(alice, mona, olga, hidden):
    appeal = Appeal.open(hidden, by=alice, body=WHY)
    hidden.restore(by=mona)
    hidden.hide(by=mona, reason="Still spam.")

    with pytest.raises(Refused, match="nothing left to uphold"):
        appeal.decide("confirmed", by=olga, answer="No.")
    appeal.decide("lifted", by=olga, answer="Yes.")

    assert hidden.is_hidden and Appeal.of(hidden) is None


def test_a_text_that_is_gone_for_good_cannot_be_restored(client, alice, olga, hidden):
    appeal = Appeal.open(hidden, by=alice, body=WHY)
    db.session.delete(hidden)
    client.sign_in(olga)

    assert "nothing can be restored" in decide(client, appeal).text
    assert "deleted for good" in client.get(f"/moderation/appeals/{appeal.id}").text
    assert "a deleted post or comment" in client.get("/moderation/appeals").text
    decide(client, appeal, confirm="y")

    assert appeal.outcome == "confirmed"
    client.sign_in(alice)
    assert client.get(f"/standing/appeal/{appeal.id}").status_code == 200


def test_a_text_that_its_author_deleted_meanwhile_is_restored_for_the_record(alice, olga, hidden):
    appeal = Appeal.open(hidden, by=alice, body=WHY)
    hidden.delete()

    appeal.decide("lifted", by=olga, answer="Yes.")

    assert hidden.is_deleted and not hidden.is_hidden


def test_with_an_account_its_appeals_go(client, alice, mona, ada, appeal):
    id = appeal.id
    write_to = f"/moderation/appeals/{id}"
    delete_account(alice, by=ada)
    client.sign_in(mona)

    assert client.get(write_to).status_code == decide(client, id).status_code == 404
    tables = everything()
    assert not (tables["appeals"] or tables["appeal_messages"] or tables["sanctions"])


def test_what_staff_said_stays_when_they_are_gone(client, alice, ada, mona, appeal):
    appeal.say(by=mona, body="What was the joke?")
    delete_account(mona, by=ada)
    client.sign_in(alice)

    assert "What was the joke?" in client.get(f"/standing/appeal/{appeal.id}").text
    assert appeal.why_not_decided_by(ada) is None


# The list


def test_the_list_has_the_oldest_first_and_those_decided_apart(client, alice, mona, olga, hidden):
    made = [Sanction.impose(alice, "warning", by=mona, reason="") for _ in "12"]
    first, second = [Appeal.open(one, by=alice, body=WHY) for one in made]
    third = Appeal.open(hidden, by=alice, body=WHY)
    client.sign_in(olga)
    assert '<span class="nav-count">3' in client.get("/moderation/").text
    second.decide("lifted", by=olga, answer="Yes.")

    page, decided = (client.get(f"/moderation/appeals{q}").text for q in ("", "?state=decided"))

    assert page.index(f"appeals/{first.id}") < page.index(f"appeals/{third.id}")
    assert f"appeals/{second.id}" not in page and "Buy this." in page
    assert f"appeals/{second.id}" in decided and "lifted by olga" in decided
    assert '<span class="nav-count">2' in page


def test_an_empty_list_says_so(client, mona):
    client.sign_in(mona)

    assert "All caught up" in client.get("/moderation/appeals").text
    assert "No decisions yet" in client.get("/moderation/appeals?state=decided").text


def test_the_lists_and_a_thread_cost_the_same_however_many_there_are(
    client, alice, bob, mona, olga
):
    client.sign_in(olga)
    empty = [count(client, f"/moderation/appeals{query}") for query in ("", "?state=decided")]
    for number in range(2):
        person = make_user()
        post = make_post(person)
        comment = make_comment(post, person)
        made = Sanction.impose(person, "warning", by=mona, reason="")
        for text in (post, comment):
            text.hide(by=mona, reason="Spam.")
        for matter in (post, comment, made):
            appeal = Appeal.open(matter, by=person, body=WHY)
            if number % 2:
                appeal.decide("lifted", by=olga, answer="Yes.")
    one = Appeal.open(Sanction.impose(bob, "ban", by=mona, reason=""), by=bob, body=WHY)
    before = count(client, f"/moderation/appeals/{one.id}")
    for number in range(2):
        one.say(by=(bob, olga)[number % 2], body=WHY)

    full = [count(client, f"/moderation/appeals{query}") for query in ("", "?state=decided")]

    assert empty == full == [2, 2]
    assert count(client, f"/moderation/appeals/{one.id}") == before <= 6


# A ruling that hides and sanctions is one decision


@pytest.fixture
def both(alice, bob, mona):
    """What one ruling came to: the hidden post, and the sanction of its author."""
    post = make_post(alice, "Buy this.")
    case = Report.make(post, by=bob, category="Spam").case
    made = case.uphold(by=mona, reason="An ad.", hides=True, penalty=Penalty("silence"))
    return post, made.sanction


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [0, 1], ids=["of the text", "of the sanction"])
def test_one_appeal_is_about_all_of_a_decision_and_lifts_it_whole(app, both, alice, olga, number):
    appeal = Appeal.open(both[number], by=alice, body=WHY)
    assert [Appeal.of(part) for part in both] == [appeal, appeal]
    assert Appeal.open(both[1 - number], by=alice, body="And that.") is appeal

    appeal.decide("lifted", by=olga, answer="It was a joke.")

    assert (both[0].is_hidden, both[1].is_lifted, alice.is_silenced) == (False, True, False)


def test_what_is_left_of_a_decision_can_be_appealed_against_and_is_lifted(app, both, alice, olga):
    post, sanction = both
    sanction.lift(by=olga)
    assert Appeal.why_not_against(sanction) is None

    Appeal.open(post, by=alice, body=WHY).decide("lifted", by=olga, answer="That too.")

    assert not post.is_hidden


def test_what_was_hidden_again_since_is_a_decision_of_its_own(app, both, alice, mona, olga):
    post, sanction = both
    post.restore(by=olga)
    post.hide(by=mona, reason="Again.")

    appeal = Appeal.open(sanction, by=alice, body=WHY)
    assert Appeal.of(post) is None
    appeal.decide("lifted", by=olga, answer="Right.")
    assert post.is_hidden


def test_the_pages_say_that_it_is_one_decision(client, both, alice, olga):
    post, sanction = both
    client.sign_in(alice)
    assert "One appeal covers both" in client.get("/standing").text
    place = write(client, f"/standing/post/{post.id}/appeal").location

    assert client.get(f"/standing/sanction/{sanction.id}/appeal").location == place
    assert client.get("/standing").text.count("Your appeal is pending") == 2
    client.sign_in(olga)
    (appeal,) = appeals()
    assert "Buy this." in client.get(f"/moderation/appeals/{appeal.id}").text
    decide(client, appeal)
    assert (post.is_hidden, sanction.is_lifted) == (False, True)

"""The queue: what waits, who claimed it, the rulings and whom they reach."""

import re
from datetime import timedelta

import pytest
import time_machine
from factories import keep, mails, make_comment, make_post, make_report, make_user

from app.extensions import db
from app.models import Appeal, AuditEntry, Notification, Role, Sanction, Setting
from app.models.content.screening import Hold
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation.case import CLAIM
from app.models.moderation.case_queue import CaseList, records_of
from app.models.moderation.notification_cards import notification_cards
from app.models.moderation.ruling import Penalty
from app.models.retention.erasure import delete_account
from app.moderation.case_forms import RulingForm

WEEK = {"kind": "suspension", "lasts": "7"}
AD = "This is advertising or spam, which the rules of this site do not allow."


@pytest.fixture
def moderator(client, mona):
    client.sign_in(mona)
    return client


@pytest.fixture
def case(alice, bob):
    """Alice reports a post of Bob."""
    return make_report(make_post(bob, "Buy watches."), by=alice).case


def rule(client, case, **form):
    return client.post(f"/moderation/case/{case.id}/rule", data={"reason": "An ad.", **form})


def acts():
    rows = db.session.scalars(AuditEntry.latest()).all()
    return [(row.action, row.target_type, row.target_id, row.reason) for row in rows]


def listed(client, query=""):
    """The ids of the cases on the page."""
    page = client.get(f"/moderation/{query}").text
    return [int(part.split('"')[0]) for part in page.split('<h2 id="case-')[1:]]


# The list


def test_the_queue_shows_the_longest_waiting_first_and_what_there_is_to_know(
    moderator, alice, bob, mona
):
    post = make_post(bob, "Buy watches.")
    first = make_report(post, by=alice).case
    make_report(post, by=make_user(), category="Hate")
    second = make_report(alice).case
    Sanction.impose(bob, "warning", by=mona, reason="Once before.")

    page = moderator.get("/moderation/").text

    assert listed(moderator) == [first.id, second.id]
    assert "2 reports" in page and "Hate, Spam" in page and "Buy watches." in page
    assert "1 strike" in page and "A post by bob" in page
    assert '<span class="nav-count">2' in page


def test_an_empty_queue_says_so(moderator):
    assert "All caught up." in moderator.get("/moderation/").text


NARROWED = {
    "": ["post", "comment", "user", "mine"],
    "?noun=comment": ["comment"],
    "?category=Hate": ["comment"],
    "?person=BOB": ["post", "mine"],
    "?claimed=mine": ["mine"],
    "?claimed=nobody": ["post", "comment", "user"],
    "?state=settled&category=Hate": [],
    "?noun=planet&person=nobody&after=nonsense": ["post", "comment", "user", "mine"],
}


def test_the_queue_can_be_narrowed(moderator, alice, bob, mona):
    cases = {"post": make_report(make_post(bob)).case}
    cases["comment"] = make_report(make_comment(author=alice), category="Hate").case
    cases["user"] = make_report(make_user()).case
    cases["mine"] = make_report(make_post(bob)).case
    cases["mine"].claim(by=mona)
    cases["settled"] = make_report(make_post(bob)).case
    cases["settled"].dismiss(by=mona, reason="It is fine.")
    names = {case.id: name for name, case in cases.items()}

    found = {query: [names[id] for id in listed(moderator, query)] for query in NARROWED}

    assert found == NARROWED


def test_a_long_queue_has_pages_that_keep_the_filters(moderator, alice, bob):
    Setting.change(posts_per_page=5)
    made = [make_report(make_post(bob), by=alice).case.id for _ in range(7)]
    make_report(by=alice)

    page = moderator.get("/moderation/?person=bob").text
    after = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")

    assert listed(moderator, "?person=bob") == made[:5]
    assert listed(moderator, after.removeprefix("/moderation/")) == made[5:]


def test_what_settled_last_comes_first(moderator, mona):
    cases = [make_report().case for _ in range(2)]
    for case in reversed(cases):
        case.dismiss(by=mona, reason="It is fine.")

    assert listed(moderator, "?state=settled") == [case.id for case in cases]
    assert "Dismissed by mona" in moderator.get("/moderation/?state=settled").text


def test_what_is_about_a_moderator_is_nothing_to_them(moderator, alice, mona):
    """They would learn who reported them."""
    case = make_report(mona, by=alice).case

    assert listed(moderator) == listed(moderator, "?person=mona") == []
    assert "nav-count" not in moderator.get("/").text
    assert moderator.get(f"/moderation/case/{case.id}").status_code == 404
    assert rule(moderator, case, ruling="dismiss").status_code == 404
    with pytest.raises(Refused, match="This is about you"):
        case.dismiss(by=mona, reason="I am fine.")


# Claimed


def test_one_moderator_has_a_case_in_hand_and_the_others_see_it(client, case, mona, ada):
    client.sign_in(mona)
    assert client.post(f"/moderation/case/{case.id}/claim").location.endswith(f"/{case.id}")
    client.sign_in(ada)

    page = client.get(f"/moderation/case/{case.id}").text
    client.post(f"/moderation/case/{case.id}/claim")
    rule(client, case, ruling="dismiss")

    assert "Claimed by mona" in client.get("/moderation/").text
    assert "mona claimed this until" in page and 'name="ruling"' not in page
    assert (case.claimed_by, case.is_open) == (mona, True)


def test_a_claim_lapses(app, case, mona, ada):
    case.claim(by=mona)

    with time_machine.travel(utcnow() + CLAIM, tick=False):
        assert not case.is_claimed and case.why_not_ruled_by(ada) is None
        case.claim(by=ada)
    assert case.claimed_by is ada


def test_a_claim_can_be_released_by_whoever_has_it(client, case, mona, ada):
    case.claim(by=mona)
    assert case.release(by=ada) is False
    client.sign_in(mona)

    answer = client.post(f"/moderation/case/{case.id}/release")

    assert answer.location == "/moderation/" and not case.is_claimed
    assert case.release(by=mona) is False


def test_claims_are_not_in_the_log(app, case, mona):
    case.claim(by=mona)
    case.release(by=mona)

    assert acts() == []


# The page of a case


def test_the_page_shows_the_reports_and_what_happened_before(moderator, alice, bob, mona):
    post = make_post(bob, "Buy watches.")
    make_report(bob, by=alice).case.dismiss(by=mona, reason="No pattern yet.")
    Sanction.impose(bob, "warning", by=mona, reason="The first time.")
    case = make_report(post, by=alice, reason="It is the third today.").case
    post.edit("Buy rings.", by=bob)

    page = moderator.get(f"/moderation/case/{case.id}").text

    for words in ("It is the third today.", ">alice</a>", "No pattern yet.", "The first time."):
        assert words in page
    assert "Changes since version 1 was reported" in page and "<del>" in page
    assert AD in page  # the reason begins as the rules have it


def test_a_case_that_is_not_there_is_a_404(moderator):
    assert moderator.get("/moderation/case/7").status_code == 404
    for verb in ("claim", "release", "rule"):
        assert moderator.post(f"/moderation/case/7/{verb}").status_code == 404


# Rulings


def test_a_dismissal_leaves_all_as_it_is_and_is_in_the_log(moderator, case):
    post = case.post

    answer = rule(moderator, case, ruling="dismiss", reason="It is fine.")

    assert (case.outcome, case.settled_by, case.ruling) == ("dismissed", "mona", "It is fine.")
    assert not post.is_hidden and answer.location == "/moderation/"
    assert acts() == [("dismiss reports", "case", case.id, "It is fine.")]
    assert mails("text_hidden") == []


def test_the_reason_of_the_rules_is_not_that_of_a_dismissal(moderator, case):
    rule(moderator, case, ruling="dismiss", reason=AD)

    assert case.ruling == "This doesn’t break the rules of this site."


def test_a_text_is_hidden_and_its_author_told(moderator, case, bob):
    rule(moderator, case, ruling="hide")

    assert case.post.hidden_reason == "An ad." and case.outcome == "hidden"
    assert acts() == [("hide", "post", case.post_id, "An ad.")]
    (mail,) = mails("text_hidden")
    assert mail.recipient == bob.email and "An ad." in mail.text
    assert bob.silenced_until is None


@pytest.mark.parametrize(
    "form, kind, days",
    [
        (WEEK, "suspension", 7),
        ({"kind": "silence", "lasts": "never"}, "silence", None),
    ],
)
def test_a_text_is_hidden_and_its_author_sanctioned(moderator, case, bob, form, kind, days):
    rule(moderator, case, ruling="sanction", **form)

    (sanction,) = db.session.scalars(Sanction.of(bob)).all()
    assert (sanction.kind, sanction.case_id, sanction.reason) == (kind, case.id, "An ad.")
    assert case.post.is_hidden and case.outcome == "hidden and sanctioned"
    assert len(acts()) == 2 and acts()[1][0] == "hide"
    assert [mail.recipient for mail in mails("sanctioned")] == [bob.email]
    if days:
        assert abs(sanction.until - utcnow() - timedelta(days=days)) < timedelta(minutes=1)
    else:
        assert sanction.until is None


def test_a_sanction_lasts_to_a_moment(moderator, case, bob):
    moment = (utcnow() + timedelta(days=9)).replace(second=0, microsecond=0)
    form = {"kind": "silence", "lasts": "at", "until": f"{moment:%Y-%m-%dT%H:%M}"}

    rule(moderator, case, ruling="sanction", **form)

    assert bob.silenced_until == moment


def test_a_member_is_sanctioned_without_a_text(moderator, bob):
    case = make_report(bob).case

    page = moderator.get(f"/moderation/case/{case.id}").text
    rule(moderator, case, ruling="sanction", **WEEK)

    assert "Sanction bob" in page and 'value="hide"' not in page
    assert case.outcome == "sanctioned" and bob.is_suspended


SILENCE = {"ruling": "sanction", "kind": "silence", "lasts": "at"}
SENSELESS = {  # the rest is said by the form of a sanction
    "Choose one.": {},
    "Choose one of the options.": {"ruling": "bless"},
    "This field is required.": {"ruling": "hide", "reason": ""},
    "Enter the end below.": SILENCE,
    "a time in the future": SILENCE | {"until": "2001-01-01T10:00"},
}


def test_a_ruling_that_makes_no_sense_changes_nothing(moderator, case):
    for words, form in SENSELESS.items():
        page = rule(moderator, case, **form)

        assert (page.status_code, case.is_open, acts()) == (200, True, [])
        assert words in page.text


def test_a_ruling_leads_to_the_next_that_nobody_has_in_hand(moderator, case, mona, ada):
    make_report(mona), make_report().case.claim(by=ada)
    waiting = make_report().case

    answer = rule(moderator, case, ruling="dismiss")

    assert answer.location == f"/moderation/case/{waiting.id}"
    assert "Your decision is in the log." in moderator.get(answer.location).text


def test_a_ruling_that_is_sent_twice_has_one_effect(moderator, case, bob):
    form = {"ruling": "sanction", "key": "0123", **WEEK}
    rule(moderator, case, **form)
    answer = rule(moderator, case, **form)

    assert "You have ruled on this already" in moderator.get(answer.location).text
    assert len(db.session.scalars(Sanction.of(bob)).all()) == 1 and len(acts()) == 2
    assert len(mails("text_hidden")) == 1


def test_of_two_moderators_the_second_is_told_who_ruled(client, case, mona, ada):
    client.sign_in(ada)
    rule(client, case, ruling="dismiss")
    client.sign_in(mona)

    answer = rule(client, case, ruling="hide")

    assert "ada has ruled on this already: dismissed." in answer.text
    assert not case.post.is_hidden


@pytest.mark.parametrize("how", ["hidden", "deleted"])
def test_what_was_taken_from_view_meanwhile_still_settles(moderator, case, mona, how):
    case.post.hide(by=mona, reason="Seen by chance.") if how == "hidden" else case.post.delete()

    rule(moderator, case, ruling="hide")

    assert case.outcome == "hidden" and case.post.is_hidden
    expected = "uphold reports" if how == "hidden" else "hide"
    assert acts()[0][0] == expected
    assert len(mails("text_hidden")) == (how == "deleted")


def test_of_what_is_gone_the_report_tells_and_the_person_may_be_sanctioned(moderator, case, bob):
    db.session.delete(case.post)
    db.session.commit()

    page = moderator.get(f"/moderation/case/{case.id}").text
    rule(moderator, case, ruling="hide")
    assert "was permanently deleted" in page and "Buy watches." in page
    assert case.is_open
    rule(moderator, case, ruling="sanction", kind="warning")

    assert case.outcome == "sanctioned" and acts()[0][0] == "warn"


def test_what_nobody_wrote_any_more_can_be_hidden_or_dismissed(moderator, bob, ada):
    cases = [make_report(make_post(bob)).case for _ in range(2)]
    delete_account(bob, by=ada)
    db.session.commit()

    page = moderator.get(f"/moderation/case/{cases[0].id}").text
    rule(moderator, cases[0], ruling="hide")
    rule(moderator, cases[1], ruling="dismiss")

    assert 'value="sanction"' not in page
    assert [case.outcome for case in cases] == ["hidden", "dismissed"]


def test_what_happened_before_to_a_member_who_is_gone_is_not_that_of_others(
    moderator, bob, ada, mona
):
    case = make_report(bob).case
    make_report(make_post(make_user("carol"))).case.dismiss(by=mona, reason="A recipe is none.")
    delete_account(bob, by=ada)

    page = moderator.get(f"/moderation/case/{case.id}").text

    assert "A recipe is none." not in page


def test_reports_about_a_member_who_is_gone_can_be_dismissed(moderator, bob, ada):
    case = make_report(bob).case
    delete_account(bob, by=ada)
    db.session.commit()

    rule(moderator, case, ruling="dismiss")

    assert case.outcome == "dismissed"
    assert acts()[0][0] == "dismiss reports"


# Rank

ALL = ["dismiss", "hide", "sanction"]
RULINGS = {  # who rules, on whose text
    ("Moderator", "User"): ALL,
    ("Moderator", "Helper"): ["dismiss"],
    ("Moderator", "Moderator"): ["dismiss", "hide"],
    ("Moderator", "Administrator"): ["dismiss"],
    ("Administrator", "User"): ALL,
    ("Administrator", "Helper"): ALL,
    ("Administrator", "Moderator"): ALL,
    ("Administrator", "Administrator"): ["dismiss", "hide"],
    ("Helper", "User"): ["dismiss"],
    ("Helper", "Moderator"): ["dismiss"],
}


def test_rank_decides_which_rulings_there_are(app, case, alice, bob):
    """`Helper` may moderate, but not write; and something besides that no moderator may."""
    keep(Role(name="Helper", permissions=8 | 32))
    offered = {}
    with app.test_request_context():
        for by, about in RULINGS:
            alice.role, bob.role = Role.named(by), Role.named(about)
            form = RulingForm(case, alice)
            offered[by, about] = [choice.value for choice in form.ruling.choices]

    assert offered == RULINGS


def test_a_ruling_that_is_not_offered_is_not_given(moderator, case, bob):
    bob.role = Role.named("Administrator")
    page = moderator.get(f"/moderation/case/{case.id}").text
    assert [ruling for ruling in ALL if f'value="{ruling}"' in page] == ["dismiss"]

    for ruling in ("hide", "sanction"):
        assert (
            "Choose one of the options."
            in rule(moderator, case, ruling=ruling, kind="warning").text
        )
    assert case.is_open and acts() == []


@pytest.mark.parametrize("effect", [dict(hides=True), dict(penalty=Penalty("warning"))])
def test_the_model_keeps_rank_too(app, mona, ada, effect):
    case = make_report(make_post(ada)).case

    with pytest.raises(Refused, match="of higher rank|higher rank than you"):
        case.uphold(by=mona, reason="An ad.", **effect)


def test_whoever_is_no_moderator_any_more_rules_on_nothing(app, case, mona):
    mona.role = Role.get_default()

    for verb in (case.claim, lambda by: case.dismiss(by=by, reason="It is fine.")):
        with pytest.raises(Refused, match="Only moderators"):
            verb(by=mona)


# Who is told


def test_all_who_reported_are_told_in_the_site(client, case, alice, bob, mona):
    carl = make_user("carl")
    make_report(case.post, by=carl)
    carl.mute(mona)
    client.sign_in(mona)
    rule(client, case, ruling="hide", reason="An <b> ad.")

    for person in (alice, carl):
        client.sign_in(person)
        page = client.get("/notifications").text
        assert "mona reviewed your report" in page
        assert "Hidden: An &lt;b&gt; ad." in page and "watches" not in page
        assert 'href="/notifications"' in page
    client.sign_in(bob)
    assert "reviewed your report" not in client.get("/notifications").text


def test_a_notification_leads_to_my_reports(client, case, alice, mona):
    case.dismiss(by=mona, reason="It is fine.")
    client.sign_in(alice)
    (row,) = db.session.scalars(db.select(Notification)).all()

    answer = client.post(f"/notifications/{row.id}/open")

    assert answer.location == "/reports" and row.read_at


def test_they_are_told_by_mail_and_may_choose_not_to(client, flask, case, alice, mona):
    case.dismiss(by=mona, reason="It is fine.")
    flask("mail", "send")

    (mail,) = mails("notification")
    assert mail.recipient == alice.email and mail.subject.endswith("mona reviewed your report")
    assert "Dismissed: It is fine." in mail.text and "/reports" in mail.text
    assert "your report was reviewed" in mail.text
    client.post("/" + mail.unsubscribe_url.split("/", 3)[3])
    make_report(by=alice).case.dismiss(by=mona, reason="It is fine.")
    flask("mail", "send")
    assert len(mails("notification")) == 1


def test_a_moderator_who_reported_it_is_not_told_of_their_own_ruling(app, mona):
    make_report(by=mona).case.dismiss(by=mona, reason="It is fine.")

    assert db.session.scalars(db.select(Notification)).all() == []


# Undone


def test_a_case_is_reopened_and_ruled_on_again(app, case, alice, mona, ada):
    case.dismiss(by=mona, reason="It is fine.")

    assert case.reopen(by=ada, reason="It is not.") is True
    assert case.reopen(by=ada, reason="It is not.") is False
    assert (case.is_open, case.outcome, case.ruling, case.settled_by) == (True, "", "", "")
    assert db.session.execute(notification_cards(alice)).all() == []
    case.uphold(by=ada, reason="An ad.", hides=True)

    assert [act for act, *_ in acts()] == ["hide", "reopen reports", "dismiss reports"]
    (card,) = db.session.execute(notification_cards(alice)).all()
    assert card.ruling == "An ad."


def test_it_stays_settled_where_the_same_waits_already(app, case, mona):
    case.dismiss(by=mona, reason="It is fine.")
    make_report(case.post)

    with pytest.raises(Refused, match="reported again and is pending"):
        case.reopen(by=mona, reason="Hm.")
    assert not case.is_open


def test_numbers_of_the_past_are_those_of_the_person(app, alice, bob, mona):
    for _ in range(2):
        make_report(make_post(bob)).case.dismiss(by=mona, reason="It is fine.")
    make_report(make_post(bob)).case.uphold(by=mona, reason="An ad.", hides=True)
    Sanction.impose(bob, "warning", by=mona, reason="Spam.").lift(by=mona)
    Sanction.impose(bob, "notice", by=mona, reason="Spam.")
    Sanction.impose(bob, "silence", by=mona, reason="Spam.")
    make_report(bob)

    record = records_of({alice.id, bob.id, None})[bob.id]

    assert (record.strikes, record.upheld, record.dismissed) == (1, 1, 2)
    assert CaseList.next_for(mona).person is bob


# The words that were reported, the thread around them, and how much waits behind each tab


def test_the_queue_and_the_case_show_the_words_that_were_reported(client, alice, bob, mona):
    post = make_post(alice, "Buy my pills.")
    case = make_report(post, by=bob).case
    about = make_report(alice, by=bob).case
    post.edit("What a lovely day.", by=alice)
    client.sign_in(mona)

    queue = client.get("/moderation/").text
    assert "Buy my pills." in queue and "What a lovely day." not in queue
    assert queue.count("Changed since it was reported") == 1
    page = client.get(f"/moderation/case/{case.id}").text
    assert page.index("Buy my pills.") < page.index("What a lovely day.")
    alice.about_me = "Changed."
    page = client.get(f"/moderation/case/{about.id}").text
    assert "Changes since it was reported" in page


def test_a_case_about_a_comment_shows_the_thread_around_it(client, alice, bob, mona):
    post = make_post(alice, "The question.")
    said = [make_comment(post, bob, f"Answer {number}.") for number in range(9)]
    case = make_report(said[4], by=alice).case
    said[5].delete()
    client.sign_in(mona)

    page = client.get(f"/moderation/case/{case.id}").text
    page = page.partition("Show the thread")[2]

    page = page.partition("</details>")[0]
    shown = [number for number in range(9) if f"Answer {number}." in page]
    assert "The question." in page and shown == [1, 2, 3, 6, 7, 8]


@pytest.mark.both_databases
def test_the_numbers_on_the_tabs_add_up_to_the_badge(client, alice, bob, mona):
    for _ in range(2):
        make_report(make_post(alice), by=bob)
    make_report(mona, by=bob)  # about herself: another moderator sees to it
    for made in (make_post(alice), make_comment(author=alice)):
        made.hold(Hold("first"))
    Appeal.open(Sanction.impose(bob, "warning", by=mona, reason="Rude."), by=bob, body="Why?")
    client.sign_in(mona)

    page = client.get("/moderation/").text

    numbers = [int(n) for n in re.findall(r'<span class="nav-count">(\d+)<span', page)]
    assert numbers == [5, 2, 2, 1]  # the badge, and the tabs

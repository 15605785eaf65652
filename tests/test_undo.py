"""Undo from the log: what it takes back, when it no longer can, and that the log keeps both."""

import random
from datetime import timedelta

import pytest
from factories import mails, make_comment, make_post, make_user
from sqlalchemy import select, true, update

from app.extensions import db
from app.jobs.clean_ups import carry_out_now
from app.models import Appeal, AuditEntry, Case, CleanUp, Notification, Report, Role, Sanction
from app.models.content.counters import wrong_counts
from app.models.content.screening import Hold
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.moderation.undo import undo, why_not_undo
from app.models.notifications.preference import ACT
from app.models.retention.erasure import delete_account


def last():
    db.session.flush()
    return db.session.scalars(AuditEntry.latest()).first()


def silence(person, by, **values):
    return Sanction.impose(person, "silence", by=by, reason="Rude.", **values)


def log():
    return [entry.action for entry in db.session.scalars(AuditEntry.latest())][::-1]


# Each act


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_hiding_is_undone_and_that_as_well(app, alice, mona, ada, make):
    text = make(author=alice)
    text.hide(by=mona, reason="Spam.")
    first = last()

    undo(first, by=ada, reason="It was none.")
    assert not text.is_hidden
    second = last()
    assert (second.action, second.actor_name) == ("restore", "ada")
    assert second.reason == f"Undo of entry {first.id}: It was none."

    undo(second, by=mona)
    assert text.is_hidden
    assert text.hidden_reason == f"Undo of entry {second.id}. Spam."
    assert log() == ["hide", "restore", "hide"] and list(wrong_counts()) == []


@pytest.mark.parametrize("kind", ["warning", "ban"])
def test_a_sanction_is_undone_by_lifting_it_and_lifting_by_reinstating(app, alice, mona, kind):
    sanction = Sanction.impose(alice, kind, by=mona, reason="Rude.")
    ends = alice.silenced_until, alice.suspended_until

    undo(last(), by=mona)
    assert sanction.is_lifted and (alice.silenced_until, alice.suspended_until) == (None, None)

    undo(last(), by=mona)
    assert not sanction.is_lifted and (alice.silenced_until, alice.suspended_until) == ends

    undo(last(), by=mona)
    assert sanction.is_lifted
    assert log()[1:] == ["lift sanction", "reinstate sanction", "lift sanction"]


def test_of_two_sanctions_each_is_undone_by_its_own_entry(app, alice, mona):
    one, other = silence(alice, mona), silence(alice, mona)
    entry = db.session.get(AuditEntry, one.entry_id)

    undo(entry, by=mona)

    assert one.is_lifted and not other.is_lifted and alice.is_silenced


def test_closing_and_reopening_an_account_are_undone(app, alice, ada):
    alice.deactivate(by=ada)
    undo(last(), by=ada)
    assert alice.is_active

    undo(last(), by=ada)
    assert not alice.is_active and log() == ["deactivate", "reactivate", "deactivate"]


def test_a_role_is_given_back(client, alice, ada):
    alice.change_role(Role.named("Moderator"), by=ada)
    entry = last()
    client.sign_in(ada)

    client.post(f"/moderation/log/{entry.id}/undo")

    assert alice.role.name == "User"
    assert (last().before, last().after) == ("Moderator", "User")


def test_edits_are_undone_one_after_the_other(app, alice, mona, ada):
    post = make_post(alice, "One.")
    post.revise("Two.", by=mona, reason="Address.")
    first = last()
    post.revise("Three.", by=ada, reason="Address.")
    second = last()
    assert "acted on this since" in refused(first, mona)

    undo(second, by=mona)
    assert post.body == "Two."
    undo(first, by=mona)
    assert (post.body, post.version, log()) == ("One.", 5, ["edit text"] * 4)
    undo(last(), by=mona)
    assert post.body == "Two."


def test_an_edit_that_its_author_went_on_from_stays(app, alice, mona):
    post = make_post(alice, "One.")
    post.revise("Two.", by=mona, reason="Address.")
    entry = last()
    post.edit("Three.", by=alice)

    assert refused(entry, mona) == "The author has changed it since."


def test_closing_a_post_to_comments_is_undone(app, alice, mona):
    post = make_post(alice)
    post.close(by=mona, reason="Enough.")
    undo(last(), by=mona)
    assert not post.is_closed_by_staff

    undo(last(), by=mona)
    assert post.is_closed_by_staff


def test_a_dismissal_is_undone_and_that_as_well(app, alice, bob, mona):
    report = Report.make(make_post(alice), by=bob, category="Spam")
    report.case.dismiss(by=mona, reason="It is fine.")

    undo(last(), by=mona)
    assert report.case.is_open
    undo(last(), by=mona)
    assert report.case.outcome == "dismissed"
    assert log() == ["dismiss reports", "reopen reports", "dismiss reports"]


def test_an_upheld_report_that_changed_nothing_waits_again(app, alice, bob, mona, ada):
    post = make_post(alice)
    report = Report.make(post, by=bob, category="Spam")
    post.hide(by=ada, reason="Spam.")
    report.case.uphold(by=mona, reason="An ad.", hides=True)
    upheld = last()

    undo(upheld, by=mona)

    assert report.case.is_open and post.is_hidden
    assert refused(last(), mona) == "Decide on it in the queue."
    report.case.dismiss(by=mona, reason="It is fine.")
    assert "acted on this since" in refused(upheld, mona)


def test_a_clean_up_is_undone(client, alice, mona):
    posts = [make_post(alice) for _ in range(3)]
    row, _ = CleanUp.ask(alice, utcnow() - timedelta(days=1), by=mona, reason="Spam.")
    db.session.commit()
    carry_out_now(row)
    db.session.expire_all()
    assert all(post.is_hidden for post in posts)
    entry = last()
    client.sign_in(mona)

    client.post(f"/moderation/log/{entry.id}/undo")

    assert not any(post.is_hidden for post in posts)
    assert log() == ["clean up", "undo clean up"]
    assert refused(entry, mona)


@pytest.mark.parametrize("act", ["approve", "decline"])
def test_what_was_decided_on_waits_again(app, alice, mona, act):
    post = make_post(alice)
    post.hold(Hold("first"))
    getattr(post, act)(by=mona, version=post.version, reason="Why.")

    undo(last(), by=mona)

    assert post.is_held and post.is_hidden and list(wrong_counts()) == []


def test_what_waited_when_it_was_hidden_waits_again(app, alice, mona):
    post = make_post(alice)
    post.hold(Hold("first"))
    post.hide(by=mona, reason="Spam.")

    undo(last(), by=mona)

    assert post.is_held and post.is_hidden and post.hidden_reason == ""
    assert list(wrong_counts()) == [] and log() == ["hide", "hold text"]


@pytest.mark.parametrize("outcome", ["lifted", "confirmed"])
def test_an_appeal_that_was_decided_waits_again(app, alice, mona, ada, outcome):
    appeal = Appeal.open(silence(alice, mona), by=alice, body="I was quoting.")
    appeal.decide(outcome, by=ada, answer="So it is.")
    act = {"lifted": "accept appeal", "confirmed": "decline appeal"}[outcome]
    decision = db.session.scalar(AuditEntry.latest().where(AuditEntry.action == act))

    undo(decision, by=ada)

    assert appeal.is_open and (appeal.outcome, appeal.answer, appeal.decided_by) == ("", "", "")
    assert log()[-1] == "reopen appeal" and why_not_undo([decision], ada)[decision.id]


def test_whom_an_undo_concerns_is_told_by_mail(client, alice, mona, ada):
    post = make_post(alice)
    post.hide(by=mona, reason="Spam.")
    texts = last().id
    Sanction.impose(alice, "warning", by=mona, reason="Rude.")
    client.sign_in(ada)

    for id in (texts, last().id):
        client.post(f"/moderation/log/{id}/undo", data={"reason": "A mistake."})
    client.post(f"/moderation/log/{last().id}/undo")

    assert [mail.kind for mail in mails()] == ["text_restored", "sanction_lifted", "sanctioned"]
    assert all(mail.recipient == "alice@example.org" for mail in mails())
    assert "A mistake." in mails()[0].text and "A mistake." in mails()[1].text


# What stands in the way


def refused(entry, by):
    words = why_not_undo([entry], by)[entry.id]
    with pytest.raises(Refused) as error:
        undo(entry, by=by)
    assert str(error.value) == words
    return words


def test_only_the_latest_of_its_kind_can_be_undone(app, alice, mona):
    post = make_post(alice)
    post.hide(by=mona, reason="Spam.")
    first = last()
    post.restore(by=mona)
    assert "acted on this since" in refused(first, mona)

    post.hide(by=mona, reason="Spam again.")
    assert "acted on this since" in refused(first, mona)
    assert post.hidden_reason == "Spam again."


def test_a_sanction_that_was_lifted_or_is_over_cannot_be_undone(app, alice, mona):
    sanction = silence(alice, mona)
    entry = last()
    sanction.lift(by=mona)
    assert "acted on this since" in refused(entry, mona)
    sanction.reinstate(by=mona)
    assert "acted on this since" in refused(entry, mona)

    silence(alice, mona, until=utcnow() + timedelta(days=1)).until = utcnow() - timedelta(hours=1)
    assert "already expired" in refused(last(), mona)


def test_what_cannot_be_undone_says_so(app, alice, ada):
    AuditEntry.record("remove text", alice, by=ada)

    assert refused(last(), ada) == "This action can’t be undone."


def test_what_is_gone_cannot_be_undone(app, alice, mona):
    text = make_post(alice)
    text.hide(by=mona, reason="Spam.")
    db.session.delete(text)

    assert "no longer exists" in refused(last(), mona)


def test_a_person_or_role_that_is_gone_cannot_be_undone(app, alice, bob, ada):
    helper = Role.create(name="Helper", by=ada)
    bob.change_role(helper, by=ada)
    bob.change_role(Role.named("User"), by=ada)
    entry = last()
    helper.delete(by=ada)
    assert "no longer exists" in refused(entry, ada)

    alice.deactivate(by=ada)
    entry = last()
    delete_account(alice, by=ada)
    assert "no longer exists" in refused(entry, ada)


def test_a_role_is_given_back_only_while_it_is_the_one_of_the_entry(app, alice, ada):
    alice.change_role(Role.named("Moderator"), by=ada)
    first = last()
    alice.change_role(Role.named("User"), by=ada)
    assert "acted on this since" in refused(first, ada)

    alice.change_role(Role.named("Moderator"), by=ada, until=utcnow() + timedelta(days=9))
    undo(last(), by=ada)
    assert (alice.role.name, alice.role_until, alice.former_role) == ("User", None, None)
    assert "no longer exists" in refused(last(), ada)  # a role for a time is given by hand


def test_the_rank_of_each_act_is_that_of_its_undo(app, alice, mona, ada):
    """Moderators undo no act of administrators, and nobody one that is about an equal."""
    eda = make_user("eda", role="Administrator")
    alice.deactivate(by=ada)
    assert refused(last(), mona) == "Only administrators can do this."
    alice.reactivate(by=ada)
    alice.change_role(Role.named("Moderator"), by=ada)
    assert refused(last(), mona) == "Only administrators can do this."
    silence(alice, ada)
    assert "same rank" in refused(last(), mona)
    mona.deactivate(by=ada)
    alice.change_role(Role.named("Administrator"), by=ada)
    assert why_not_undo([last()], eda) == {last().id: None}
    assert "do this to yourself" in refused(last(), alice)


def test_an_account_that_is_being_deleted_is_not_reopened(app, alice, ada):
    alice.deactivate(by=ada)
    entry = last()
    alice.close_for_good(by=ada)

    assert refused(entry, ada)


# The pages


def test_the_log_has_a_button_where_it_would_work(client, alice, mona, ada):
    post = make_post(alice)
    post.hide(by=mona, reason="Spam.")
    works = last().id
    alice.deactivate(by=ada)
    only_ada = last().id
    client.sign_in(mona)

    page = client.get("/moderation/log").text

    assert f"/moderation/log/{works}/undo" in page
    assert f"/moderation/log/{only_ada}/undo" not in page
    page = client.get(f"/moderation/log/{only_ada}").text
    assert "Can’t be undone: Only administrators can do this." in page


def test_one_click_undoes_and_a_second_one_is_told(client, alice, mona):
    post = make_post(alice)
    post.hide(by=mona, reason="Spam.")
    path = f"/moderation/log/{last().id}/undo"
    client.sign_in(mona)

    first = client.post(path, data={"next": "/moderation/log?kind=hide"})
    assert first.location == "/moderation/log?kind=hide"
    page = client.get(client.post(path).location).text

    assert not post.is_hidden and log() == ["hide", "restore"]
    assert "was not undone. Someone has acted on this since." in page


@pytest.mark.parametrize("is_ruling", [True, False])
def test_that_the_reports_stay_settled_is_told_where_a_ruling_hid_it(
    client, alice, bob, mona, is_ruling
):
    post = make_post(alice)
    if is_ruling:
        Report.make(post, by=bob, category="Spam").case.uphold(by=mona, reason="Spam.", hides=True)
    else:
        post.hide(by=mona, reason="Spam.")
    client.sign_in(mona)

    client.post(f"/moderation/log/{last().id}/undo", data={"reason": ""})

    assert ("The reports stay settled" in client.get("/").text) is is_ruling
    assert not post.is_hidden
    assert [case.outcome for case in db.session.scalars(select(Case))] == ["hidden"] * is_ruling


def test_a_bad_reason_is_said_at_its_field(client, alice, mona):
    post = make_post(alice)
    post.hide(by=mona, reason="Spam.")
    path = f"/moderation/log/{last().id}/undo"
    client.sign_in(mona)

    assert "at most 500" in client.post(path, data={"reason": "x" * 501}).text
    assert "invisible characters" in client.post(path, data={"reason": "a\u202eb"}).text
    page = client.post(path, data={"reason": "Look at evil.example"})  # it is mailed

    assert page.status_code == 200 and "leave out links and email addresses" in page.text
    assert post.is_hidden and log() == ["hide"] and mails() == []


def test_a_long_reason_is_cut_to_what_the_log_holds(app, alice, mona):
    make_post(alice).hide(by=mona, reason="x" * 500)
    undo(last(), by=mona, reason="y" * 500)
    undo(last(), by=mona, reason="z" * 500)

    assert len(last().reason) == 500


def test_an_entry_that_is_not_there_or_of_administrators_is_not_undone(client, alice, ada):
    alice.demand_new_password(by=ada)
    client.sign_in(ada)

    for id in (0, 99999, 2147483648, last().id):
        assert client.post(f"/moderation/log/{id}/undo").status_code == 404


# Any sequence


@pytest.fixture
def place(app, alice, bob, mona, ada):
    """Staff, members, and what they wrote."""
    carla = make_user("carla")
    posts = [make_post(person, "Dear @bob and @alice!") for person in (alice, bob)]
    comments = [make_comment(post, bob, "Yes, @alice.") for post in posts]
    for thing in [*posts, *comments, alice, bob]:
        Report.make(thing, by=carla, category="Spam")
    alice.follow(bob)
    db.session.execute(update(Notification).where(Notification.id == 1).values(read_at=utcnow()))
    return comments + posts, [alice, bob, carla], [mona, ada]


def act_at_random(dice, texts, people, staff):
    """Let somebody of staff do something, or try to."""
    by, person, text = dice.choice(staff), dice.choice(people), dice.choice(texts)
    posts = [thing for thing in texts if thing.noun == "post"]
    mona, ada = staff
    kind = dice.choice(["notice", "warning", "silence", "suspension", "ban"])
    until = utcnow() + timedelta(days=dice.randint(1, 99)) if dice.random() < 0.5 else None
    until = until if kind in ("silence", "suspension") else None
    sanctions = db.session.scalars(Sanction.of(person)).all()
    acts = [
        lambda: text.hide(by=by, reason=f"Reason {dice.random()}."),
        lambda: text.restore(by=by),
        lambda: Sanction.impose(person, kind, by=by, reason="Rude.", until=until),
        lambda: sanctions and dice.choice(sanctions).lift(by=by),
        lambda: sanctions and dice.choice(sanctions).reinstate(by=by),
        lambda: text.revise(f"Words {dice.random()}.", by=by, reason="Address."),
        lambda: text.revise(f"@{person.username} {dice.random()}.", by=by, reason="Address."),
        lambda: dismiss_some(dice, by),
        lambda: clean_up_at_random(person, by),
        lambda: dice.choice(posts).close(by=by, reason="Enough."),
        lambda: dice.choice(posts).reopen(by=by),
        lambda: person.deactivate(by=ada),
        lambda: person.reactivate(by=ada),
        lambda: person.change_role(Role.named(dice.choice(["User", "Moderator"])), by=ada),
        lambda: undo_any(dice, by),
    ]
    try:
        dice.choice(acts)()
    except Refused:
        db.session.rollback()
    db.session.commit()


def dismiss_some(dice, by):
    if cases := db.session.scalars(Case.waiting().order_by(Case.id)).all():
        dice.choice(cases).dismiss(by=by, reason="Fine.")


def clean_up_at_random(person, by):
    row, _ = CleanUp.ask(person, utcnow() - timedelta(days=1), by=by, reason="Spam.")
    db.session.commit()
    carry_out_now(row)


def undo_any(dice, by):
    entries = AuditEntry.latest().where(AuditEntry.action != "clean up")  # that ends there
    if entries := db.session.scalars(entries).all():
        undo_whole(dice.choice(entries), by)


def undo_whole(entry, by):
    thing, _ = undo(entry, by=by)
    if entry.action == "clean up":
        db.session.commit()
        carry_out_now(thing)
        db.session.expire_all()


def state():
    """All that acts of staff change of people and texts, and what sanctions come to."""
    return {
        table.name: rows_of(table)
        for table in db.metadata.sorted_tables
        if table.name not in ONLY_GROWS
    }


ONLY_GROWS = {  # what happened is never taken back, only followed by what happened next
    "audit_entries": "the log keeps an act and its undo",
    "audit_head": "how long the log is",
    "outbox": "what was mailed was mailed; a second mail says that it is undone",
    "revisions": "the history of a text keeps each version",
}
NOT_UNDONE = {  # what an act and its undo leave behind in a row, and why
    "posts": {"hidden_at", "hidden_reason", "hidden_by", "staff_closed_at"}  # when, by whom
    | {"version", "edited_at", "editor_name"}  # there are two more of them
    | {"body_html"},  # made anew of the body: a name is a link while its account is open
    "users": {"deactivated_at", "role_notice_at"}
    | {"auth_epoch"},  # sessions that were ended are not opened again
    "sanctions": {"lifted_at", "lifted_by", "lift_reason"},
    "cases": {"settled_at", "settled_by", "ruling", "claimed_at", "claimed_by_id"},
    "clean_ups": {"finished_at", "undo_asked_at", "undone_at", "leased_until", "done", "total"},
    "notifications": {"id"},
}
NOT_UNDONE["comments"] = NOT_UNDONE["posts"] - {"staff_closed_at"}
STANDS = {  # the rows that count: others are there as history alone
    "sanctions": Sanction.lifted_at.is_(None),
    "clean_ups": CleanUp.undo_asked_at.is_(None),
    "notifications": Notification.withdrawn_at.is_(None) & (Notification.kind != ACT),
}
WHETHER = {"hidden_at", "staff_closed_at", "deactivated_at", "settled_at"}  # it is, not since when


def rows_of(table):
    left_out = NOT_UNDONE.get(table.name, set())
    columns = [column for column in table.columns if column.name not in left_out]
    columns += [table.c[name].is_(None).label(name) for name in WHETHER & left_out]
    rows = select(*columns).where(STANDS.get(table.name, true()))
    return sorted(map(str, db.session.execute(rows).all()))


large = pytest.mark.large
SEEDS = [0, *(pytest.param(seed, marks=large) for seed in range(1, 10))]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_acts_followed_by_their_undos_give_the_former_state(place, ada, seed):
    """And the log keeps both, chained."""
    dice = random.Random(seed)
    for _ in range(dice.randint(0, 12)):
        act_at_random(dice, *place)
    former, before = state(), len(log())

    for _ in range(dice.randint(1, 25)):
        act_at_random(dice, *place)
    done = db.session.scalars(AuditEntry.latest()).all()[: len(log()) - before]
    for entry in done:
        assert why_not_undo([entry], ada)[entry.id] is None
        undo_whole(entry, ada)
        db.session.commit()

    assert state() == former
    undos = [entry.reason for entry in db.session.scalars(AuditEntry.latest().limit(len(done)))]
    assert len(log()) == before + 2 * len(done)
    for entry, reason in zip(done, undos[::-1], strict=True):
        assert reason.startswith(f"Undo of entry {entry.id}.")
    assert AuditEntry.verify() is None and list(wrong_counts()) == []


def test_who_imposed_what_was_lifted_on_appeal_does_not_put_it_in_force_again(app, alice, mona):
    """There is one appeal against each sanction."""
    olga = make_user("olga", role="Moderator")
    made = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    Appeal.open(made, by=alice, body="Why?").decide("lifted", by=olga, answer="Right.")
    lifted = last()

    with pytest.raises(Refused, match="lifted on appeal"):
        undo(lifted, by=mona)

    undo(lifted, by=olga)
    assert alice.is_silenced


def test_undoing_a_decision_on_an_appeal_says_what_stays(client, alice, mona, ada):
    sanction = Sanction.impose(alice, "silence", by=mona, reason="Spam.")
    appeal = Appeal.open(sanction, by=alice, body="I did not.")
    appeal.decide("lifted", by=ada, answer="She is right.")
    db.session.commit()
    client.sign_in(ada)
    said = {}
    for action in ("lift sanction", "accept appeal"):
        entry = db.session.scalars(select(AuditEntry).filter_by(action=action)).one()
        page = client.get(client.post(f"/moderation/log/{entry.id}/undo").location).text
        said[action] = "stays decided" in page, "stays lifted" in page

    assert said == {"lift sanction": (True, False), "accept appeal": (False, True)}

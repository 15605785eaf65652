"""The outbox page: emails by state, retry, cancel, test email; never an email's text."""

import re
from datetime import timedelta
from functools import partial

import pytest
from factories import everything, mails, make_mail
from smtp import PostOffice
from sqlalchemy import delete
from test_races import at_once, cookie_of, post, statuses

from app.email import rehearse_reset_password, send_confirmation
from app.extensions import db
from app.jobs.mail_worker import deliver_pending
from app.models import AuditEntry, OutboxMail, Setting
from app.models.fields import utcnow
from app.models.mail.outbox import JUST_NOW
from app.models.users.rank import Refused

SECRET = "https://offbrand.example/auth/reset-password/live"
HOUR = timedelta(hours=1)


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


@pytest.fixture
def four(app):
    """A mail of each state."""
    body = dict(text=SECRET, html=SECRET)
    make_mail("w@example.org", next_at=utcnow() + HOUR, tries=2, last_error="451 Later", **body)
    make_mail("d@example.org", dead_at=utcnow(), tries=10, last_error="550 <b>Nobody</b>", **body)
    make_mail("s@example.org", sent_at=utcnow(), tries=1)
    make_mail("x@example.org", dropped_at=utcnow())
    db.session.commit()
    return {mail.recipient[0]: mail for mail in mails()}


def shown(answer):
    return re.findall(r"<h3>(\S+) <span", answer.text)


def log():
    db.session.rollback()
    entries = db.session.scalars(AuditEntry.latest()).all()
    return [(e.action, e.actor_name, e.target_name, e.before, e.after) for e in entries]


def press(client, path):
    """Press a button, and go where it leads."""
    return client.get(client.post(path).location)


def alert(answer):
    """The words of the one message on the page."""
    (words,) = re.findall(r"data-flash>\s*<p>([^<]*)", answer.text)
    return words.strip()


# Looking


def test_all_mails_are_listed_the_newest_first(admin, four):
    assert shown(admin.get("/admin/outbox")) == [f"{name}@example.org" for name in "xsdw"]


def test_each_state_has_its_list_and_what_is_none_shows_all(admin, four):
    lists = {"waiting": "w", "dead": "d", "sent": "s", "dropped": "x", "lost": "xsdw"}

    for state, found in lists.items():
        page = admin.get(f"/admin/outbox?state={state}")
        assert shown(page) == [f"{name}@example.org" for name in found]
        assert SECRET not in page.text and "Hello." not in page.text


def test_states_are_counted(admin, four):
    make_mail("w2@example.org")

    text = admin.get("/admin/outbox").text

    counts = re.findall(r'>([A-Z][a-z ]+) <span class="count">([\d,+]+)</span>', text)
    assert counts == [
        ("Pending", "2"),
        ("Failed", "1"),
        ("Undeliverable", "0"),
        ("Sent", "1"),
        ("Dropped", "1"),
    ]


def test_an_envelope_tells_what_became_of_the_mail(admin, four):
    text = admin.get("/admin/outbox").text

    assert "Server response: <q>451 Later</q>" in text and "2 tries" in text
    assert "<q>550 &lt;b&gt;Nobody&lt;/b&gt;</q>" in text
    assert "next try" in text and "failed" in text and "test" in text


def test_what_a_mail_says_is_shown_in_the_mailbox_alone_of_which_development_tells(
    app, admin, four
):
    for development in (True, False):
        app.config["MAILBOX"] = development
        text = admin.get("/admin/outbox").text
        assert SECRET not in text and "Hello." not in text
        assert ("/dev/mailbox" in text) == development


def test_a_rehearsal_is_not_there(admin):
    """R-69: it would tell that somebody asked for an address that nobody has."""
    rehearse_reset_password("nobody@example.org")
    db.session.commit()
    (row,) = db.session.scalars(db.select(OutboxMail)).all()

    for state in ("", "waiting", "sent"):
        assert shown(admin.get(f"/admin/outbox?state={state}")) == []
    assert admin.post(f"/admin/outbox/{row.id}/drop").status_code == 404


def test_a_recipient_is_found_by_address_or_name(admin, four, alice):
    make_mail("elsewhere@example.org", user_id=alice.id)
    found = {"  W@Example.ORG ": ["w@example.org"], "w@example": [], "%": [], "x" * 300: []}
    found |= {"ALICE": ["elsewhere@example.org"], "bob": []}

    assert {
        recipient: shown(admin.get("/admin/outbox", query_string={"recipient": recipient}))
        for recipient in found
    } == found


def test_state_and_recipient_go_together(admin, four):
    make_mail("d@example.org", sent_at=utcnow())

    answer = admin.get("/admin/outbox?state=dead&recipient=d@example.org")

    assert len(shown(answer)) == 1 and "Failed: d@example.org" in answer.text


def test_a_long_list_has_pages_that_keep_what_was_asked_for(admin):
    Setting.change(posts_per_page=5)
    for number in range(7):
        make_mail(f"m{number}@example.org")
    make_mail("s@example.org", sent_at=utcnow())

    first = admin.get("/admin/outbox?state=waiting")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = admin.get(older.replace("&amp;", "&"))

    assert shown(first) == [f"m{number}@example.org" for number in (6, 5, 4, 3, 2)]
    assert shown(second) == ["m1@example.org", "m0@example.org"]


def test_a_cursor_of_nonsense_begins_at_the_beginning(admin, four):
    for cursor in ("x", "WyJ4Il0"):
        assert len(shown(admin.get(f"/admin/outbox?after={cursor}"))) == 4


# Again


def test_a_mail_is_tried_again(admin, four):
    for mail in (four["w"], four["d"]):
        answer = press(admin, f"/admin/outbox/{mail.id}/retry")
        assert alert(answer) == f"Retrying the email to {mail.recipient}."
        assert (mail.state, mail.tries, mail.is_due) == ("waiting", 0, True)
        assert mail.text == SECRET


def test_another_try_leaves(app, admin, four):
    admin.post(f"/admin/outbox/{four['d'].id}/retry")
    with PostOffice() as office:
        app.config.update(office.settings)
        assert deliver_pending() == 1

    assert office.recipients == ["d@example.org"]


def test_what_is_settled_is_not_tried_again(admin, four):
    before = everything()["outbox"]

    said = [alert(press(admin, f"/admin/outbox/{four[name].id}/retry")) for name in "sx"]

    assert said[0] == "This email was sent."
    assert said[1].startswith("This email was canceled")
    assert everything()["outbox"] == before and log() == []


def test_trying_again_twice_is_noted_once(admin, four):
    """R-95."""
    for _ in range(2):
        admin.post(f"/admin/outbox/{four['d'].id}/retry")

    assert log() == [("retry mail", "ada", "d@example.org", "dead, tries 10", "waiting")]


def test_all_that_were_given_up_are_tried_again(admin, four):
    make_mail("d2@example.org", dead_at=utcnow())
    path = "/admin/outbox/retry"

    answer = press(admin, path)
    again = press(admin, path)

    assert alert(answer) == "Retrying 2 emails."
    assert alert(again) == "No failed emails."
    states = {mail.recipient: mail.state for mail in mails()}
    assert states["d@example.org"] == states["d2@example.org"] == "waiting"
    assert states["x@example.org"] == "dropped"
    assert log() == [("retry mails", "ada", "", "", "2 mails")]


def test_the_button_for_all_is_there_where_there_are_some(admin, four):
    button = "Retry all failed emails"
    assert button in admin.get("/admin/outbox").text
    assert button not in admin.get("/admin/outbox?state=sent").text
    admin.post("/admin/outbox/retry")

    assert button not in admin.get("/admin/outbox").text


# Never


@pytest.mark.parametrize("name", ["w", "d"])
def test_a_mail_that_is_dropped_is_never_sent_and_its_text_is_gone(app, admin, four, name):
    """R-95: and once, however often it is pressed."""
    mail = four[name]
    for _ in range(2):
        admin.post(f"/admin/outbox/{mail.id}/drop")

    assert (mail.state, mail.text, mail.html) == ("dropped", "", "")
    assert [entry[:3] for entry in log()] == [("drop mail", "ada", mail.recipient)]
    four["w"].next_at = utcnow()
    with PostOffice() as office:
        app.config.update(office.settings)
        deliver_pending()
    assert mail.recipient not in office.recipients


def test_a_mail_that_was_sent_cannot_be_dropped(admin, four):
    answer = press(admin, f"/admin/outbox/{four['s'].id}/drop")

    assert alert(answer) == "This email was sent."
    assert four["s"].state == "sent" and log() == []


def test_dropped_mails_are_forgotten_like_all_others(app, four):
    four["x"].created_at = utcnow() - timedelta(days=31)
    db.session.flush()

    OutboxMail.purge()

    assert "x@example.org" not in [mail.recipient for mail in mails()]


# In hand


@pytest.fixture
def leased(four):
    make_mail("l@example.org")
    db.session.commit()
    return OutboxMail.lease()


@pytest.mark.parametrize("act", ["drop", "retry"])
def test_a_mail_that_is_being_sent_is_left_alone(admin, leased, act):
    """Else it would be sent twice, or be dropped and sent."""
    answer = press(admin, f"/admin/outbox/{leased.id}/{act}")

    assert alert(answer).startswith("This email is being sent right now")
    assert leased.is_leaving and leased.text and log() == []


def test_for_a_mail_that_is_being_sent_nothing_is_offered(admin, leased):
    text = admin.get("/admin/outbox?recipient=l@example.org").text

    assert "Sending now." in text
    assert f"/admin/outbox/{leased.id}/" not in text


def test_a_lease_that_ran_out_holds_nobody(admin, leased):
    leased.leased_until = utcnow() - timedelta(seconds=1)

    admin.post(f"/admin/outbox/{leased.id}/drop")

    assert leased.state == "dropped"


def test_a_mail_that_is_sent_after_all_counts_as_sent(four):
    """A mail worker that took longer than the lease: what the server has, it has."""
    four["x"].settle()
    db.session.flush()

    assert four["x"].state == "sent"
    assert four["x"] not in db.session.scalars(OutboxMail.dropped()).all()


@pytest.mark.fault
@pytest.mark.parametrize("act", ["drop", "retry"])
def test_of_postmen_and_an_administrator_at_once_one_has_the_mail(app, client, ada, act):
    cookie = cookie_of(client, ada)
    for round in range(3):
        mail = make_mail(f"m{round}@example.org", text=SECRET, tries=1)
        path = f"/admin/outbox/{mail.id}/{act}"
        lease = lambda: OutboxMail.lease() is not None  # noqa: E731
        *_, leased, other = at_once(app, partial(post, app, path, cookie), lease, lease)

        assert not (leased and other)
        assert act == "retry" or mail.state != "dropped" or not (leased or other)
        db.session.execute(delete(OutboxMail))
        db.session.commit()


@pytest.mark.fault
def test_a_double_click_drops_once(app, client, ada, four):
    """R-95."""
    cookie, path = cookie_of(client, ada), f"/admin/outbox/{four['d'].id}/drop"

    answers = at_once(app, *[partial(post, app, path, cookie)] * 4)

    assert statuses(answers) == [302] * 4
    assert len(log()) == 1 and AuditEntry.verify() is None


# Who, and with which words


def test_only_administrators_act(four, mona):
    for act in (four["d"].retry, four["d"].drop):
        with pytest.raises(Refused, match="Only administrators"):
            act(by=mona)
    with pytest.raises(Refused, match="Only administrators"):
        OutboxMail.retry_all(by=mona)


def test_a_mail_that_was_forgotten_meanwhile_is_said_to_be(ada, four):
    mail = four["d"]
    db.session.execute(delete(OutboxMail).execution_options(synchronize_session=False))

    with pytest.raises(Refused, match="no longer stored"):
        mail.drop(by=ada)


def test_a_mail_that_is_not_there_is_a_404(admin, four):
    for path in ("99999/retry", "99999/drop", f"{2**31}/drop", "x/drop"):
        assert admin.post(f"/admin/outbox/{path}").status_code == 404


def test_one_returns_to_the_list_as_it_was(admin, four):
    form = {"state": "dead", "recipient": "d@example.org", "after": "W10", "next": "//evil.example"}

    answer = admin.post(f"/admin/outbox/{four['d'].id}/drop", data=form)

    assert answer.location == "/admin/outbox?state=dead&recipient=d@example.org&after=W10"


# Test email


def send_test(admin, address="ada@example.org"):
    return admin.post("/admin/outbox", data={"email": address})


def test_the_address_of_the_administrator_stands_there_already(admin):
    assert 'value="ada@example.org"' in admin.get("/admin/outbox").text


def test_a_test_mail_goes_through_the_outbox_and_its_outcome_is_shown(app, admin):
    answer = send_test(admin, " Somebody@Example.org ")
    (mail,) = mails("test")
    assert (mail.recipient, mail.subject) == ("somebody@example.org", "[Offbrand] Test email")
    assert "Refresh" in admin.get(answer.location).text

    with PostOffice() as office:
        office.refused["somebody@example.org"] = "550 Nobody here"
        app.config.update(office.settings)
        deliver_pending()

    text = admin.get(answer.location).text.partition("All emails")[0]
    assert "Your test email" in text and "550 Nobody here" in text
    assert log() == [("send test mail", "ada", "somebody@example.org", "", "")]


def test_a_test_mail_says_what_it_is(app, admin):
    send_test(admin)
    with PostOffice() as office:
        app.config.update(office.settings)
        deliver_pending()

    (letter,) = office.letters
    assert "This is a test" in letter.get_body(["plain"]).get_content()
    assert "127.0.0.1" not in letter.get_body(["plain"]).get_content()


def test_pressing_twice_sends_one(admin):
    """R-95."""
    assert send_test(admin).location == send_test(admin).location
    assert len(mails("test")) == len(log()) == 1


def test_a_moment_later_another_one_is_sent(admin):
    send_test(admin)
    mails("test")[0].created_at -= JUST_NOW

    send_test(admin)

    assert len(mails("test")) == 2


@pytest.mark.fault
def test_of_many_who_press_at_once_one_sends(app, client, ada):
    """R-95."""
    cookie = cookie_of(client, ada)

    at_once(app, *[partial(post, app, "/admin/outbox", cookie, email="a@example.org")] * 4)

    assert len(mails("test")) == 1


def test_what_is_no_address_is_refused_at_its_field(admin):
    """R-37."""
    refused = {
        "": "This field is required.",
        "a@example.org, b@example.org": "Enter a valid email",
        "a@example.org\r\nBcc: b@example.org": "invisible characters",
    }
    for address, words in refused.items():
        answer = send_test(admin, address)
        assert answer.status_code == 200 and words in answer.text, address
    assert mails() == [] and log() == []


def test_a_test_mail_that_is_not_there_is_not_shown(admin, four):
    for id in ("0", "x", 2**31, 2**70):
        answer = admin.get(f"/admin/outbox?test={id}")
        assert answer.status_code == 200 and "Your test email" not in answer.text


def test_only_test_mails_are_shown_as_such(admin, alice):
    send_confirmation(alice)
    (mail,) = mails()

    assert "Your test email" not in admin.get(f"/admin/outbox?test={mail.id}").text


def test_whoever_is_no_administrator_stays_outside(client, four, mona):
    client.sign_in(mona)
    paths = ["/admin/outbox", f"/admin/outbox/{four['d'].id}/drop", "/admin/outbox/retry"]

    assert [client.post(path, data={"email": "a@example.org"}).status_code for path in paths] == [
        403
    ] * 3
    assert four["d"].state == "dead" and mails("test")[0].recipient == "w@example.org"

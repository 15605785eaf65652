"""The outbox: mails are rows until a server has taken them, and none is lost or sent twice."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from factories import PASSWORD, everything, mails, make_mail, make_user
from flask import current_app
from services import free_port
from smtp import PostOffice, self_signed_certificate
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from app.email import rehearse_reset_password, send_confirmation, send_password_changed
from app.extensions import db
from app.jobs.mail_worker import MailWorker, _wake, deliver_pending, deliver_safely
from app.models import OutboxMail
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account


@pytest.fixture
def office(app):
    with PostOffice() as office:
        app.config.update(office.settings)
        yield office


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed_certificate(tmp_path_factory.mktemp("certificate"))


def wait_no_longer(mail):
    mail.next_at = utcnow()
    db.session.commit()


# With its cause, after the commit


@pytest.mark.both_databases
def test_a_mail_is_rolled_back_with_its_cause(app):
    send_confirmation(make_user("zoe"))
    assert mails()

    db.session.rollback()

    assert mails() == []


def test_a_mail_and_its_cause_become_true_together(client):
    form = dict(email="zoe@example.org", username="zoe", password=PASSWORD, password2=PASSWORD)

    client.post("/auth/register", data=form)

    (mail,) = mails()
    assert (mail.kind, mail.recipient, mail.state) == ("confirm", "zoe@example.org", "waiting")


# Delivery


def test_a_mail_leaves_once(office):
    make_mail("alice@example.org")
    make_mail("bob@example.org")
    db.session.commit()

    assert [deliver_pending(), deliver_pending()] == [2, 0]
    assert office.recipients == ["alice@example.org", "bob@example.org"]


def test_each_mail_goes_to_one_person_in_text_and_html(office, alice):
    send_password_changed(alice)
    db.session.commit()

    deliver_pending()

    (letter,) = office.letters
    assert office.envelopes == [("offbrand@example.org", ["alice@example.org"])]
    assert letter["Subject"] == "[Offbrand] Your password was changed"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "alice" in letter.get_body(["plain"]).get_content()
    assert "alice" in letter.get_body(["html"]).get_content()


def test_other_scripts_arrive_as_they_were_written(office):
    make_mail(subject="Grüße, Žofie: 你好", text="Ünïcode\n.\nQUIT\n")
    db.session.commit()

    deliver_pending()

    (letter,) = office.letters
    assert letter["Subject"] == "Grüße, Žofie: 你好"
    assert letter.get_body(["plain"]).get_content().splitlines() == ["Ünïcode", ".", "QUIT"]


def test_the_body_of_a_sent_mail_stays_in_development_only(app, office):
    for development in (True, False):
        app.config["MAILBOX"] = development
        mail = make_mail(text="a live link", html="a live link")
        db.session.commit()
        deliver_pending()
        assert mail.state == "sent"
        assert (mail.text, mail.html) == (("a live link",) * 2 if development else ("", ""))


def test_without_a_server_mails_go_to_the_mailbox(app):
    app.config["MAIL_SERVER"] = None
    mail = make_mail()
    db.session.commit()

    assert deliver_pending() == 1
    assert mail.state == "sent" and mail.text


def test_a_rehearsal_is_never_sent_and_never_shown(office, client):
    rehearse_reset_password("nobody@example.org")
    db.session.commit()

    assert deliver_pending() == 0
    assert mails() == [] and office.letters == []


def test_whatever_is_committed_wakes_the_mail_worker_at_once(site_with):
    with site_with(MAIL_DELIVERY="thread").app_context():
        worker = current_app.extensions["mail_worker"] = MailWorker(current_app)
        make_mail()
        assert not worker.wake_event.is_set()

        db.session.commit()

    event.remove(db.session, "after_commit", _wake)
    assert worker.wake_event.is_set()


# Refused, and tried again


def test_each_pause_is_four_times_the_one_before_and_at_most_six_hours(app):
    pauses = {1: 5, 2: 20, 3: 80, 4: 320, 6: 5120, 7: 20480, 8: 6 * 3600}
    with time_machine.travel(utcnow(), tick=False):
        for tries, seconds in pauses.items():
            mail = make_mail(tries=tries - 1)
            mail.refuse("450 Later.")
            assert mail.next_at - utcnow() == timedelta(seconds=seconds), tries
            assert (mail.tries, mail.state, mail.last_error) == (tries, "waiting", "450 Later.")


def test_ten_refusals_kill_a_mail_and_retry_revives_it(office):
    office.refused["alice@example.org"] = "450 Not now"
    mail = make_mail("alice@example.org")
    for _ in range(12):
        wait_no_longer(mail)
        deliver_pending()
    assert (mail.tries, mail.state) == (10, "dead")
    assert mail.last_error == "450 Not now"

    office.refused.clear()
    mail.retry()
    db.session.commit()

    assert deliver_pending() == 1
    assert (mail.state, mail.last_error) == ("sent", "")


def test_one_refused_mail_does_not_hold_up_the_others(office):
    office.refused["bob@example.org"] = "550 No such person"
    for name in ("alice", "bob", "carla"):
        make_mail(f"{name}@example.org")
    db.session.commit()

    assert deliver_pending() == 2
    assert office.recipients == ["alice@example.org", "carla@example.org"]
    assert [mail.state for mail in mails()] == ["sent", "rejected", "sent"]


ANSWERS = {
    "550 No such person": "rejected",
    "550 5.1.1 No such mailbox": "rejected",
    "552 5.2.2 The mailbox is full": "rejected",
    "551 User not local": "rejected",
    "553 Mailbox name not allowed": "rejected",
    "556 5.1.10 The domain takes no mail": "rejected",
    "550 5.7.1 Your address is on a list": "waiting",  # this is about us
    "550 5.4.1 Recipient address rejected: Access denied": "rejected",
    "554 Relay access denied": "waiting",
    "530 Authentication required": "waiting",
    "552 Too much mail": "waiting",
    "450 4.2.1 Greylisted": "waiting",
    "452 4.1.1 Not now": "waiting",
}


def test_an_address_that_takes_no_mail_is_not_tried_again(office, alice):
    seen = {}
    for answer in ANSWERS:
        office.refused["alice@example.org"] = answer
        alice.unreached_at = None
        mail = make_mail("alice@example.org")
        deliver_pending()
        seen[answer] = mail.state
        assert (alice.unreached_at is not None) == (mail.state == "rejected"), answer
        db.session.delete(mail)
        db.session.commit()

    assert seen == ANSWERS


def test_who_is_not_reached_is_told_and_reached_again(client, office, alice, ada):
    office.refused["alice@example.org"] = "550 5.1.1 No such mailbox"
    mail = make_mail("alice@example.org")
    db.session.commit()
    deliver_pending()
    client.sign_in(alice)
    assert "Emails to alice@example.org are bouncing." in client.get("/").text
    assert not alice.is_reached_by_mail
    client.sign_in(ada)
    assert "Undeliverable since" in client.get(f"/admin/users/{alice.id}").text
    room = client.get("/admin/outbox?state=rejected").text
    assert "Undeliverable" in room and "550 5.1.1 No such mailbox" in room

    office.refused.clear()
    client.post(f"/admin/outbox/{mail.id}/retry")
    assert deliver_pending() == 1
    assert (mail.state, alice.unreached_at) == ("sent", None)


def test_a_new_address_and_a_confirmed_one_are_taken_to_be_reached(app, alice):
    alice.unreached_at = utcnow()
    alice.email = "ALICE@example.org"
    assert alice.unreached_at is not None  # it is the same
    alice.email = "alice@example.com"
    assert alice.unreached_at is None
    alice.unreached_at = utcnow()
    alice.prove_address()
    assert alice.unreached_at is None


def test_a_mail_has_one_message_id_for_all_its_tries(office):
    office.drop_after_data = True
    mail = make_mail()
    for _ in range(3):
        wait_no_longer(mail)
        deliver_pending()

    names = {letter["Message-ID"] for letter in office.letters}
    assert len(office.letters) == 3
    assert names == {f"<{mail.message_id}@example.org>"}


def test_a_server_that_drops_the_connection_after_the_text_costs_a_try(office):
    office.drop_after_data = True
    mail = make_mail()
    db.session.commit()

    assert deliver_pending() == 0
    assert (mail.tries, mail.state) == (1, "waiting")


def test_trouble_at_goodbye_makes_no_double(office):
    office.drop_at_quit = True
    mail = make_mail()
    db.session.commit()

    assert deliver_pending() == 1
    wait_no_longer(mail)
    assert deliver_pending() == 0
    assert len(office.letters) == 1 and mail.state == "sent"


def test_a_server_that_says_it_closes_is_no_fault_of_the_next_mail(office):
    office.refused["bob@example.org"] = "421 Closing"
    bob, carla = make_mail("bob@example.org"), make_mail("carla@example.org")
    db.session.commit()

    assert deliver_pending() == 1
    assert [bob.tries, bob.state] == [1, "waiting"]
    assert [carla.tries, carla.state] == [1, "sent"]


# A server that is away, or slow


def test_a_server_that_is_away_costs_no_try(app):
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_USE_TLS=False)
    with time_machine.travel(utcnow(), tick=False):
        mail = make_mail()
        db.session.commit()

        assert deliver_pending() == 0
        assert (mail.tries, mail.state) == (0, "waiting")
        assert "refused" in mail.last_error
        assert mail.next_at - utcnow() == timedelta(seconds=15)


def test_a_server_that_never_greets_is_given_up_in_time(app):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_USE_TLS=False)
        app.config["MAIL_TIMEOUT"] = 0.02
        mail = make_mail()
        db.session.commit()

        assert deliver_pending() == 0

    assert (mail.tries, mail.state) == (0, "waiting")
    assert "timed out" in mail.last_error


def test_a_server_that_falls_asleep_is_given_up_in_time(app, office):
    office.seconds, app.config["MAIL_TIMEOUT"] = 30, 0.02
    mail = make_mail()
    db.session.commit()

    assert deliver_pending() == 0
    assert (mail.tries, mail.state) == (1, "waiting")
    assert "timed out" in mail.last_error


def test_a_fault_does_not_stop_the_mail_worker(site, app, monkeypatch):
    def broken(stopped):
        raise SQLAlchemyError

    monkeypatch.setattr("app.jobs.mail_worker.deliver_pending", broken)
    deliver_safely(site)
    monkeypatch.setattr("app.jobs.mail_worker.deliver_pending", lambda stopped: 1 / 0)
    deliver_safely(site)


# Nothing gets in


def test_a_line_break_in_a_header_sends_nothing_to_anyone(office):
    """R-37."""
    hostile = [f"{end}Bcc: eve@example.net" for end in ("\r\n", "\n", "\r")]
    bad = [make_mail(subject=f"Hello{words}") for words in hostile]
    bad += [make_mail(f"alice@example.org{words}") for words in hostile]
    good = make_mail("bob@example.org")
    db.session.commit()

    assert deliver_pending() == 1
    assert office.envelopes == [("offbrand@example.org", ["bob@example.org"])]
    assert [(mail.state, mail.tries) for mail in bad] == [("waiting", 1)] * 6
    assert good.state == "sent"


# TLS


def test_a_server_that_nobody_vouches_for_gets_no_mail(app, certificate):
    with PostOffice(certificate=certificate) as office:
        app.config.update(office.settings)
        mail = make_mail()
        db.session.commit()

        assert deliver_pending() == 0

    assert office.letters == []
    assert (mail.tries, mail.state) == (0, "waiting")
    assert "CERTIFICATE_VERIFY_FAILED" in mail.last_error


def test_a_server_whose_certificate_we_know_gets_mail(app, certificate):
    with PostOffice(certificate=certificate) as office:
        app.config.update(office.settings, MAIL_CA_FILE=certificate[0])
        make_mail()
        db.session.commit()

        assert deliver_pending() == 1

    assert office.recipients == ["alice@example.org"]


def test_a_certificate_for_another_name_is_refused(app, certificate):
    with PostOffice(certificate=certificate) as office:
        app.config.update(office.settings, MAIL_CA_FILE=certificate[0], MAIL_SERVER="localhost")
        make_mail()
        db.session.commit()

        assert deliver_pending() == 0

    assert office.letters == []


def test_a_server_without_tls_gets_no_mail_in_the_clear(app, office):
    app.config["MAIL_USE_TLS"] = True
    mail = make_mail()
    db.session.commit()

    assert deliver_pending() == 0
    assert office.letters == [] and "STARTTLS" in mail.last_error


# Leases


@pytest.mark.both_databases
def test_a_leased_mail_is_left_alone_until_its_lease_runs_out(office):
    mail = make_mail()
    db.session.commit()
    assert OutboxMail.lease() is mail  # by a mail worker that is killed now
    assert deliver_pending() == 0

    mail.leased_until = utcnow() - timedelta(seconds=1)
    db.session.commit()

    assert deliver_pending() == 1


@pytest.mark.both_databases
def test_a_lease_takes_one_mail_whatever_the_database_plans(app):
    if on_postgresql():
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            db.session.execute(text(f"SET LOCAL enable_{way} = off"))
    for _ in range(5):
        make_mail()
    db.session.flush()

    OutboxMail.lease()

    assert [mail.leased_until is not None for mail in mails()].count(True) == 1


@pytest.mark.both_databases
def test_the_mail_that_is_due_longest_leaves_first(office):
    make_mail("alice@example.org")
    make_mail("bob@example.org", next_at=utcnow() - timedelta(minutes=1))
    make_mail("carla@example.org", next_at=utcnow() + timedelta(minutes=1))
    db.session.commit()

    deliver_pending()

    assert office.recipients == ["bob@example.org", "alice@example.org"]


@pytest.mark.both_databases
def test_three_postmen_at_once_send_each_mail_once(site, office):
    office.seconds = 0.001
    expected = [make_mail(f"person{n}@example.org").recipient for n in range(15)]
    db.session.commit()

    with ThreadPoolExecutor(3) as pool:
        sent = list(pool.map(deliver_in, [site] * 3))

    assert sorted(office.recipients) == sorted(expected)
    assert sum(sent) == len(expected)


def deliver_in(site):
    with site.app_context():
        return deliver_pending()


def on_postgresql():
    return db.engine.dialect.name == "postgresql"


# Forgetting


@pytest.mark.both_databases
def test_settled_mails_are_forgotten_after_a_month_and_waiting_ones_never(app):
    old, young = utcnow() - timedelta(days=31), utcnow() - timedelta(days=29)
    for state in ("sent_at", "dead_at"):
        make_mail(f"old-{state}@example.org", created_at=old, **{state: old})
        make_mail(f"young-{state}@example.org", created_at=young, **{state: young})
    make_mail("waiting@example.org", created_at=old)

    OutboxMail.purge()

    left = [mail.recipient.partition("@")[0] for mail in mails()]
    assert left == ["young-sent_at", "young-dead_at", "waiting"]


def test_a_rehearsal_is_forgotten_at_the_next_purge(app):
    rehearse_reset_password("nobody@example.org")
    db.session.flush()

    OutboxMail.purge()

    assert everything()["outbox"] == []


@pytest.mark.both_databases
def test_the_mailbox_keeps_the_newest_and_whatever_waits(app):
    for n in range(6):
        make_mail(f"{n}@example.org", sent_at=utcnow() if n else None)

    OutboxMail.purge(keep=3)

    assert [mail.recipient[0] for mail in mails()] == ["0", "3", "4", "5"]


@pytest.mark.both_databases
def test_a_mail_outlives_the_person_it_was_written_to(app, alice):
    mail = make_mail("alice@example.org", user_id=alice.id)

    delete_account(alice)
    db.session.commit()
    db.session.refresh(mail)

    assert (mail.user_id, mail.recipient) == (None, "alice@example.org")

"""flask mail: the mail room, as an operator sees it."""

from datetime import timedelta

import pytest
from factories import everything, mails, make_mail
from services import Served, free_port
from smtp import PostOffice, self_signed_certificate

from app.extensions import db
from app.models import AuditEntry
from app.models.fields import utcnow

COMMANDS = ["worker", "send", "list", "retry", "drop", "test"]


@pytest.fixture
def office(app):
    with PostOffice() as office:
        app.config.update(office.settings)
        yield office


@pytest.fixture
def three_mails(app):
    """One of each state; in the order in which they were written."""
    waiting = make_mail("w@example.org", next_at=utcnow() + timedelta(hours=1), text="secret link")
    sent = make_mail("s@example.org", sent_at=utcnow(), tries=1)
    dead = make_mail("d@example.org", dead_at=utcnow(), tries=10, last_error="550 Nobody here")
    db.session.commit()
    return waiting, sent, dead


def addresses(output):
    return [line.split()[4] for line in output.splitlines()]


def test_each_command_explains_itself(flask):
    """S004-5."""
    for command in COMMANDS:
        result = flask("mail", command, "--help")
        assert result.exit_code == 0
        assert result.output.startswith("Usage: ") and len(result.output.splitlines()) > 4


# list


def test_the_list_shows_envelopes_and_never_what_the_mails_say(flask, three_mails):
    output = flask("mail", "list").output

    assert addresses(output) == ["d@example.org", "s@example.org", "w@example.org"]
    assert "dead      d@example.org  test  tries 10  550 Nobody here" in output
    assert "secret link" not in output and "Hello" not in output


def test_the_list_can_be_narrowed_to_a_state_and_has_an_end(flask, three_mails):
    for state in ("waiting", "sent", "dead"):
        output = flask("mail", "list", "--state", state).output
        assert addresses(output) == [f"{state[0]}@example.org"]
    assert addresses(flask("mail", "list", "--limit", "1").output) == ["d@example.org"]


# send


def test_sending_delivers_what_is_due_and_counts_it(flask, office, three_mails):
    make_mail("due@example.org")

    assert flask("mail", "send").output == "1 sent.\n"
    assert flask("mail", "send").output == "0 sent.\n"
    assert office.recipients == ["due@example.org"]


# retry


def test_a_mail_that_was_given_up_is_tried_again(flask, office, three_mails):
    dead = three_mails[2]

    assert flask("mail", "retry", str(dead.id)).output == "1 will be retried.\n"
    assert (dead.state, dead.tries) == ("waiting", 0)
    assert flask("mail", "send").output == "1 sent.\n"


def test_a_mail_that_waits_is_tried_now(flask, office, three_mails):
    flask("mail", "retry", str(three_mails[0].id))

    assert flask("mail", "send").output == "1 sent.\n"
    assert office.recipients == ["w@example.org"]


def test_all_that_were_given_up_are_tried_again(flask, three_mails):
    make_mail("also@example.org", dead_at=utcnow())

    assert flask("mail", "retry", "--all").output == "2 will be retried.\n"
    assert [mail.state for mail in mails()] == ["waiting", "sent", "waiting", "waiting"]


def test_what_operators_do_to_mails_is_in_the_log(flask, three_mails):
    """R-94."""
    waiting, sent, dead = three_mails
    flask("mail", "retry", str(dead.id))
    flask("mail", "drop", str(waiting.id))
    flask("mail", "retry", "--all")  # nothing is left to do

    entries = db.session.scalars(AuditEntry.latest()).all()
    assert [(e.action, e.actor_name, e.target_type, e.target_name) for e in entries] == [
        ("drop mail", "an operator", "mail", "w@example.org"),
        ("retry mail", "an operator", "mail", "d@example.org"),
    ]


# drop


def test_a_mail_that_was_dropped_never_leaves(flask, office, three_mails):
    waiting = three_mails[0]

    result = flask("mail", "drop", str(waiting.id))

    assert result.output == f"Email {waiting.id} was canceled.\n"
    assert (waiting.state, waiting.text) == ("dropped", "")
    assert flask("mail", "send").output == "0 sent.\n"
    assert addresses(flask("mail", "list", "--state", "dropped").output) == ["w@example.org"]


# test


def test_a_test_mail_goes_straight_to_the_server(flask, office):
    result = flask("mail", "test", "Ada@Example.org")

    (letter,) = office.letters
    assert result.output == "The mail server accepted a test email to Ada@Example.org.\n"
    assert (letter["To"], letter["Subject"]) == ("ada@example.org", "[Offbrand] Test email")
    assert "This is a test" in letter.get_body(["plain"]).get_content()
    assert mails() == []


def test_a_refusal_is_told_in_the_words_of_the_server(flask, office):
    for words in ("550 No such person", "451 Greylisted, come back later"):
        office.refused["ada@example.org"] = words
        result = flask("mail", "test", "ada@example.org")
        assert result.exit_code == 1
        assert result.output == f"Error: The mail server answered: {words}\n"


def test_a_server_that_is_away_is_told(app, flask):
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_USE_TLS=False)

    result = flask("mail", "test", "ada@example.org")

    assert result.exit_code == 1
    assert "ConnectionRefusedError" in result.output and len(result.output.splitlines()) == 1


def test_a_server_that_is_slow_is_told(app, flask, office):
    office.seconds, app.config["MAIL_TIMEOUT"] = 30, 0.02

    result = flask("mail", "test", "ada@example.org")

    assert result.exit_code == 1 and "timed out" in result.output


def test_a_server_that_nobody_vouches_for_is_told(app, flask, tmp_path):
    with PostOffice(certificate=self_signed_certificate(tmp_path)) as office:
        app.config.update(office.settings)
        result = flask("mail", "test", "ada@example.org")

    assert result.exit_code == 1 and office.letters == []
    assert "certificate verify failed" in result.output


def test_without_a_server_the_mailbox_is_named(app, flask):
    result = flask("mail", "test", "ada@example.org")

    assert result.exit_code == 1
    assert result.output == "Error: MAIL_SERVER is not set, so emails are shown at /dev/mailbox.\n"


@pytest.mark.fault
def test_a_test_mail_leaves_a_site_in_development(tmp_path):
    """In a process of its own, where no request is near."""
    with PostOffice() as office:
        site = Served(tmp_path, **office.environment)
        done = site.command("mail", "test", "ada@example.org")

    assert (done.returncode, done.stderr) == (0, "")
    assert office.recipients == ["ada@example.org"]


# What is refused


BAD = [
    (["retry"], "Give the number of an email, or --all."),
    (["retry", "--all", "1"], "Give the number of an email, or --all."),
    (["retry", "999999"], "There is no unsent email 999999."),
    (["retry", "SENT"], "There is no unsent email "),
    (["drop", "999999"], "There is no unsent email 999999."),
    (["drop", "SENT"], "There is no unsent email "),
    (["test", "no-address"], "Enter a valid email"),
    (["test", "ada@example.org\r\nBcc: eve@example.net"], "Enter a valid email"),
]
MEANINGLESS = [
    ["retry", "first"],
    ["retry", "0"],
    ["retry", str(2**31)],
    ["drop", "0"],
    ["drop"],
    ["list", "--state", "lost"],
    ["list", "--limit", "few"],
    ["list", "--limit", "-1"],
    ["list", "--limit", str(10**20)],
    ["test"],
]


def test_bad_input_is_answered_in_one_sentence_and_changes_nothing(flask, office, three_mails):
    before, sent = everything(), str(three_mails[1].id)

    for words, sentence in BAD:
        result = flask("mail", *[sent if word == "SENT" else word for word in words])
        assert result.exit_code == 1, words
        assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
        assert sentence in result.output
    assert everything() == before and office.letters == []


def test_words_that_mean_nothing_are_named(flask, three_mails):
    for words in MEANINGLESS:
        result = flask("mail", *words)
        assert result.exit_code == 2, words
        assert "Usage: " in result.output and "Error: " in result.output

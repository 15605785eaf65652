"""flask doctor and flask audit: as an operator, and a script, sees them."""

import json
from contextvars import Context

import pytest
from factories import make_user
from services import Served, free_port
from sqlalchemy import update

from app.doctor import BAD
from app.extensions import db
from app.models import AuditEntry, AuditHead


@pytest.fixture
def log(ada, alice):
    """Two acts of Ada's; her site is well."""
    alice.deactivate(by=ada, reason="Too loud.")
    alice.reactivate(by=ada)
    db.session.commit()
    return "{}:{}".format(*AuditHead.now())


def break_entry(number):
    db.session.execute(update(AuditEntry).where(AuditEntry.number == number).values(reason="x"))


@pytest.mark.parametrize("words", [["doctor"], ["audit", "verify"], ["audit", "list"]])
def test_each_command_explains_itself(flask, words):
    result = flask(*words, "--help")

    assert result.exit_code == 0
    assert result.output.startswith("Usage: ") and len(result.output.splitlines()) > 4


def test_a_site_that_is_well_ends_with_0(flask, ada):
    result = flask("doctor")

    assert result.exit_code == 0
    assert {line.split()[0] for line in result.output.splitlines()} == {"good", "note", "→"}


def test_what_is_bad_ends_with_1_and_says_what_mends_it(flask, ada):
    make_user(role=None)

    result = flask("doctor")

    lines = [line.strip() for line in result.output.splitlines()]
    (number,) = [i for i, line in enumerate(lines) if line.startswith("bad")]
    assert result.exit_code == 1
    assert lines[number].endswith("1: they can’t do anything.")
    assert lines[number + 1] == "→ flask deploy"


def test_it_can_be_read_by_programs(flask, ada):
    assert json.loads(flask("doctor", "--json").output)["well"] is True
    make_user(role=None)

    result = flask("doctor", "--json")

    facts = json.loads(result.output)
    (bad,) = [check for check in facts["checks"] if check["state"] == BAD]
    assert (result.exit_code, facts["well"], facts["version"]) == (1, False, "0.4")
    assert (bad["name"], bad["cure"]) == ("People without a role", "flask deploy")


def test_an_end_of_the_log_that_was_noted_is_looked_for(flask, log):
    assert log in flask("doctor").output
    assert flask("doctor", "--expect", log).exit_code == 0

    result = flask("doctor", "--expect", f"2:{64 * 'a'}")

    assert result.exit_code == 1 and "which you expected" in result.output


def test_a_changed_log_is_bad(flask, log):
    break_entry(1)

    result = flask("doctor")

    assert result.exit_code == 1 and "Entry 1 is not what was written." in result.output


def test_without_its_database_it_says_so_without_a_traceback(site_with):
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/nothing"
    for words in (["doctor"], ["doctor", "--json"]):
        runner = site_with(SQLALCHEMY_DATABASE_URI=url).test_cli_runner()
        result = Context().run(runner.invoke, args=words)  # no other site is near

        assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
        assert "Connection refused" in result.output and "Traceback" not in result.output


@pytest.mark.fault
def test_a_site_that_was_never_deployed_is_told_to_be(tmp_path):
    """In a process of its own."""
    done = Served(tmp_path).command("doctor")

    assert done.returncode == 1
    assert "flask deploy" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_each_command_tells_an_empty_site_to_be_deployed(site_with, tmp_path):
    site = site_with(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/empty.sqlite")
    for words in (["doctor"], ["audit", "verify"], ["audit", "list"]):
        result = Context().run(site.test_cli_runner().invoke, args=words)

        assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
        assert "flask deploy" in result.output


# audit


def test_a_whole_log_is_said_to_be_whole_and_its_end_is_told(flask, log):
    result = flask("audit", "verify")

    assert (result.exit_code, result.output) == (0, f"2 entries verified.\n{log}\n")
    assert flask("audit", "verify", "--expect", log).exit_code == 0


def test_a_log_without_entries_is_whole(flask):
    assert flask("audit", "verify").output == "0 entries verified.\n0:\n"


@pytest.mark.parametrize(
    "breaks, words, sentence",
    [
        (True, [], "Entry 2 is not what was written."),
        (False, ["--expect", "2:abc"], "The log doesn’t contain 2:abc, which you expected."),
        (False, ["--expect", "nonsense"], "The log doesn’t contain nonsense, which you expected."),
    ],
)
def test_what_is_wrong_with_a_log_is_one_sentence(flask, log, breaks, words, sentence):
    if breaks:
        break_entry(2)

    result = flask("audit", "verify", *words)

    assert (result.exit_code, result.output) == (1, f"Error: {sentence}\n")


def test_the_list_shows_who_did_what_to_whom_and_why(flask, log):
    first, second = flask("audit", "list").output.splitlines()

    assert first.startswith("     2  ") and first.endswith("ada: reactivate alice")
    assert second.endswith("ada: deactivate alice  Too loud.")


NARROWED = {"--limit 1": 1, "--action deactivate": 1, "--action delete": 0}
NARROWED |= {"--actor ada": 2, "--actor alice": 0}


def test_the_list_can_be_narrowed(flask, log):
    found = {words: flask("audit", "list", *words.split()).output for words in NARROWED}

    assert {words: len(said.splitlines()) for words, said in found.items()} == NARROWED


def test_an_entry_is_one_line_whatever_stands_in_it(flask, ada, alice):
    """R-93."""
    alice.deactivate(by=ada, reason="one\ntwo\x1b[2J")

    (line,) = flask("audit", "list").output.splitlines()

    assert line.endswith(r"one\ntwo\x1b[2J")


def test_words_that_mean_nothing_are_named(flask):
    for words in (["--limit", "0"], ["--limit", "few"], ["extra"]):
        assert flask("audit", "list", *words).exit_code == 2

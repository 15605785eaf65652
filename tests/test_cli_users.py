"""flask users: what operators type about accounts."""

from types import SimpleNamespace

import pytest
from factories import ANOTHER, PASSWORD, everything, make_mail, make_user
from services import Served
from sqlalchemy import select

from app import data_export
from app.cli.users import new_username
from app.extensions import db
from app.models import User, UserSession

COMMANDS = ["create", "activate", "deactivate", "confirm", "list", "show", "change-password"]
COMMANDS += ["delete"]
TUTORIAL = """\
flask users create --password abcd1234 user@security.com
flask users activate user@security.com
flask users create --password abcd1234 admin@security.com
flask roles create -p write,comment Writers
flask roles add admin@security.com Administrator
flask users list"""


def sessions_of(user):
    return len(UserSession.of(user))


def test_each_command_explains_itself(flask):
    """S004-5."""
    for command in COMMANDS:
        result = flask("users", command, "--help")
        assert result.exit_code == 0 and result.output.startswith("Usage: "), command
        assert len(result.output.splitlines()) > 4


def test_the_group_names_its_commands(flask):
    output = flask("users", "--help").output

    assert all(f"  {command} " in output for command in COMMANDS)


# create


def test_an_operator_makes_an_account_that_can_be_used_at_once(flask):
    """S004-1, in its own words."""
    result = flask("users", "create", "--password", "abcd1234", "user@security.com")

    person = User.with_email("user@security.com")
    assert result.exit_code == 0
    assert person.is_confirmed and person.is_active and person.verify_password("abcd1234")
    assert (person.username, person.role.name) == ("user", "User")


def test_an_easy_password_has_to_be_changed_at_the_first_sign_in(flask):
    for number, (password, due) in enumerate({"abcd1234": True, PASSWORD: False}.items()):
        result = flask("users", "create", "--password", password, f"zoe{number}@example.org")

        assert bool(User.with_email(f"zoe{number}@example.org").password_due_at) is due
        assert ("be asked for a new one at the next sign-in." in result.output) is due


def test_everything_about_an_account_can_be_said_at_once(flask):
    words = ["--username", "Zoe.B", "--role", "Moderator", "--password", PASSWORD]

    result = flask("users", "create", *words, " Zoe@Example.ORG ")

    assert result.output == "Created Zoe.B <zoe@example.org> Moderator.\n"
    assert User.with_username("zoe.b").email == "zoe@example.org"


def test_a_password_can_come_from_a_pipe(flask):
    result = flask("users", "create", "zoe@example.org", input=f"{PASSWORD}\n")

    assert result.exit_code == 0
    assert User.with_email("zoe@example.org").verify_password(PASSWORD)


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(flask, monkeypatch):
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("app.cli.people.sys", terminal)

    typed = f"{PASSWORD}\n{ANOTHER}\n{PASSWORD}\n{PASSWORD}\n"
    result = flask("users", "create", "zoe@example.org", input=typed)

    assert User.with_email("zoe@example.org").verify_password(PASSWORD)
    assert "do not match" in result.output and PASSWORD not in result.output


def test_the_tutorial_can_be_typed_as_it_stands(flask):
    """S004-1 to S004-4; the last line says that it was done."""
    for line in TUTORIAL.splitlines():
        result = flask(*line.split()[1:])
        assert result.exit_code == 0, line

    assert "admin <admin@security.com> Administrator" in result.output


@pytest.mark.fault
def test_commands_work_in_processes_of_their_own(tmp_path):
    site = Served(tmp_path)
    for line in ("deploy", "users create --password abcd1234 user@security.com", "users list"):
        done = site.command(*line.split())
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr

    assert "user <user@security.com> User" in done.stdout
    done = site.command("users", "activate", "nobody@security.com")
    assert done.returncode == 1
    assert done.stderr == "Error: Nobody has the email or username nobody@security.com.\n"


def test_a_username_is_made_from_the_address(app, alice):
    made = {
        "zoe.b@example.org": "zoe.b",
        "4zoe+news@example.org": "zoenews",
        "1234@example.org": "member",
        "ALICE@example.net": "ALICE1",
        f"{'a' * 64}@example.org": "a" * 56,
    }
    assert {address: new_username(address) for address in made} == made


def test_a_made_username_passes_by_those_that_are_taken(app):
    for name in ("zoe", "Zoe1", "zoe3"):
        make_user(name)

    assert new_username("ZOE@example.org") == "ZOE2"


# activate, deactivate, confirm


def test_deactivating_ends_sessions_and_activating_lets_in_again(flask, client, alice):
    """S004-2, in its own words but for the address."""
    client.sign_in(alice)
    assert flask("users", "deactivate", "alice@example.org").exit_code == 0
    assert (alice.is_active, sessions_of(alice)) == (False, 0)
    assert client.get("/settings/profile").status_code == 302

    result = flask("users", "activate", "alice@example.org")

    assert result.output == "alice was reactivated.\n"
    assert alice.is_active


def test_activating_in_the_words_of_the_tutorial(flask):
    """S004-2."""
    flask("users", "create", "--password", "abcd1234", "user@security.com")

    result = flask("users", "activate", "user@security.com")

    assert (result.exit_code, result.output) == (0, "user is already active.\n")


def test_what_is_so_already_is_said_and_left(flask, alice, bob):
    bob.deactivate()
    db.session.commit()
    before = everything()

    for command, name in {"activate": "alice", "confirm": "alice", "deactivate": "bob"}.items():
        result = flask("users", command, name)
        assert result.exit_code == 0 and "already" in result.output, command

    assert everything() == before


def test_an_operator_confirms_an_address(flask):
    zoe = make_user("zoe", confirmed=False)

    assert flask("users", "confirm", "ZOE@example.org").exit_code == 0
    assert zoe.is_confirmed


def test_confirming_the_configured_administrator_makes_them_one(app, flask):
    app.config["OFFBRAND_ADMIN"] = "Zoe@Example.org"
    zoe = make_user("zoe", confirmed=False)
    assert zoe.role.name == "User"

    flask("users", "confirm", "zoe")

    assert zoe.role.name == "Administrator"


# list, show


def test_a_list_tells_what_is_special(flask, alice, ada):
    make_user("zoe", confirmed=False)
    flask("users", "deactivate", "alice")

    lines = flask("users", "list").output.splitlines()

    assert lines == [
        "ada <ada@example.org> Administrator",
        "alice <alice@example.org> User, deactivated",
        "zoe <zoe@example.org> User, not confirmed",
    ]


def test_a_list_can_be_narrowed(flask, alice, bob):
    for text, found in {"ALI": ["alice"], "@example": ["alice", "bob"]}.items():
        lines = flask("users", "list", text).output.splitlines()
        assert [line.split()[0] for line in lines] == found


def test_a_wildcard_is_a_character_like_others(flask, alice):
    assert flask("users", "list", "%").output == flask("users", "list", "a_i").output == ""


def test_an_account_is_shown_with_its_devices(flask, client, alice):
    client.sign_in(alice)

    output = flask("users", "show", "alice@example.org").output

    assert output.startswith("alice <alice@example.org> User\n")
    assert "signed in on   A browser" in output
    assert "argon2" not in output


# change-password, delete


def test_a_new_password_signs_out_everywhere(flask, client, alice):
    client.sign_in(alice)

    result = flask("users", "change-password", "alice@example.org", input=f"{ANOTHER}\n")

    assert result.output == "alice’s password was changed.\n"
    assert alice.verify_password(ANOTHER) and not alice.verify_password(PASSWORD)
    assert sessions_of(alice) == 0


def test_a_new_password_kills_the_links_that_were_mailed_before(flask, alice):
    """R-47."""
    token = alice.generate_reset_token()
    assert User.read_link("reset", token).verdict

    flask("users", "change-password", "--password", ANOTHER, "alice")

    assert not User.read_link("reset", token).verdict


def test_an_account_is_deleted_with_its_sessions(flask, client, alice, bob):
    client.sign_in(alice)
    make_mail(user_id=alice.id)

    result = flask("users", "delete", "--yes", "alice@example.org")

    assert result.output == "alice was deleted.\n"
    assert db.session.scalars(select(User.username)).all() == ["bob"]
    assert everything()["user_sessions"] == []


def test_a_deletion_that_a_worker_has_in_hand_is_not_said_to_be_done(flask, alice, monkeypatch):
    monkeypatch.setattr(data_export, "delete_now", lambda person: False)

    result = flask("users", "delete", "--yes", "alice")

    assert result.output == "alice was closed and is being deleted, which can take a few minutes.\n"


def test_deleting_asks_first(flask, alice):
    for answer, left in {"n": True, "": True, "y": False}.items():
        result = flask("users", "delete", "alice", input=f"{answer}\n")

        assert bool(User.with_username("alice")) is left
        assert (result.exit_code != 0) is left


# What is refused


BAD = [
    (["create", "--password", PASSWORD, "no-address"], "Enter a valid email"),
    (["create", "--password", PASSWORD, ""], "Enter a valid email"),
    (["create", "--password", PASSWORD, "x@localhost"], "Enter a valid email"),
    (["create", "--password", PASSWORD, "Alice@Example.org"], "already has an account"),
    (["create", "--password", PASSWORD, "--username", "ALICE", "z@example.org"], "is taken"),
    (["create", "--password", PASSWORD, "--username", "z z", "z@example.org"], "Start with"),
    (["create", "--password", PASSWORD, "--role", "King", "z@example.org"], "no role King"),
    (["create", "--password", "x" * 257, "z@example.org"], "1 to 256 characters"),
    (["create", "--password", "   ", "z@example.org"], "1 to 256 characters"),
    (["create", "z@example.org"], "Give a password with --password"),
    (["change-password", "alice"], "Give a password with --password"),
    (["change-password", "--password", "x" * 257, "alice"], "1 to 256 characters"),
    (["change-password", "--password", PASSWORD, "nobody"], "Nobody has the email"),
    (["activate", "nobody@example.org"], "Nobody has the email or username nobody@"),
    (["deactivate", "nobody"], "Nobody has the email or username nobody."),
    (["confirm", "nobody"], "Nobody has the email or username nobody."),
    (["show", "nobody"], "Nobody has the email or username nobody."),
    (["delete", "--yes", "nobody"], "Nobody has the email or username nobody."),
    (["deactivate", "ada"], "without an administrator"),
    (["delete", "--yes", "ada"], "without an administrator"),
]


def test_bad_input_is_answered_in_one_sentence_and_changes_nothing(flask, alice, ada):
    """Of the last administrator too (R-82)."""
    db.session.commit()
    before = everything()

    for words, sentence in BAD:
        result = flask("users", *words)
        assert (result.exit_code, sentence in result.output) == (1, True), words
        assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
        assert everything() == before, words


def test_a_missing_address_is_named(flask):
    for command in set(COMMANDS) - {"list"}:
        result = flask("users", command)
        assert result.exit_code == 2 and "Missing argument 'EMAIL'" in result.output, command

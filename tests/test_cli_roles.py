"""flask roles: what operators type about who may do what."""

from itertools import product

import pytest
from factories import everything, keep, make_user

from app.extensions import db
from app.models import Permission, Role
from app.permissions import ROLES

COMMANDS = ["create", "list", "add", "set", "remove", "add-permissions", "remove-permissions"]


def make_role(name, permissions):
    return keep(Role(name=name, permissions=int(permissions)))


@pytest.fixture
def writers(app):
    return make_role("Writers", Permission.WRITE | Permission.COMMENT)


@pytest.fixture
def keepers(app):
    """Keepers may administer and nothing else: they cover no other role, and none but one them."""
    return make_role("Keepers", Permission.ADMIN)


def test_each_command_explains_itself(flask):
    """S004-5."""
    for command in COMMANDS:
        result = flask("roles", command, "--help")
        assert result.exit_code == 0 and result.output.startswith("Usage: "), command
        assert len(result.output.splitlines()) > 4


# create, list


def test_an_operator_makes_a_role(flask):
    """S004-3, with the names of our permissions."""
    result = flask("roles", "create", "-p", "write,comment", "Writers")

    role = Role.named("Writers")
    assert result.output == "The role Writers allows comment, write.\n"
    assert role.permissions == Permission.WRITE | Permission.COMMENT
    assert not role.default


def test_permissions_are_a_list_with_commas(flask):
    for names, mask in {"": 0, "follow": 1, " WRITE , Moderate,": 12, "write,write": 4}.items():
        flask("roles", "create", "-p", names, "-d", "For a test.", f"Testers {mask}")

        role = Role.named(f"Testers {mask}")
        assert (role.permissions, role.description) == (mask, "For a test.")


def test_the_list_says_what_each_role_allows_and_how_many_hold_it(flask, alice, bob, ada, writers):
    assert flask("roles", "list").output.splitlines() == [
        "Writers: comment, write; held by 0",
        "User (default): follow, comment, write; held by 2",
        "Moderator: follow, comment, write, moderate; held by 0",
        "Administrator: follow, comment, write, moderate, admin; held by 1",
    ]


# add


def test_an_operator_makes_an_administrator(flask):
    """S004-4, in its own words."""
    flask("users", "create", "--password", "abcd1234", "admin@security.com")

    result = flask("roles", "add", "admin@security.com", "Administrator")

    assert (result.exit_code, result.output) == (0, "admin’s role is now Administrator.\n")


def test_a_role_that_is_covered_already_changes_nothing(flask, writers):
    covering = {"User": "Moderator", "Moderator": "Moderator", "Writers": "Administrator"}
    for name, held in covering.items():
        zoe = make_user(f"zoe_{name}", role=held)

        result = flask("roles", "add", zoe.email, name)

        assert result.exit_code == 0
        assert result.output == f"No change: {zoe.username} is {held}, which covers {name}.\n"
        assert zoe.role.name == held


def test_a_role_that_would_take_something_away_is_explained(flask, keepers, alice):
    before = everything()

    result = flask("roles", "add", "alice@example.org", "Keepers")

    assert result.exit_code == 1 and everything() == before
    assert result.output == (
        "Error: alice is User, and Keepers would take follow, comment, write away. "
        "A person has one role; to replace it: flask roles set alice@example.org Keepers\n"
    )


def test_adding_never_takes_a_permission_away(flask, app):
    """Whatever is held and whatever is added."""
    masks = [0, 6, 16, 0xFF]
    for mask in masks:
        make_role(f"May{mask}", mask)
    zoe = make_user("zoe", role=None)
    for held in masks:
        for added in masks:
            zoe.role = Role.named(f"May{held}")
            flask("roles", "add", "zoe", f"May{added}")
            assert held & ~zoe.role.permissions == 0, (held, added)


def test_a_person_without_a_role_can_be_given_any(flask, writers):
    zoe = make_user("zoe", role=None)

    assert flask("roles", "add", "zoe", "Writers").output == "zoe’s role is now Writers.\n"
    assert zoe.role is writers


# set, remove


def test_setting_replaces_a_role(flask, mona, writers):
    assert (
        flask("roles", "set", "mona@example.org", "Writers").output
        == "mona’s role is now Writers.\n"
    )
    assert mona.role is writers


def test_removing_returns_to_the_default_role(flask, mona):
    result = flask("roles", "remove", "mona@example.org", "Moderator")

    assert (result.exit_code, result.output) == (0, "mona’s role is now User.\n")
    assert mona.role.default


# add-permissions, remove-permissions


def test_a_role_of_ones_own_can_be_changed(flask, writers):
    added = flask("roles", "add-permissions", "Writers", "follow,moderate")
    assert added.output == "The role Writers allows follow, comment, write, moderate.\n"

    flask("roles", "remove-permissions", "Writers", "comment,moderate,admin")

    assert writers.permissions == Permission.FOLLOW | Permission.WRITE


def test_what_a_role_loses_its_holders_lose_at_once(flask, client, keepers):
    """R-61."""
    make_user("ada", role="Administrator")
    zoe = make_user("zoe", role="Keepers")
    client.sign_in(zoe)
    assert client.get("/admin/").status_code == 200

    flask("roles", "remove-permissions", "Keepers", "admin")

    assert client.get("/admin/").status_code == 403


def test_the_role_of_the_last_administrator_keeps_admin(flask, keepers):
    """R-82, at the shell as well."""
    make_user("zoe", role="Keepers")

    result = flask("roles", "remove-permissions", "Keepers", "admin")

    assert result.exit_code == 1 and "without an administrator" in result.output
    assert keepers.has_permission(Permission.ADMIN)


# What is refused


BAD = [
    (["create", "-p", "fly", "Pilots"], "no permission 'fly'; there are follow, comment"),
    (["create", "-p", "write;comment", "Pilots"], "no permission 'write;comment'"),
    (["create", "User"], "There is a role User already."),
    (["create", " Writers "], "There is a role Writers already."),
    (["create", " "], "1 to 64 characters"),
    (["create", "x" * 65], "1 to 64 characters"),
    (["create", "-d", "x" * 201, "Pilots"], "at most 200"),
    (["add", "nobody@example.org", "User"], "Nobody has the email or username nobody@"),
    (["add", "alice", "King"], "There is no role King. Choose from: "),
    (["set", "nobody", "User"], "Nobody has the email or username nobody."),
    (["set", "alice", "user"], "There is no role user. Choose from: Writers, User, Moderator, "),
    (["set", "ada", "Moderator"], "without an administrator"),
    (["remove", "ada", "Administrator"], "without an administrator"),
    (["remove", "alice", "Moderator"], "alice is User, not Moderator."),
    (["remove", "alice", "King"], "There is no role King"),
    (["add-permissions", "King", "write"], "There is no role King"),
    (["add-permissions", "Writers", "write,fly"], "no permission 'fly'"),
    (["remove-permissions", "Writers", "fly"], "no permission 'fly'"),
]
BAD += [
    ([f"{verb}-permissions", name, "write"], f"{name} is built in")
    for verb, name in product(("add", "remove"), ROLES)
]


def test_bad_input_is_answered_in_one_sentence_and_changes_nothing(flask, writers, alice, ada):
    db.session.commit()
    before = everything()

    for words, sentence in BAD:
        result = flask("roles", *words)
        assert (result.exit_code, sentence in result.output) == (1, True), words
        assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
        assert everything() == before, words


def test_missing_words_are_named(flask):
    for command in set(COMMANDS) - {"list"}:
        result = flask("roles", command)
        assert result.exit_code == 2 and "Missing argument" in result.output, command


def test_without_roles_one_is_told_to_deploy(flask, app):
    db.session.execute(Role.__table__.delete())
    make_user("zoe", role=None)

    result = flask("roles", "add", "zoe", "User")

    assert result.output == "Error: There are no roles yet. Run flask deploy first.\n"

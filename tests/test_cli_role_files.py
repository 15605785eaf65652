"""flask roles export, diff, apply: roles as a file."""

import tomllib

import pytest
from factories import everything, keep, make_user

from app.extensions import db
from app.models import AuditEntry, Invitation, Role
from app.permissions import ROLES


@pytest.fixture
def writers(app):
    return Role.create(name="Book club", permissions=6, description='Say "books".')


@pytest.fixture
def file(tmp_path):
    """Writes a file of roles; returns its path."""

    def write(content):
        path = tmp_path / "roles.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def refused(flask, words, *command):
    """One sentence, exit status 1, and nothing half-done."""
    db.session.commit()
    before = everything()
    result = flask("roles", *command)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
    assert words in result.output
    assert everything() == before


# Export


def test_each_role_is_a_table(flask, writers):
    tables = tomllib.loads(flask("roles", "export").output)

    assert set(tables) == {*ROLES, "Book club"}
    assert tables["Book club"] == {
        "description": 'Say "books".',
        "permissions": ["comment", "write"],
        "index": "main.index",
        "default": False,
        "requestable": False,
    }
    assert tables["User"]["default"] is True


def test_what_was_exported_applies_without_a_difference(flask, tmp_path, writers):
    path = str(tmp_path / "roles.toml")
    keep(Role(name="Ünïcödé ✓ \"'] #", permissions=31, index="admin.index", requestable=True))
    assert flask("roles", "export", path).output == ""
    db.session.commit()
    before = everything()

    assert flask("roles", "diff", path).output == "No differences.\n"
    result = flask("roles", "apply", "--delete", path)

    assert (result.exit_code, result.output) == (0, "No changes.\n")
    assert everything() == before


def test_a_site_is_made_like_another_one(flask, file, writers):
    """Exported here, applied where these roles are not."""
    writers.make_default()
    exported = flask("roles", "export").output
    Role.named("User").make_default()
    writers.delete()
    db.session.commit()

    flask("roles", "apply", file(exported))

    assert flask("roles", "export").output == exported


# Diff


def test_what_differs_is_told_in_words(flask, file, writers):
    keep(Role(name="Old", permissions=1))
    path = file("""
        ["book club"]
        permissions = ["WRITE"]
        default = true

        [Moderator]
        requestable = true

        [Gardeners]
        permissions = ["follow", "moderate"]
    """)

    result = flask("roles", "diff", path)

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Book club: name 'Book club' → 'book club'.",
        "Book club: permissions comment, write → write.",
        "book club: becomes the default role instead of User.",
        "Moderator: requestable false → true.",
        "Gardeners: new, allows follow, moderate.",
        "Old: only on the site.",
    ]


def test_looking_at_differences_changes_nothing(flask, file, writers):
    db.session.commit()
    before = everything()

    flask("roles", "diff", file('["Book club"]\npermissions = []'))

    assert everything() == before


def test_what_a_file_leaves_out_is_no_difference(flask, file, writers):
    assert flask("roles", "diff", file('["Book club"]')).output == "No differences.\n"


# Apply


def test_roles_are_made_and_changed_with_an_entry_each(flask, file, writers):
    path = file("""
        ["Book club"]
        permissions = ["comment", "write", "moderate"]
        index = "moderation.queue"
        requestable = true
        [Gardeners]
        permissions = ["follow"]
        default = true
    """)

    result = flask("roles", "apply", path)

    assert result.exit_code == 0 and len(result.output.splitlines()) == 5
    assert (writers.permissions, writers.index, writers.requestable) == (
        14,
        "moderation.queue",
        True,
    )
    assert (Role.get_default().name, Role.get_default().permissions) == ("Gardeners", 1)
    entries = db.session.scalars(AuditEntry.latest()).all()
    assert [e.action for e in entries] == ["change", "make default", "create", "create"]
    assert entries[0].actor_name == "an operator"
    assert flask("roles", "diff", path).output == "No differences.\n"


def test_applying_twice_is_applying_once(flask, file, writers):
    path = file('["Book club"]\npermissions = ["follow"]\n[New]\n')
    flask("roles", "apply", path)
    before = everything()

    assert flask("roles", "apply", path).output == "No changes.\n"
    assert everything() == before


def test_the_default_moves_to_a_role_that_is_no_longer_staff(flask, file):
    """Whatever the order in the file: it is the end that counts."""
    keep(Role(name="A", permissions=1, default=False)).make_default()
    keep(Role(name="B", permissions=8))
    text = '[A]\npermissions = ["moderate"]\ndefault = false\n[B]\npermissions = []\ndefault = true'

    assert flask("roles", "apply", file(text)).exit_code == 0
    assert Role.get_default().name == "B"


def test_adminstration_moves_from_one_role_to_another(flask, file):
    """R-82: somebody administers at the end, so the order in the file does not matter."""
    for name, mask in (("A", 16), ("B", 0)):
        keep(Role(name=name, permissions=mask))
        make_user(role=name)

    text = '[A]\npermissions = []\n[B]\npermissions = ["admin"]'

    assert flask("roles", "apply", file(text)).exit_code == 0


def test_roles_that_the_file_lacks_are_removed_where_nobody_holds_them(flask, file, alice):
    for name in ("Empty", "Held", "Promised", "Chosen"):
        keep(Role(name=name, permissions=1))
    alice.role = Role.named("Held")
    keep(Invitation(email="new@example.org", role=Role.named("Promised")))
    Role.named("Chosen").make_default()

    result = flask("roles", "apply", "--delete", file("[Moderator]"))

    assert result.output.splitlines() == [
        "Chosen was kept: New members get Chosen. Make another role the default first.",
        "Empty was removed.",
        "Held was kept: people have it or will return to it.",
        "Promised was kept: An open invitation gives Promised. Revoke it first, or wait until it’s"
        " accepted.",
    ]
    assert Role.named("Empty") is None


def test_without_being_told_nothing_is_removed(flask, file, writers):
    flask("roles", "apply", file("[Moderator]"))

    assert Role.named("Book club") is writers


# What is refused

BAD = {
    "not TOML": ("[Writers", "it isn’t TOML: Expected ']'"),
    "a role twice": ("[W]\n[W]", "Cannot declare ('W',) twice (at line 2, column 3)"),
    "a role twice, by case": ("[Writers]\n[writers]", "[writers]: the role [Writers] is already"),
    "a key twice": ("[W]\nindex = ''\nindex = ''", "it isn’t TOML: Cannot overwrite a value"),
    "an unknown permission": ('[W]\npermissions = ["fly"]', "[W] permissions: there is no 'fly'"),
    "several in one": ('[W]\npermissions = ["write,comment"]', "there is no 'write,comment'"),
    "a permission twice": ('[W]\npermissions = ["write", "WRITE"]', "'WRITE' appears twice"),
    "a mask": ("[W]\npermissions = 255", "[W] permissions: must be a list of names"),
    "masks": ("[W]\npermissions = [1, 2]", "[W] permissions: there is no 1. Choose from: follow"),
    "a mask as a name": ('[W]\npermissions = ["0xFF"]', "there is no '0xFF'"),
    "a list in a list": ('[W]\npermissions = [["write"]]', "there is no ['write']"),
    "a name for a list": ('[W]\npermissions = "write"', "must be a list of names"),
    "a text as truth": ('[W]\ndefault = "yes"', "[W] default: must be true or false"),
    "a number as truth": ("[W]\nrequestable = 1", "[W] requestable: must be true or false"),
    "a number as text": ("[W]\ndescription = 7", "[W] description: must be text"),
    "a date": ("[W]\nindex = 2026-09-01", "[W] index: must be the endpoint of a page"),
    "an unknown key": (
        "[W]\ncolour = 'red'",
        "[W] colour: unknown key. A role has: description, perm",
    ),
    "a key outside": ("index = 'main.index'", "index is outside the table of a role"),
    "a table inside": ("[W.index]", "[W] index: must be the endpoint"),
    "nothing": ("", "it has no roles"),
    "not UTF-8": (b"[W\xff]", "it isn’t UTF-8"),
    "UTF-16": ("[W]".encode("utf-16"), "it isn’t UTF-8"),
    "NUL": ('["a\\u0000b"]', "1 to 64 characters that can be seen"),
    "no name": ('[""]', "1 to 64 characters"),
    "a long name": (f"[{'x' * 65}]", "1 to 64 characters"),
    "a long description": (f"[W]\ndescription = '{'x' * 201}'", "[W]: A description has at most"),
    "two lines": ('[W]\ndescription = "a\\nb"', "in one line"),
    "no such page": ("[W]\nindex = 'no.such'", "[W]: no.such is no page"),
    "a page out of reach": ("[W]\nindex = 'admin.index'", "[W]: admin.index is no page that hold"),
    "two defaults": (
        "[A]\ndefault = true\n[B]\ndefault = true",
        "[B] default: [A] is already the default",
    ),
    "no default": ("[User]\ndefault = false", "[User] default: make another role the default"),
    "staff as default": ("[Moderator]\ndefault = true", "[Moderator]: It is a role of staff"),
    "a built-in mask": ("[User]\npermissions = ['follow']", "[User]: User is built in"),
    "a built-in page": ("[Moderator]\nindex = 'main.index'", "[Moderator]: Moderator is built in"),
    "a built-in name": ("[user]", "[user]: User is built in"),
    "too deep": ("a = " + "[" * 20_000, "it isn’t TOML"),
    "too large": ("# " + "x" * 300_000, "larger than 256 kilobytes"),
}


def test_a_bad_file_is_told_in_one_sentence_and_nothing_of_it_is_done(flask, file):
    """Nor its good part: this role is the first to be made, as it administers."""
    db.session.commit()
    before = everything()
    for what, (text, words) in BAD.items():
        if what not in ("nothing", "too large"):
            good = '\n[Good]\npermissions = ["admin"]\n'
            text += good.encode() if isinstance(text, bytes) else good

        result = flask("roles", "apply", "--delete", file(text))

        assert (result.exit_code, words in result.output) == (1, True), (what, result.output)
        assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
        assert everything() == before, what


def test_the_last_administrator_stays_whatever_a_file_says(flask, file):
    """R-82."""
    keep(Role(name="Boss", permissions=16))
    make_user(role="Boss")

    refused(flask, "without an administrator", "apply", file("[New]\n[Boss]\npermissions = []"))


def test_a_bad_file_is_no_difference(flask, file):
    refused(flask, "roles.toml: it isn’t TOML", "diff", file("["))


def test_a_file_that_is_not_there_is_named(flask):
    for command in ("diff", "apply"):
        result = flask("roles", command, "/nowhere/roles.toml")
        assert result.exit_code == 2 and "'/nowhere/roles.toml': No such file" in result.output


def test_each_command_explains_itself(flask):
    for command in ("export", "diff", "apply"):
        assert flask("roles", command, "--help").output.startswith("Usage: ")


def test_a_file_comes_by_a_pipe_as_well(flask, writers):
    result = flask("roles", "apply", "-", input='["Book club"]\npermissions = []')

    assert result.exit_code == 0
    assert writers.permissions == 0

"""flask access: the map printed, exported, and compared with an export."""

import csv
import io
import json

import pytest
from factories import keep
from services import Served
from sqlalchemy import delete

from app.extensions import db
from app.models import Permission, Role, Setting

EQUAL = "No differences from {}.\n"


def export(flask, tmp_path, form="json"):
    file = tmp_path / f"access.{form}"
    file.write_text(flask("access", f"--{form}").stdout)
    return file


def rows_of(flask):
    return {row["endpoint"]: row for row in json.loads(flask("access", "--json").stdout)["access"]}


def content(rows, form):
    if form == "json":
        return json.dumps({"access": rows})
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def test_the_command_explains_itself(flask):
    """S004-5."""
    result = flask("access", "--help")

    assert result.exit_code == 0
    assert all(word in result.output for word in ("--json", "--csv", "--check FILE"))


def test_the_table_is_aligned_and_has_every_endpoint(app, flask):
    head, *lines = flask("access").stdout.splitlines()

    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert [line.split()[0] for line in lines] == sorted(endpoints)
    columns = (
        "ENDPOINT METHODS POLICY VISITOR UNCONFIRMED SUSPENDED USER MODERATOR ADMINISTRATOR URLS"
    )
    assert head.split() == columns.split()
    queue = next(line for line in lines if line.startswith("moderation.queue "))
    for column, words in [
        ("POLICY", "MODERATE"),
        ("USER", "refused (403)"),
        ("MODERATOR", "opens"),
    ]:
        assert queue[head.index(f" {column} ") + 1 :].startswith(f"{words} ")


def test_both_exports_say_the_same(flask):
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))

    table = list(csv.DictReader(io.StringIO(flask("access", "--csv").stdout)))

    assert table == list(rows_of(flask).values())
    assert rows_of(flask)["moderation.queue"] == {
        "endpoint": "moderation.queue",
        "methods": "GET",
        "urls": "/moderation/",
        "policy": "MODERATE",
        "visitor": "asked to sign in",
        "unconfirmed": "must confirm first",
        "suspended": "sent to their standing",
        "role User": "refused (403)",
        "role Helper": "opens",
        "role Moderator": "opens",
        "role Administrator": "opens",
    }


def test_no_name_of_a_role_is_taken_for_a_formula_or_a_column(flask, tmp_path):
    names = ["=1+1", "@x", "-2", "visitor", 'Ä, "ö"\n', "urls", "ENDPOINT"]
    for name in names:
        keep(Role(name=name, permissions=int(Permission.ADMIN)))

    assert {f"role {name}" for name in names} <= set(next(iter(rows_of(flask).values())))
    for form in ("json", "csv"):
        file = export(flask, tmp_path, form)
        result = flask("access", "--check", str(file))
        assert (result.exit_code, result.output) == (0, EQUAL.format(file))


def test_a_file_that_an_editor_saved_is_read(flask, tmp_path):
    """With a byte order mark, and the line ends of Windows."""
    file = export(flask, tmp_path, "csv")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert flask("access", "--check", str(file)).exit_code == 0


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_new_endpoint_and_one_that_is_gone_are_named(flask, tmp_path, form):
    rows = rows_of(flask)
    rows["admin.old"] = {**rows.pop("admin.index"), "endpoint": "admin.old"}
    file = tmp_path / "before"
    file.write_text(content(list(rows.values()), form))

    result = flask("access", "--check", str(file))

    assert result.exit_code == 1
    assert result.output == "admin.index is new: ADMIN can open it.\nadmin.old was removed.\n"


NEW = {
    "main.index": "everyone can open it",
    "main.user": "readers can open it: everyone or members, depending on the settings",
    "auth.login": "visitors can open it",
    "account.sessions": "members can open it",
    "account.end_session": "members can open their own content",
    "moderation.queue": "MODERATE can open it",
}


def test_of_a_new_endpoint_one_learns_who_may_open_it(flask, tmp_path):
    rows = [row for endpoint, row in rows_of(flask).items() if endpoint not in NEW]
    file = tmp_path / "before.json"
    file.write_text(content(rows, "json"))

    lines = flask("access", "--check", str(file)).output.splitlines()

    assert sorted(lines) == sorted(
        f"{endpoint} is new: {words}." for endpoint, words in NEW.items()
    )


REFUSED, ASKED = "refused (403)", "asked to sign in"
CHANGES = [  # endpoint, column, what it was, what is said
    ("main.user", "policy", "open", "main.user: policy was open, is readers."),
    ("main.index", "methods", "POST", "main.index: methods were POST, are GET, POST."),
    ("main.index", "urls", "/home", "main.index: addresses were /home, are /."),
    ("main.index", "unconfirmed", "opens")
    + ("main.index can no longer be opened by unconfirmed newcomers: must confirm first.",),
    ("main.index", "suspended", "opens")
    + ("main.index can no longer be opened by suspended members: sent to their standing.",),
    ("moderation.queue", "role Moderator", REFUSED)
    + ("moderation.queue can now be opened by Moderator.",),
    ("moderation.queue", "role User", "opens")
    + (f"moderation.queue can no longer be opened by User: {REFUSED}.",),
    ("account.end_session", "role User", REFUSED)
    + ("account.end_session can now be opened by User, for their own content.",),
    ("account.end_session", "role Moderator", "opens")
    + ("account.end_session is still open to Moderator, in another way: was opens, now own only.",),
    ("account.sessions", "visitor", "sent home")
    + (f"account.sessions is still closed to visitors: was sent home, now {ASKED}.",),
]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_each_difference_is_a_sentence(flask, tmp_path, form):
    rows = rows_of(flask)
    for endpoint, column, was, _ in CHANGES:
        rows[endpoint][column] = was
    file = tmp_path / "changed"
    file.write_text(content(list(rows.values()), form))

    result = flask("access", "--check", str(file))

    assert result.exit_code == 1
    assert sorted(result.output.splitlines()) == sorted(sentence for *_, sentence in CHANGES)


def test_a_file_from_before_there_were_suspended_members_is_read(flask, tmp_path):
    file = export(flask, tmp_path)
    saved = json.loads(file.read_text())
    for row in saved["access"]:
        del row["suspended"]
    file.write_text(json.dumps(saved))

    assert flask("access", "--check", str(file)).exit_code == 0


def test_roles_that_came_and_went_are_named_once(flask, tmp_path):
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    file = export(flask, tmp_path)
    Role.named("Helper").name = "Keeper"

    result = flask("access", "--check", str(file))

    assert result.exit_code == 1
    assert result.output == "The role Keeper is new.\nThe role Helper was removed.\n"


def test_a_role_that_may_more_is_found(flask, tmp_path):
    helper = keep(Role(name="Helper", permissions=0))
    file = export(flask, tmp_path)
    helper.add_permission(Permission.MODERATE)

    lines = flask("access", "--check", str(file)).output.splitlines()
    assert "moderation.queue can now be opened by Helper." in lines
    assert all(line.startswith("moderation.") for line in lines)


def test_who_may_read_is_found_too(flask, tmp_path):
    file = export(flask, tmp_path)
    Setting.change(readers="members")

    lines = flask("access", "--check", str(file)).output.splitlines()

    assert "main.user can no longer be opened by visitors: asked to sign in." in lines


ROW = '{"endpoint": "x", "methods": "GET", "urls": "/", "policy": "open", "visitor": "opens"'
BAD = {
    "empty": b"",
    "words": b"Dear operator",
    "a list": b"[1, 2]",
    "no rows": b'{"access": []}',
    "not rows": b'{"access": [1, [2], "x"]}',
    "another": b'{"roles": []}',
    "half": f'{{"access": [{ROW}'.encode(),
    "numbers": f'{{"access": [{ROW}, "unconfirmed": 1}}]}}'.encode(),
    "a column too many": f'{{"access": [{ROW}, "unconfirmed": "x", "User": "x"}}]}}'.encode(),
    "deep": b'{"access": ' + 100_000 * b"[",
    "other columns": b"name,role\nalice,User\n",
    "ragged": b"endpoint,methods,urls,policy,visitor,unconfirmed\nx,GET,/,open,opens\n",
    "twice": b"endpoint,methods,urls,policy,visitor,unconfirmed\n" + 2 * b"x,GET,/,open,a,b\n",
    "binary": b"\x89PNG\r\n\x1a\n\x00\xff\xfe",
    "wide letters": "endpoint,methods".encode("utf-16"),
}


def test_a_file_that_is_no_map_is_refused_in_one_sentence(flask, tmp_path):
    file = tmp_path / "map"
    for name, content in BAD.items():
        file.write_bytes(content)

        result = flask("access", "--check", str(file))

        words = f"Error: {file} is no access map; flask access --json and --csv write one.\n"
        assert (result.exit_code, result.output) == (1, words), name


def test_a_file_that_cannot_be_read_is_told(flask, tmp_path):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    said = [flask("access", "--check", str(name)) for name in (tmp_path / "no", tmp_path, huge)]

    assert {result.exit_code for result in said} == {1}
    assert [result.output.rpartition("/")[2].strip() for result in said[::2]] == [
        "no: No such file or directory.",
        "huge is too large for an access map.",
    ]
    assert said[1].output.startswith("Error: Can’t read ")
    assert ": Is a directory." in said[1].output


def test_one_writes_or_checks_but_not_both(flask, tmp_path):
    for form in ("--json", "--csv"):
        result = flask("access", form, "--check", str(tmp_path / "map"))
        assert result.exit_code == 1
        assert result.output.startswith("Error: Use --check")


def test_without_roles_the_command_says_what_to_do(flask):
    db.session.execute(delete(Role))

    for words in ([], ["--json"], ["--csv"]):
        result = flask("access", *words)
        words = "Error: The database has no roles yet. Run flask deploy first.\n"
        assert (result.exit_code, result.output) == (1, words)


@pytest.mark.fault
def test_a_database_that_is_away_is_told_in_one_sentence(tmp_path):
    away = Served(tmp_path, DEV_DATABASE_URL="postgresql://postgres@127.0.0.1:1/none")

    done = away.command("access", "--json")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: Database error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.fault
def test_a_database_that_is_new_is_told_in_one_sentence(tmp_path):
    done = Served(tmp_path).command("access")

    assert (done.returncode, done.stdout) == (1, "")
    assert "run flask deploy first" in done.stderr and done.stderr.count("\n") == 1

"""flask deploy: as often as one likes, and from as many hosts at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from factories import ANOTHER, PASSWORD, everything, keep, make_user
from services import ROOT, Served, postgresql_database
from sqlalchemy import create_engine, text

from app.databases import named_driver
from app.extensions import db
from app.models import Permission, Role, User
from app.permissions import ROLES

DONE = "The database is up to date.\n"


def name_first_administrator(app, email="root@example.org", password=PASSWORD):
    app.config.update(SUPERUSER_ID=email, SUPERUSER_PASSWORD=password)


def test_it_explains_itself(flask):
    """S004-5."""
    assert "Safe to run again" in flask("deploy", "--help").output


def test_a_second_deploy_changes_nothing(app, flask, alice):
    name_first_administrator(app)
    flask("deploy")
    before = everything()

    result = flask("deploy")

    assert result.exit_code == 0
    assert result.output == f"The first administrator already exists.\n{DONE}"
    assert everything() == before


# Roles


def test_built_in_roles_are_refreshed_in_place_and_others_left_alone(flask, mona):
    id, own = mona.role.id, keep(Role(name="Writers", permissions=4, index="main.user"))
    mona.role.permissions, mona.role.index = 0, "nowhere"

    flask("deploy")

    moderator = Role.named("Moderator")
    assert (moderator.id, moderator.permissions, moderator.index) == (id, 15, "moderation.queue")
    assert (own.permissions, own.index) == (4, "main.user")


def test_roles_that_are_missing_are_made(flask):
    db.session.execute(Role.__table__.delete())

    flask("deploy")

    masks = {role.name: role.permissions for role in Role.all()}
    assert masks == {name: int(mask) for name, (mask, *_) in ROLES.items()}
    assert Role.get_default().name == "User"


def test_a_default_role_of_ones_own_stays_the_default(flask):
    Role.named("User").default = False
    db.session.flush()
    keep(Role(name="Readers", permissions=1, default=True))

    flask("deploy")

    assert Role.get_default().name == "Readers"


def test_people_without_a_role_get_one(app, flask):
    app.config["OFFBRAND_ADMIN"] = "Boss@example.org"
    boss, zoe = make_user("boss", role=None), make_user("zoe", role=None)
    claimer = make_user("claimer", role=None, confirmed=False)

    result = flask("deploy")

    assert result.output == f"3 people without a role got one.\n{DONE}"
    assert (boss.role.name, zoe.role.name, claimer.role.name) == ("Administrator", "User", "User")


def test_a_claimed_address_makes_nobody_administrator(app, flask):
    """R-36."""
    app.config["OFFBRAND_ADMIN"] = "boss@example.org"
    boss = make_user("boss", role=None, confirmed=False)

    flask("deploy")

    assert boss.role.name == "User"


# The first administrator


def test_the_first_administrator_is_made_once(app, flask):
    name_first_administrator(app, "Root.Person@Example.org")

    result = flask("deploy")

    person = User.with_email("root.person@example.org")
    assert (result.exit_code, User.count()) == (0, 1)
    assert person.can(Permission.ADMIN) and person.is_confirmed
    assert "root.person@example.org) is the first administrator." in result.output.lower()
    assert PASSWORD not in result.output


def test_the_first_administrator_must_change_the_password_at_once(app, flask, client):
    """D004-3."""
    name_first_administrator(app)
    flask("deploy")
    client.post("/auth/login", data=dict(login="root@example.org", password=PASSWORD))
    assert client.get("/admin/").location == "/auth/change-password"

    form = dict(old_password=PASSWORD, password=ANOTHER, password2=ANOTHER)
    client.post("/auth/change-password", data=form)

    assert client.get("/admin/").status_code == 200


def test_the_password_they_chose_outlives_the_next_deploy(app, flask):
    """D004-3."""
    name_first_administrator(app)
    flask("deploy")
    person = User.with_email("root@example.org")
    person.change_password(ANOTHER)

    flask("deploy")

    assert person.verify_password(ANOTHER) and not person.password_due_at


def test_a_member_does_not_become_administrator_by_a_deploy(app, flask, alice):
    name_first_administrator(app, "alice@example.org", ANOTHER)

    flask("deploy")

    assert alice.role.name == "User" and alice.verify_password(PASSWORD)


@pytest.mark.parametrize(
    "email, password, sentence",
    [
        ("root@example.org", None, "SUPERUSER_PASSWORD is not set."),
        ("root@example.org", "", "SUPERUSER_PASSWORD is not set."),
        ("root@example.org", "  ", "A password needs 1 to 256 characters."),
        ("root@example.org", "x" * 257, "A password needs 1 to 256 characters."),
        ("root", PASSWORD, "SUPERUSER_ID must be an email."),
        ("root@localhost", PASSWORD, "SUPERUSER_ID must be an email."),
        ("a@example.org, b@example.org", PASSWORD, "SUPERUSER_ID must be an email."),
    ],
)
def test_a_bad_first_administrator_is_refused_and_nobody_is_made(
    app, flask, email, password, sentence
):
    """D001-6."""
    name_first_administrator(app, email, password)

    result = flask("deploy")

    assert result.exit_code == 1 and User.count() == 0
    assert result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
    assert sentence in result.output


def test_an_easy_password_makes_the_first_administrator_who_has_to_change_it(app, flask):
    """S004-16: `abcd1234` as one of the seeds has it; `flask users create` takes it too."""
    name_first_administrator(app, password="abcd1234")

    result = flask("deploy")

    person = User.with_email("root@example.org")
    assert result.exit_code == 0 and person.verify_password("abcd1234")
    assert person.password_due_at is not None
    assert "be asked for a new one at the next sign-in." in result.output


# On a new checkout, in processes of their own


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def checkout(request, tmp_path):
    """A site that has never been set up."""
    if request.param == "sqlite":
        yield Served(tmp_path, DEV_DATABASE_URL=f"sqlite:///{tmp_path}/new/folder/data.sqlite")
    else:
        with postgresql_database() as url:
            yield Served(tmp_path, DEV_DATABASE_URL=url)


def ask(checkout, question):
    engine = create_engine(named_driver(checkout.env["DEV_DATABASE_URL"]))
    with engine.connect() as connection:
        rows = connection.execute(text(question)).all()
    engine.dispose()
    return [tuple(row) for row in rows]


ALL_ROLES = [("User", 7), ("Moderator", 15), ("Administrator", 255)]
COUNT_ROLES = "SELECT name, permissions FROM roles ORDER BY permissions"


@pytest.mark.fault
def test_a_new_checkout_is_set_up_by_one_command(checkout):
    """D000-8, D001-13: the migrations come with it."""
    assert checkout.command("users", "list").returncode == 1

    done = checkout.command("deploy")

    assert (done.returncode, done.stdout) == (0, DONE)
    assert ask(checkout, COUNT_ROLES) == ALL_ROLES


@pytest.mark.fault
def test_six_deploys_at_once_all_succeed(checkout):
    checkout.env |= {"SUPERUSER_ID": "root@example.org", "SUPERUSER_PASSWORD": PASSWORD}
    words = [sys.executable, "-m", "flask", "deploy"]
    options = {"cwd": ROOT, "env": checkout.env, "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}

    deploys = [subprocess.Popen(words, **options, **pipes) for _ in range(6)]
    printed = [deploy.communicate(timeout=120)[0] for deploy in deploys]

    assert [deploy.returncode for deploy in deploys] == [0] * 6, printed
    assert sum("is the first administrator" in words for words in printed) == 1
    assert ask(checkout, COUNT_ROLES) == ALL_ROLES
    assert ask(checkout, "SELECT email FROM users") == [("root@example.org",)]


@pytest.mark.fault
@pytest.mark.parametrize("words", [["users", "list"], ["mail", "send"], ["fake"], ["serve"]])
def test_before_the_first_deploy_each_command_says_what_is_missing(tmp_path, words):
    done = Served(tmp_path).command(*words)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and "run flask deploy first" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.fault
def test_a_database_that_is_away_is_told_in_one_sentence(tmp_path):
    away = Served(tmp_path, DEV_DATABASE_URL="postgresql://postgres@127.0.0.1:1/none")

    done = away.command("deploy")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and "Connection refused" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# On a database that something else made


def run(checkout, *statements):
    engine = create_engine(named_driver(checkout.env["DEV_DATABASE_URL"]))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def refusal_of(checkout, *words):
    done = checkout.command("deploy", *words)
    assert done.returncode == 1 and done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.fault
def test_a_database_that_create_all_made_is_told_apart_and_can_be_kept(checkout):
    Path(f"{checkout.folder}/new/folder").mkdir(parents=True)
    made = checkout.command("shell", input="db.create_all()\nRole.insert_roles()\nexit()\n")
    assert made.returncode == 0, made.stderr

    assert "as db.create_all() leaves it" in refusal_of(checkout)
    assert checkout.command("db", "stamp", "head").returncode == 0
    assert checkout.command("deploy").stdout == DONE


@pytest.mark.fault
def test_a_database_of_another_application_is_named_by_its_tables(checkout):
    Path(f"{checkout.folder}/new/folder").mkdir(parents=True)
    run(checkout, "CREATE TABLE auth_user (id INTEGER)", "CREATE TABLE django_site (id INTEGER)")
    said = refusal_of(checkout)
    assert "another application’s tables: auth_user, django_site." in said and "--shared" in said
    assert checkout.command("deploy", "--shared").stdout == DONE
    assert checkout.command("deploy").stdout == DONE


@pytest.mark.fault
def test_tables_of_the_same_names_are_not_taken_for_ours(checkout):
    Path(f"{checkout.folder}/new/folder").mkdir(parents=True)
    run(checkout, "CREATE TABLE roles (id INTEGER)", "CREATE TABLE users (id INTEGER)")
    for words in ([], ["--shared"]):
        assert "this site’s names: roles, users" in refusal_of(checkout, *words)

    run(checkout, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    run(checkout, "INSERT INTO alembic_version VALUES ('190163627111')")
    assert "is at revision 190163627111, which this version of the code doesn’t know" in refusal_of(
        checkout
    )


LAST_LINE = "MAIL_DEFAULT_SENDER: the address that mail comes from."


@pytest.mark.fault
def test_production_without_configuration_ends_with_what_is_missing(tmp_path):
    site = Served(tmp_path, FLASK_CONFIG="production", SECRET_KEY="")
    for words in (["deploy"], ["users", "list"], ["run"]):
        done = site.command(*words)
        assert done.returncode != 0
        assert done.stderr.rstrip().endswith(
            "MAIL_DEFAULT_SENDER: the address that mail comes from."
        )
    help = site.command("--help")
    assert "MAIL_DEFAULT_SENDER" in help.stderr and "Commands:" in help.stdout


@pytest.mark.fault
def test_views_and_other_spellings_are_not_overlooked(checkout):
    Path(f"{checkout.folder}/new/folder").mkdir(parents=True)
    run(checkout, "CREATE VIEW roles AS SELECT 1 AS id")
    assert "this site’s names: roles" in refusal_of(checkout, "--shared")
    run(checkout, "DROP VIEW roles", 'CREATE TABLE "USERS" (id INTEGER)')
    assert "another application’s tables: USERS" in refusal_of(checkout)
    run(checkout, "CREATE TABLE alembic_version (other INTEGER)")
    assert "alembic_version" in refusal_of(checkout)


@pytest.mark.fault
def test_tables_of_another_version_of_this_site_are_told_apart(checkout):
    assert checkout.command("deploy").returncode == 0
    run(checkout, "DROP TABLE alembic_version", "DROP TABLE watched_words")
    assert "Missing: watched_words" in refusal_of(checkout)


@pytest.mark.fault
def test_an_address_that_is_no_database_is_told_in_one_sentence(tmp_path):
    (tmp_path / "text").write_text("This is a text, and no database at all. " * 99)
    addresses = [f"sqlite:///{tmp_path}/text", "foo", "mysql://x/y", "sqlite:////proc/x/y.sqlite"]
    for address in [*addresses, f"sqlite:///{tmp_path}"]:
        site = Served(tmp_path, DEV_DATABASE_URL=address)
        assert "run flask deploy first" not in refusal_of(site), address

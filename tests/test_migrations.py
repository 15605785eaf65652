"""Migrations: up, down and up again, on both databases, and no row is lost by the way."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from factories import make_comment, make_mail, make_post, make_user
from flask_migrate import downgrade, upgrade
from services import postgresql_database
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import DatabaseError

from app import create_app
from app.extensions import db
from app.models import Comment, Notification, OutboxMail, Post, Role, User, UserSession
from app.models.fields import utcnow
from app.models.users.name_search import matching

MIGRATIONS = Path(__file__).parent.parent / "migrations"
SEARCH = ("users_search", "users_words", "posts_words", "comments_words")
EXTRA = '''"""More."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "extra", "{after}"


def upgrade():
    {body}
'''
REMAKE_USERS = """with op.batch_alter_table("users") as users:  # SQLite makes the table anew
        users.add_column(sa.Column("extra", sa.Integer()))
        users.alter_column("location", type_=sa.String(100))"""


@pytest.fixture
def new_app(request, tmp_path):
    """An application whose database is empty; its context is open."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield from opened(f"sqlite:///{tmp_path}/data.sqlite")
    else:
        with postgresql_database() as url:
            yield from opened(url)


def opened(url):
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def migrate_more(tmp_path):
    """Run one more migration after ours, with our env.py; its body is given."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    after = ScriptDirectory(str(folder)).get_current_head()

    def migrate_more(body):
        (folder / "versions" / "extra.py").write_text(EXTRA.format(after=after, body=body))
        upgrade(directory=str(folder))

    return migrate_more


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
on_both_databases = pytest.mark.parametrize("new_app", DATABASES, indirect=True)


def fill():
    """A person with a session and a mail."""
    Role.insert_roles()
    zoe = make_user("zoe")
    UserSession.open(zoe, remembered=True, address="127.0.0.1", agent="")
    make_mail(user_id=zoe.id)
    db.session.commit()


def counts():
    rows = {table: f"SELECT count(*) FROM {table}" for table in ("users", "user_sessions")}
    rows["mails of somebody"] = "SELECT count(user_id) FROM outbox"
    found = {name: db.session.scalar(text(question)) for name, question in rows.items()}
    db.session.rollback()
    return found


def tables():
    names = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith(SEARCH)}  # SQLite's indexes


def columns(table):
    return {column["name"] for column in inspect(db.engine).get_columns(table)}


FILLED = {"users": 1, "user_sessions": 1, "mails of somebody": 1}


@pytest.mark.large
@on_both_databases
def test_each_migration_can_be_taken_back_and_made_again_with_people_in_it(new_app):
    upgrade()
    fill()
    left = {}  # the triggers after each step back

    for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions():
        downgrade(revision=step.down_revision or "base")
        upgrade(revision=step.revision)
        downgrade(revision=step.down_revision or "base")
        left[step.down_revision] = triggers()
    assert tables() == set()
    assert left["b55193d097fb"] == set()  # where the search itself goes, they do not come back
    upgrade()

    assert tables() == set(db.metadata.tables)
    fill()
    assert counts() == FILLED


@pytest.mark.large
@on_both_databases
def test_who_had_written_in_a_thread_watches_it_once_there_are_notifications(new_app):
    upgrade()
    Role.insert_roles()
    alice, bob = make_user("alice"), make_user("bob")
    Comment.publish(Post.publish("Shall we meet?", by=alice), "Yes.", by=bob)
    db.session.commit()
    db.session.execute(text("DELETE FROM watches"))
    db.session.commit()

    downgrade(revision="0e0426c02815")
    upgrade()

    assert db.session.scalar(text("SELECT count(*) FROM watches")) == 2
    assert db.session.scalar(text("SELECT count(*) FROM notifications")) == 1


@pytest.mark.large
@on_both_databases
def test_a_mail_that_waits_keeps_the_notifications_it_tells_of(new_app):
    upgrade()
    Role.insert_roles()
    alice, bob = make_user("alice"), make_user("bob")
    Comment.publish(Post.publish("Shall we meet?", by=alice), "Yes.", by=bob)
    settled = utcnow()
    db.session.execute(update(Notification).values(mailed_at=settled))
    for seconds in (-1, 1, 2):
        moment = settled + timedelta(seconds=seconds)
        make_mail(user_id=alice.id, kind="notification", created_at=moment)
    db.session.commit()
    expected = db.session.scalars(select(OutboxMail.id).order_by(OutboxMail.id)).all()[1]
    db.session.commit()

    downgrade(revision="5d8e2b7f4a19")
    upgrade()

    assert db.session.scalar(select(Notification.mail_id)) == expected


@pytest.mark.both_databases
def test_models_and_migrations_agree(flask):
    result = flask("db", "check")

    assert result.exit_code == 0, result.output


@pytest.mark.large
def test_a_model_that_is_ahead_of_the_migrations_is_noticed(new_app):
    upgrade()
    db.session.execute(text("DROP INDEX ix_users_role"))
    db.session.commit()

    assert new_app.test_cli_runner().invoke(args=["db", "check"]).exit_code == 1


def test_there_is_one_head_and_no_migration_imports_the_application():
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert len(scripts.get_heads()) == 1
    for step in scripts.walk_revisions():
        assert step.doc and "import app" not in (text := Path(step.path).read_text())
        assert "from app" not in text


# What SQLite would do to rows of others


@pytest.mark.large
def test_a_table_that_is_made_anew_keeps_the_rows_that_refer_to_it(new_app, migrate_more):
    """Though with foreign keys on, dropping the old table would take the sessions along."""
    upgrade()
    fill()

    migrate_more(REMAKE_USERS)

    assert "extra" in columns("users")
    assert counts() == FILLED
    db.session.execute(User.__table__.delete())  # foreign keys hold again
    db.session.commit()
    assert counts() == {"users": 0, "user_sessions": 0, "mails of somebody": 0}


@pytest.mark.large
def test_the_search_follows_people_whose_table_was_made_anew(new_app, migrate_more):
    """The triggers go with the old table, and are put back."""
    upgrade()
    fill()
    migrate_more(REMAKE_USERS)
    zoe = db.session.get(User, 1)
    zoe.first_name = "Zuleika"
    db.session.commit()

    assert found("zule") == [1] and found("zoe@exam") == [1]
    db.session.delete(zoe)
    db.session.commit()
    assert found("zule") == found("zoe") == []
    searching = {name for name in triggers() if name.startswith("users_search")}
    assert searching == {f"users_search_{act}" for act in ("insert", "update", "delete")}


def found(words):
    return list(db.session.scalars(select(User.id).where(User.id.in_(matching(words)))))


def triggers():
    if db.engine.dialect.name != "sqlite":
        return set()
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return set(db.session.scalars(text(names)))


@pytest.mark.large
@on_both_databases
def test_what_was_written_before_there_was_a_search_is_found(new_app):
    upgrade()
    Role.insert_roles()
    zoe = make_user("zoe", first_name="Crème")
    make_comment(make_post(zoe, "Crème & *brûlée*"), zoe, "Mmh, creme!")
    db.session.commit()

    search = ScriptDirectory(str(MIGRATIONS)).get_revision("5d27b8e9a140")
    downgrade(revision=search.down_revision)
    upgrade()

    everywhere = ("posts", "comments", "users")
    assert [having(name, "creme") for name in everywhere] == [1, 1, 1]
    db.session.execute(text("UPDATE users SET words = ''"))
    db.session.execute(text("DELETE FROM posts"))
    assert [having(name, "creme") for name in everywhere] == [0, 0, 0]


def having(table, word):
    """How many rows of a table have a word, by its index."""
    has = f"words @@ '{word}'::tsquery"
    if db.engine.dialect.name == "sqlite":
        has = f"id IN (SELECT rowid FROM {table}_words WHERE {table}_words MATCH '{word}')"
    return db.session.scalar(text(f"SELECT count(*) FROM {table} WHERE {has}"))


@pytest.mark.large
@on_both_databases
def test_a_migration_that_fails_half_way_leaves_nothing(new_app, migrate_more):
    upgrade()
    fill()
    body = f'{REMAKE_USERS}\n    op.execute("UPDATE nothing SET x = 1")'

    with pytest.raises(DatabaseError):
        migrate_more(body)

    assert "extra" not in columns("users") and counts() == FILLED
    assert not {name for name in tables() if name.startswith("_alembic_tmp")}
    migrate_more(REMAKE_USERS)  # corrected, it runs


@pytest.mark.large
def test_a_migration_that_loses_what_others_refer_to_is_refused(new_app, migrate_more):
    upgrade()
    fill()

    with pytest.raises((DatabaseError, SystemExit)):  # the database refuses, or we do
        migrate_more('op.execute("DELETE FROM roles")')

    assert db.session.get(User, 1).role.name == "User"
    assert len(Role.all()) == 3
    db.session.delete(db.session.get(User, 1))
    db.session.commit()
    assert counts()["user_sessions"] == 0  # foreign keys are on again
    assert db.session.scalars(OutboxMail.newest()).one().user_id is None

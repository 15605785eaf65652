"""How Alembic reaches the database of the application that runs it."""

from logging.config import fileConfig

from alembic import context
from flask import current_app

from app.models.fields import UTCDateTime  # only to spell it plainly, see render_item

config = context.config
fileConfig(config.config_file_name, disable_existing_loggers=False)
target = current_app.extensions["migrate"].db


def render_item(kind, item, autogen_context):
    """Spell our own column types in plain SQLAlchemy: a migration never imports the application."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


# Made by hand, see versions/20261124_people.py and 20261124_search.py
SEARCH = ("users_search", "ix_users_search", "users_words", "ix_users_words")
SEARCH += ("posts_words", "ix_posts_words", "comments_words", "ix_comments_words")


def include_name(name, kind, parents):
    """Leave out what autogenerate does not know: tables and indexes for searching."""
    return not (kind in ("table", "index") and name and name.startswith(SEARCH))


def triggers(connection):
    """SQLite's triggers: name → statement. A table that is made anew leaves them behind."""
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    return dict(connection.exec_driver_sql(found).fetchall())


def put_back(connection, before):
    """Make the triggers anew that went with an old table, where their table is still there."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {name for (name,) in connection.exec_driver_sql(tables)}
    for name in before.keys() - triggers(connection).keys():
        if name.rpartition("_")[0] in tables:
            connection.exec_driver_sql(before[name])


def run_migrations():
    had = {}  # the triggers before each migration

    def look(**step):
        if sqlite:
            put_back(connection, had)
            had.clear()
            had.update(triggers(connection))

    with target.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # batch migrations drop tables; with foreign keys on, rows of others would go along
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = '5s'")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=target.metadata,
            render_item=render_item,
            include_name=include_name,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,  # all of a migration or nothing, on SQLite too
            on_version_apply=look,
        )
        try:
            with context.begin_transaction():
                look()
                context.run_migrations()
                if sqlite:
                    refuse_broken_references(connection)
        finally:
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            else:
                connection.invalidate()  # its time-outs were changed


def refuse_broken_references(connection):
    """PostgreSQL refuses them by itself; here it is our turn, before the commit."""
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise RuntimeError(f"Rows refer to rows that are gone: {broken}")


if context.is_offline_mode():
    raise SystemExit("Migrations need the database they are for; --sql is not supported.")
run_migrations()

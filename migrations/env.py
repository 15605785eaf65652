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
    """SQLite's triggers: name → (statement, table, where the table begins).

    A table that is made anew leaves them behind.
    """
    found = (
        "SELECT it.name, it.sql, it.tbl_name, its.rootpage FROM sqlite_master it"
        " JOIN sqlite_master its ON its.type = 'table' AND its.name = it.tbl_name"
        " WHERE it.type = 'trigger'"
    )
    return {name: facts for name, *facts in connection.exec_driver_sql(found)}


def put_back(connection, before):
    """Make the triggers anew that went with an old table, where their table is still there."""
    tables = "SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"
    tables = dict(connection.exec_driver_sql(tables).fetchall())
    for name in before.keys() - triggers(connection).keys():
        statement, table, begins = before[name]
        is_anew = tables.get(table, begins) != begins
        if is_anew and name.rpartition("_")[0] in tables:
            connection.exec_driver_sql(statement)


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
            # triggers of others name the table that is about to get its name back
            connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
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
                connection.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
            else:
                connection.invalidate()  # its time-outs were changed


def refuse_broken_references(connection):
    """PostgreSQL refuses them by itself; here it is our turn, before the commit."""
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise RuntimeError(f"Rows refer to rows that are gone: {broken}")


if context.is_offline_mode():
    raise SystemExit("Migrations need the database they are for; --sql is not supported.")
run_migrations()

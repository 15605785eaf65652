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


def run_migrations():
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
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,  # all of a migration or nothing, on SQLite too
        )
        try:
            with context.begin_transaction():
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

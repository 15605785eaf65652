"""Checks of the database: whether it responds, is migrated and has the right settings."""

from datetime import timedelta

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db
from ..models.fields import utcnow
from .finding import BAD, GOOD, NOTE, check, words_of

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
APART = timedelta(seconds=60)  # that clocks may be
VERSIONS = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}


@check("Database")
def answers():
    dialect = db.engine.dialect.name
    try:
        version = db.session.scalar(text(VERSIONS[dialect]))
    except SQLAlchemyError as error:
        db.session.rollback()
        return BAD, f"No response: {words_of(error)}", "Start it, or correct DATABASE_URL"
    return GOOD, f"{NAMES[dialect]} {version.split()[0]}"


@check("Migrations")
def migrations():
    current, scripts = current_heads(), scripts_of()
    if set(current) == set(scripts.get_heads()):
        return GOOD, f"all have run, up to {', '.join(current)}"
    known = {script.revision for script in scripts.walk_revisions()}
    if set(current) - known:
        words = f"{', '.join(current)} comes from a newer version of the code."
        return BAD, words, "Deploy the newer version, and restart"
    return BAD, "Some migrations haven’t run.", "flask deploy"


@check("Settings of the database")
def settings():
    if db.engine.dialect.name == "postgresql":
        trigrams = text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if db.session.scalar(trigrams) is None:
            return BAD, "The extension pg_trgm is missing.", "CREATE EXTENSION pg_trgm"
        return GOOD, "pg_trgm is installed"
    journal = db.session.scalar(text("PRAGMA journal_mode"))
    keys = db.session.scalar(text("PRAGMA foreign_keys"))
    if not keys:
        return BAD, "Foreign keys are off.", "See app/databases.py"
    if journal != "wal":
        return NOTE, f"The journal is {journal}, not wal.", "Use a local disk that supports WAL"
    return GOOD, "WAL, foreign keys on"


@check("Clock")
def clock():
    if db.engine.dialect.name == "sqlite":
        return GOOD, f"{utcnow():%Y-%m-%d %H:%M:%S} UTC on both site and database"
    apart = abs(utcnow() - db.session.scalar(select(func.clock_timestamp())))
    if apart > APART:
        words = f"Site and database are {apart.total_seconds():.0f} seconds apart."
        return BAD, words, "Synchronize both clocks, for example with chrony"
    return GOOD, f"{utcnow():%Y-%m-%d %H:%M:%S} UTC, as on the database"


def is_away():
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return True
    return False


def state_of_migrations():
    """Return a word for /readyz: ok, behind, or unknown if the database doesn't respond."""
    try:
        return "ok" if set(current_heads()) == set(scripts_of().get_heads()) else "behind"
    except SQLAlchemyError:
        db.session.rollback()
        return "unknown"


def current_heads():
    return MigrationContext.configure(db.session.connection()).get_current_heads()


def scripts_of():
    return ScriptDirectory(current_app.extensions["migrate"].directory)

"""For those who watch over the site: is the process up, and can it do its work?"""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app, jsonify
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ..decorators import public
from ..extensions import db
from .blueprint import main


@main.route("/healthz")
@public
def healthz():
    """The process answers."""
    return jsonify(status="up")


@main.route("/readyz")
@public
def readyz():
    """200 where database, migrations and Redis (if one is set) are as they should be, else 503."""
    checks = {"database": _database(), "migrations": _migrations()}
    if url := current_app.config["REDIS_URL"]:
        checks["redis"] = _redis(url)
    ready = all(word == "ok" for word in checks.values())
    return jsonify(status="ready" if ready else "not ready", **checks), 200 if ready else 503


def _database():
    try:
        db.session.execute(text("SELECT 1"))
        return "ok"
    except SQLAlchemyError:
        db.session.rollback()
        return "away"


def _migrations():
    try:
        current = MigrationContext.configure(db.session.connection()).get_current_heads()
    except SQLAlchemyError:
        db.session.rollback()
        return "unknown"
    head = ScriptDirectory(current_app.extensions["migrate"].directory).get_heads()
    return "ok" if set(current) == set(head) else "behind"


def _redis(url):
    try:
        Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5).ping()
        return "ok"
    except RedisError:
        return "away"

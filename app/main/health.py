"""Health endpoints for monitoring: /healthz and /readyz."""

from flask import current_app, jsonify

from ..decorators import public
from ..doctor.configuration import redis_answers
from ..doctor.database import is_away, state_of_migrations
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
    database = "away" if is_away() else "ok"
    checks = {"database": database, "migrations": state_of_migrations()}
    if url := current_app.config["REDIS_URL"]:
        checks["redis"] = "ok" if redis_answers(url) else "away"
    ready = all(word == "ok" for word in checks.values())
    return jsonify(status="ready" if ready else "not ready", **checks), 200 if ready else 503

"""Health endpoints for monitoring: /healthz and /readyz."""

from flask import current_app, jsonify

from ..decorators import public
from ..doctor.configuration import redis_answers
from ..doctor.database import is_away, state_of_migrations
from .blueprint import main


@main.route("/healthz")
@public
def healthz():
    """Return 200 while the process responds."""
    return jsonify(status="up")


@main.route("/readyz")
@public
def readyz():
    """Return 200 if database, migrations and Redis (if set) are fine, else 503."""
    database = "away" if is_away() else "ok"
    checks = {"database": database, "migrations": state_of_migrations()}
    if url := current_app.config["REDIS_URL"]:
        checks["redis"] = "ok" if redis_answers(url) else "away"
    ready = all(word == "ok" for word in checks.values())
    return jsonify(status="ready" if ready else "not ready", **checks), 200 if ready else 503

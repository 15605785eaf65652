"""create_app: the one file that knows every other."""

import os
import sys
from typing import Any

from click import ClickException
from flask import Flask
from flask.cli import NoAppException

from config import BASE, config

from . import cli, databases
from .access import policies
from .account import account
from .admin import admin
from .auth import auth
from .dev import dev
from .extensions import bootstrap, csrf, db, limiter, login_manager, mail, migrate, moment
from .jobs import mail_worker
from .main import main
from .models import AnonymousUser
from .moderation import moderation
from .security import passwords
from .web import audit_words, converters, errors, frozen_forms, request_log, requests, templating
from .web.cookies import PatientSessions

__all__ = ["create_app", "db"]


class CannotStart(NoAppException, RuntimeError):
    """What the environment lacks; the flask command shows it without a traceback."""

    def format_message(self) -> str:
        """End here where a command was asked for: Flask would go on and say that there is none."""
        if self.ctx is None and any(not word.startswith("-") for word in sys.argv[1:]):
            raise ClickException(self.message)
        return super().format_message()


def create_app(config_name: str | None = None, **settings: Any) -> Flask:
    """Make an application; `settings` override what the configuration says.

    RuntimeError names everything that the environment lacks, and endpoints that nobody has guarded.
    """
    app = Flask(__name__)
    app.jinja_environment = templating.Templates
    app.session_interface = PatientSessions()
    converters.init_app(app)
    configure(app, config_name or os.environ.get("FLASK_CONFIG") or "default", settings)

    request_log.init_app(app)
    requests.init_app(app)
    passwords.init_app(app)
    login_manager.anonymous_user = AnonymousUser
    for extension in (bootstrap, moment, db, login_manager, mail, csrf, limiter):
        extension.init_app(app)
    migrate.init_app(app, db, directory=str(BASE / "migrations"))
    with app.app_context():
        databases.prepare(db.engine)

    app.register_blueprint(main)
    app.register_blueprint(account)
    app.register_blueprint(auth, url_prefix="/auth")
    app.register_blueprint(moderation, url_prefix="/moderation")
    app.register_blueprint(admin, url_prefix="/admin")
    if app.config["MAILBOX"]:
        app.register_blueprint(dev, url_prefix="/dev")

    for part in (mail_worker, errors, templating, audit_words, frozen_forms, cli, policies):
        part.init_app(app)  # access last: it refuses endpoints without a policy
    request_log.mask.learn(app.url_map)
    return app


def configure(app: Flask, name: str, settings: dict[str, Any]) -> None:
    if name not in config:
        raise CannotStart(f"FLASK_CONFIG is {name!r}; it must be one of {', '.join(config)}.")
    chosen = config[name]()
    app.config.from_object(chosen)
    app.config.update(settings)
    if problems := list(chosen.problems()):
        raise CannotStart("The site cannot start like this:\n- " + "\n- ".join(problems))
    url = databases.named_driver(app.config["SQLALCHEMY_DATABASE_URI"])
    if not databases.is_supported(url):
        raise CannotStart(f"The database must be postgresql:// or sqlite:///, not {url[:40]!r}.")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = databases.engine_options(url)
    app.config["WTF_CSRF_SECRET_KEY"] = [
        *reversed(app.config["SECRET_KEY_FALLBACKS"]),
        app.config["SECRET_KEY"],
    ]

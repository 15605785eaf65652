"""The Flask extensions: one unbound object each, with what the site changes about them."""

import logging
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask, Response, current_app, request
from flask_bootstrap import Bootstrap5
from flask_limiter import ApplicationLimit, Limiter
from flask_login import LoginManager, current_user, decode_cookie
from flask_mail import Connection, Mail
from flask_migrate import Migrate
from flask_moment import Moment
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from limits.storage import MemoryStorage
from redis.exceptions import RedisError
from sqlalchemy import MetaData, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Query

from .security.networks import network_of

log = logging.getLogger("offbrand.limits")

CONSTRAINT_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class VerifyingConnection(Connection):
    """Flask-Mail's connection, with a timeout and with TLS that verifies the certificate."""

    timeout: float | None = None  # seconds; None: as configured

    def configure_host(self) -> smtplib.SMTP:
        config = current_app.config
        server, port = config["MAIL_SERVER"], config["MAIL_PORT"]
        timeout = self.timeout or config["MAIL_TIMEOUT"]
        if config["MAIL_USE_SSL"]:
            context = verifying_context()
            host: smtplib.SMTP = smtplib.SMTP_SSL(server, port, timeout=timeout, context=context)
        else:
            host = smtplib.SMTP(server, port, timeout=timeout)
        try:
            if config["MAIL_USE_TLS"]:
                host.starttls(context=verifying_context())
            if config["MAIL_USERNAME"]:
                host.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"] or "")
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *exception: Any) -> None:
        """Ignore errors while closing: the server has accepted the mails already."""
        try:
            super().__exit__(*exception)
        except (smtplib.SMTPException, OSError):
            if self.host is not None:
                self.host.close()


def verifying_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=current_app.config["MAIL_CA_FILE"])


class VerifyingMail(Mail):
    def connect(self) -> VerifyingConnection:
        return VerifyingConnection(current_app.extensions["mail"])


class SteadyMemoryStorage(MemoryStorage):
    """Where limits are counted without Redis; it replaces the storage for `memory://`.

    In limits 5.8.0, two concurrent threads can start the same timer, and the second one gets a
    RuntimeError; here they start it one after the other. An entry that is cleared while the timer
    expires old ones is no error either.
    """

    STORAGE_SCHEME = ["memory"]
    scheduling = Lock()

    def _MemoryStorage__expire_events(self) -> None:
        with suppress(KeyError):
            super()._MemoryStorage__expire_events()  # type: ignore[misc]

    def _MemoryStorage__schedule_expiry(self) -> None:
        with self.scheduling:
            super()._MemoryStorage__schedule_expiry()  # type: ignore[misc]


class RotatingLoginManager(LoginManager):
    """Flask-Login, whose remember-me cookie also accepts old keys and any malformed value."""

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        keys = [current_app.secret_key, *current_app.config["SECRET_KEY_FALLBACKS"]]
        if not cookie.isascii():
            return None
        for key in keys:
            payload = decode_cookie(cookie, key=key)
            if payload is not None:
                return self._user_callback(payload)
        return None

    def _clear_cookie(self, response: Response) -> None:
        """Delete the cookie; browsers delete a `__Host-` cookie only if the header says Secure."""
        config = current_app.config
        name, secure = config["REMEMBER_COOKIE_NAME"], config["SECURE"]
        path = config["REMEMBER_COOKIE_PATH"]
        response.delete_cookie(name, path, secure=secure, httponly=True, samesite="Lax")


class WritingLimiter(Limiter):
    """Flask-Limiter, which only checks limits of POST requests, as no others have limits.

    If Redis goes away, Flask-Limiter 4.1 raises in all threads but the first that notice it, and
    does not log it. Here all threads count in this process until Redis is back, and each change is
    logged.
    """

    TRIES = 3  # Redis may go away, come back and go away again meanwhile
    _is_away, _changing = False, Lock()

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        self._fallback_storage = SteadyMemoryStorage()
        self._fallback_limiter = type(self.limiter)(self._fallback_storage)

    def reset(self) -> None:
        super().reset()
        self._fallback_storage.reset()

    def _check_request_limit(self, callable_name: Any = None, in_middleware: bool = True) -> None:
        if request.method == "POST":
            self._steadily(super()._check_request_limit, callable_name, in_middleware)

    def ask(self, question: str, *values: Any) -> Any:
        """Call a method of the limiter, which uses Redis, or this process while Redis is away."""
        return self._steadily(lambda: getattr(self.limiter, question)(*values))

    def _steadily(self, act: Callable[..., Any], *values: Any) -> Any:
        for _ in range(self.TRIES):
            try:
                return act(*values)
            except RedisError as error:
                last, self._storage_dead = error, True
        raise last

    @property
    def _storage_dead(self) -> bool:
        return self._is_away

    @_storage_dead.setter
    def _storage_dead(self, is_away: bool) -> None:
        with self._changing:
            changes, self._is_away = is_away != self._is_away, is_away
        if changes and is_away:
            log.warning("Redis is away: each process counts limits for itself")
        elif changes:
            log.warning("Redis is back: limits are counted there again")


def who_writes() -> str:
    """Return the key for the general limit on writing: the member, else the network.

    Errors of the database are left to the view, since the limiter would take them for errors of its
    own storage.
    """
    try:
        if current_user.is_authenticated:
            return f"user {current_user.id}"
    except SQLAlchemyError:
        db.session.rollback()
    return network_of(request) or ""  # Flask-Limiter counts nothing for ""


class Base(DeclarativeBase):
    """What Flask-SQLAlchemy makes `db.Model` from."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
if TYPE_CHECKING:

    class Model(Base):
        """`db.Model`, which a type checker cannot follow."""

        __abstract__ = True
        __table__: ClassVar[Table]
        query: ClassVar[Query]
else:
    Model = db.Model
migrate = Migrate()
bootstrap = Bootstrap5()
moment = Moment()
mail = VerifyingMail()
csrf = CSRFProtect()
login_manager = RotatingLoginManager()
login_manager.session_protection = (
    None  # a session is a row that can be ended, see models/session.py
)
limiter = WritingLimiter(
    key_func=who_writes,
    application_limits=[
        ApplicationLimit(lambda: current_app.config["LIMITS"]["writing"], methods=("POST",))
    ],
)

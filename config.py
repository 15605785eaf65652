"""What the site reads from its environment: one class per place it runs.

Every variable is explained in `.env.example`; what stands in the environment wins over `.env`.
"""

import os
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from dotenv import load_dotenv

BASE = Path(__file__).resolve().parent
INSTANCE = BASE / "instance"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
KNOWN_KEYS = ("secret", "change", "example", "password", "hard to guess", "default", "your-")

load_dotenv(BASE / ".env")


def yes(value):
    return (value or "").strip().lower() in ("1", "true", "on", "yes")


def words(value):
    return [word.strip() for word in (value or "").split(",") if word.strip()]


def is_weak(key):
    """Whether a key could be guessed: too short, too plain, or from somebody's example."""
    return len(key) < 32 or len(set(key)) < 8 or any(bad in key.lower() for bad in KNOWN_KEYS)


def kept_key(path):
    """A key of this folder's own, made once, so that a restart in development signs nobody out."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as file:  # only its owner may read it
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):  # another process was faster; all take that key
                os.link(file.name, path)
    return path.read_text()


class Config:
    """What holds everywhere. Each subclass says what differs where it runs."""

    VERSION = "0.4"
    SITE_NAME = "Offbrand"
    COOKIES_BY_PORT = False
    MAILBOX = False  # whether /dev/mailbox exists, and bodies of sent mails are kept for it
    SECURE = False
    SQLALCHEMY_ENGINE_OPTIONS: dict = {}
    MAX_CONTENT_LENGTH = 1024 * 1024
    MAX_FORM_PARTS = 1000
    BOOTSTRAP_SERVE_LOCAL = True
    SEND_FILE_MAX_AGE_DEFAULT = timedelta(days=1)
    WTF_CSRF_TIME_LIMIT = None  # a token lives as long as the session it is bound to
    WTF_CSRF_SSL_STRICT = False  # browsers that hide the referer may post: the token decides

    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    REMEMBER_COOKIE_DURATION = timedelta(days=30)
    SESSION_IDLE = timedelta(hours=24)
    SESSION_LIFETIME = timedelta(days=7)

    CONFIRMATION_LIFETIME = timedelta(days=7)
    RESET_LIFETIME = timedelta(hours=1)
    EMAIL_CHANGE_LIFETIME = timedelta(hours=1)
    EMAIL_REVERT_LIFETIME = timedelta(days=7)
    INVITATION_LIFETIME = timedelta(days=7)
    DEVICE_LIFETIME = timedelta(days=365)

    ARGON2 = {"time_cost": 2, "memory_cost": 19456, "parallelism": 1}
    PASSWORD_SLOTS = 2 * (os.cpu_count() or 1)  # hashes computed at once in one process

    LIMITS = {
        "sign-in by login and network": "5 per 5 minutes",
        "sign-in by login": "8 per 5 minutes",
        "sign-in by known device": "5 per 5 minutes",
        "sign-in by network": "30 per 5 minutes",
        "password asked again": "4 per 5 minutes",
        "sign-up by network": "30 per hour",
        "mails asked for by network": "30 per hour",
        "mails to one address": "3 per hour",  # besides the one of the sign-up
        "notices to one address": "1 per hour",  # of what strangers tried with it
        "test mails to one address": "5 per hour",
        "changes of password": "5 per hour",
        "password strength": "60 per minute",  # by network
        "appeal messages": "10 per hour",  # by account; staff write as many as they need
        "pictures": "30 per hour",  # by account; each is decoded and drawn anew
        "reports": "20 per hour",  # by account
        "writing": "120 per minute",
        "texts on the first day": "20 per hour",  # posts and comments of one member
        "texts in the first week": "40 per hour",
        "texts": "120 per hour",
    }
    RATELIMIT_STRATEGY = "moving-window"
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True

    def __init__(self, env=os.environ):
        self.SECRET_KEY = env.get("SECRET_KEY")
        self.SECRET_KEY_FALLBACKS = words(env.get("SECRET_KEY_FALLBACKS"))
        self.SERVER_NAME = env.get("SERVER_NAME") or None
        self.TRUSTED_HOSTS = words(env.get("TRUSTED_HOSTS"))
        self.SITE_URL = (env.get("SITE_URL") or "").rstrip("/") or None  # None: as requests say
        self.APPLICATION_ROOT = self._path(env)
        self._name_cookies(env.get("OFFBRAND_COOKIE_PREFIX") or "")
        self.not_numbers = []
        self.PORT = self._number(env, "PORT", 5000)
        self.PROXY_COUNT = self._number(env, "PROXY_COUNT", 0)
        self.POSTS_PER_PAGE = self._number(env, "OFFBRAND_POSTS_PER_PAGE", 20)
        self.DIGEST_HOUR = self._number(env, "OFFBRAND_DIGEST_HOUR", 7)
        self.SIGN_UP_SECONDS = self._number(env, "OFFBRAND_SIGN_UP_SECONDS", 3)
        self.OFFBRAND_ADMIN = env.get("OFFBRAND_ADMIN")
        self.SUPERUSER_ID = env.get("SUPERUSER_ID")
        self.SUPERUSER_PASSWORD = env.get("SUPERUSER_PASSWORD")
        self.REDIS_URL = env.get("REDIS_URL") or None
        self.RATELIMIT_STORAGE_URI = self.REDIS_URL or "memory://"
        if self.REDIS_URL:
            wait = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
            self.RATELIMIT_STORAGE_OPTIONS = wait
        self.LOCAL_ADDRESSES = yes(env.get("OFFBRAND_LOCAL_ADDRESSES"))
        self._read_mail(env)

    def _path(self, env):
        """Return the path that the whole site lives under: / or such as /forum."""
        path = urlsplit(self.SITE_URL or "").path or env.get("SCRIPT_NAME") or ""
        return "/" + path.strip("/")

    def _name_cookies(self, prefix):
        """A `__Host-` cookie is for the whole of a host; a path takes `__Secure-` (RFC 6265bis)."""
        self.COOKIE_PREFIX = prefix
        if self.SECURE:
            prefix = ("__Host-" if self.APPLICATION_ROOT == "/" else "__Secure-") + prefix
        self.SESSION_COOKIE_NAME = f"{prefix}session"
        self.REMEMBER_COOKIE_NAME = f"{prefix}{'remember' if self.SECURE else 'remember_token'}"
        self.REMEMBER_COOKIE_PATH = self.APPLICATION_ROOT
        self.DEVICE_COOKIE_NAME = f"{prefix}device"

    def _read_mail(self, env):
        self.MAIL_SERVER = env.get("MAIL_SERVER") or None
        self.MAIL_PORT = self._number(env, "MAIL_PORT", 587)
        self.MAIL_USE_SSL = yes(env.get("MAIL_USE_SSL"))
        self.MAIL_USE_TLS = yes(env.get("MAIL_USE_TLS", "" if self.MAIL_USE_SSL else "true"))
        self.MAIL_USERNAME = env.get("MAIL_USERNAME") or None
        self.MAIL_PASSWORD = env.get("MAIL_PASSWORD") or None
        self.MAIL_TIMEOUT = self._number(env, "MAIL_TIMEOUT", 10.0)
        self.MAIL_CA_FILE = env.get("MAIL_CA_FILE") or None
        self.MAIL_DEFAULT_SENDER = env.get("MAIL_DEFAULT_SENDER") or env.get("OFFBRAND_MAIL_SENDER")
        self.MAIL_SUBJECT_PREFIX = env.get("OFFBRAND_MAIL_SUBJECT_PREFIX", "[Offbrand]")
        self.MAIL_DELIVERY = env.get("MAIL_DELIVERY") or "thread"

    def _number(self, env, name, usual):
        """Return what the variable holds, or the usual; `problems` names one that is no number."""
        try:
            number = type(usual)(env.get(name) or usual)
        except ValueError:
            number = -1
        if number < 0:
            self.not_numbers.append(name)
        return max(number, 0)

    def problems(self):
        """Yield a sentence for each thing that is missing or unsafe; none: the site may start."""
        for name in self.not_numbers:
            yield f"{name} must be a number."
        site = urlsplit(self.SITE_URL or "http://localhost")
        if site.scheme not in ("http", "https") or not site.hostname or site.query or site.fragment:
            yield "SITE_URL must be the address of the site, such as https://example.org/forum."
        if not re.fullmatch(r"[\w.-]*", self.COOKIE_PREFIX, re.ASCII):
            yield "OFFBRAND_COOKIE_PREFIX takes letters, digits, dots, dashes and underscores."
        if not 5 <= self.POSTS_PER_PAGE <= 100:
            yield "OFFBRAND_POSTS_PER_PAGE must be a number from 5 to 100."
        if self.DIGEST_HOUR > 23:
            yield "OFFBRAND_DIGEST_HOUR must be a number from 0 to 23."
        if self.SIGN_UP_SECONDS > 60:
            yield "OFFBRAND_SIGN_UP_SECONDS must be a number from 0 to 60."
        if self.MAIL_DELIVERY not in ("thread", "worker"):
            yield "MAIL_DELIVERY must be thread or worker."
        if self.MAIL_USE_SSL and self.MAIL_USE_TLS:
            yield "MAIL_USE_SSL and MAIL_USE_TLS exclude each other; STARTTLS is MAIL_USE_TLS."


class DevelopmentConfig(Config):
    DEBUG = True
    MAILBOX = True
    TEMPLATES_AUTO_RELOAD = True

    def __init__(self, env=os.environ):
        super().__init__(env)
        self.SECRET_KEY = self.SECRET_KEY or kept_key(INSTANCE / "secret_key")
        self.SQLALCHEMY_DATABASE_URI = (
            env.get("DEV_DATABASE_URL") or f"sqlite:///{INSTANCE / 'data-dev.sqlite'}"
        )
        named = [self.SERVER_NAME, urlsplit(self.SITE_URL or "").hostname]
        self.TRUSTED_HOSTS = self.TRUSTED_HOSTS or [*LOCAL_HOSTS, *filter(None, named)]
        self.COOKIES_BY_PORT = not self.COOKIE_PREFIX
        self.LOCAL_ADDRESSES = yes(env.get("OFFBRAND_LOCAL_ADDRESSES", "true"))
        self.MAIL_DEFAULT_SENDER = self.MAIL_DEFAULT_SENDER or "Offbrand <offbrand@localhost>"


class TestingConfig(Config):
    TESTING = True
    MAILBOX = True
    ARGON2 = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    LIMITS = Config.LIMITS | {
        name: "1000 per hour" for name in Config.LIMITS if name.startswith("texts")
    }

    def __init__(self, env=os.environ):
        super().__init__({})  # tests must not depend on a person's .env
        self.SIGN_UP_SECONDS = 0
        self.SECRET_KEY = "only for tests, and long enough for them"
        self.SQLALCHEMY_DATABASE_URI = env.get("TEST_DATABASE_URL") or "sqlite://"
        self.TRUSTED_HOSTS = LOCAL_HOSTS
        self.WTF_CSRF_ENABLED = False
        self.MAIL_SUPPRESS_SEND = False
        self.MAIL_DEFAULT_SENDER = "Offbrand <offbrand@example.org>"
        self.MAIL_DELIVERY = "worker"


class ProductionConfig(Config):
    SECURE = True
    PREFERRED_URL_SCHEME = "https"
    SESSION_COOKIE_SECURE = True
    REMEMBER_COOKIE_SECURE = True

    def __init__(self, env=os.environ):
        super().__init__(env)
        self.SQLALCHEMY_DATABASE_URI = env.get("DATABASE_URL") or ""
        named = self.SERVER_NAME or urlsplit(self.SITE_URL or "").hostname
        self.TRUSTED_HOSTS = self.TRUSTED_HOSTS or [named] * bool(named)
        host = self.SERVER_NAME or next(iter(self.TRUSTED_HOSTS), "").lstrip(".")
        if host and not self.SITE_URL:
            self.SITE_URL = f"https://{host}{self.APPLICATION_ROOT}".rstrip("/")

    def problems(self):
        yield from super().problems()
        if any(is_weak(key) for key in (self.SECRET_KEY or "", *self.SECRET_KEY_FALLBACKS)):
            yield "SECRET_KEY: at least 32 random characters, no example; fallbacks too."
        if not self.SQLALCHEMY_DATABASE_URI:
            yield "DATABASE_URL: where the data is, such as postgresql://user@host/offbrand."
        if not self.TRUSTED_HOSTS:
            yield "SITE_URL, SERVER_NAME or TRUSTED_HOSTS: where people reach this site."
        if self.SITE_URL and not self.SITE_URL.startswith("https://"):
            yield "SITE_URL must start with https:// in production: cookies need HTTPS."
        if not self.MAIL_SERVER:
            yield "MAIL_SERVER: the server that takes the site's mail."
        if "@" not in parseaddr(self.MAIL_DEFAULT_SENDER or "")[1]:
            yield "MAIL_DEFAULT_SENDER: the address that mail comes from."


config = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
    "default": DevelopmentConfig,
}

"""Settings that administrators can change while the site runs.

They are one row with a version. Each process caches the values, and only reads the version in each
request; for members it comes with the session (see models/visit.py). The version is random, so that
values from a transaction that failed are never taken for newer ones.
"""

import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from flask import current_app, g, has_request_context
from sqlalchemy import JSON, String, event, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import Id, utcnow

REGISTRATION = {
    "open": "Open: whoever confirms an address is a member",
    "approval": "By approval: newcomers say why, and an administrator lets them in",
    "invitation": "By invitation only",
    "closed": "Closed: nobody new, invited people excepted",
}
ROWS = range(5, 101)  # that a page of a list may have
NOTICE_HOURS = range(721)
WARNING_DAYS = range(3651)
FIRST = range(21)  # texts of a newcomer that may wait for approval
READERS = {"all": "Everybody", "members": "Members only"}
CATEGORIES = """\
Spam | This is advertising or spam, which the rules of this site do not allow.
Harassment | This attacks a person. Disagree with what is said, and leave people be.
Hate | This demeans people for who they are, which has no place here.
Private data | This tells what somebody has not made public themselves.
Illegal | This may be against the law.
Something else | This does not agree with the rules of this site."""


@dataclass(frozen=True)
class Settings:
    """The values in force, each with its usual one."""

    site_name: str = "Offbrand"
    registration: str = "open"
    readers: str = "all"
    posts_per_page: int = 20
    frozen: bool = False
    frozen_until: str = ""  # a moment in ISO 8601, or nothing: until it is lifted
    freeze_text: str = ""
    welcome: str = ""  # what visitors read on the front page; nothing: what it says anyway
    names_in_log: bool = True  # whether the public log names the members whom an act concerned
    sign_up_text: str = ""  # above the sign-up form
    notice_hours: int = 24  # after which staff are told that something waits; 0: never
    warning_days: int = 90  # after which a warning is over; 0: it stays in force until it is lifted
    report_categories: str = CATEGORIES  # a line each: the name | the reason of a ruling
    hold_first: int = 0  # how many texts of a newcomer wait for approval; 0: none
    hold_links: bool = False  # whether those with links to other sites do

    @property
    def freeze_ends_at(self) -> Any:
        return datetime.fromisoformat(self.frozen_until) if self.frozen_until else None

    @property
    def is_frozen(self) -> bool:
        """A freeze with an end lifts itself."""
        return self.frozen and (self.freeze_ends_at is None or utcnow() < self.freeze_ends_at)

    @property
    def categories(self) -> dict[str, str]:
        """What a report may be about: name → the reason that a ruling begins with."""
        return categories_in(self.report_categories)

    @property
    def members_only(self) -> bool:
        return self.readers == "members"

    @property
    def takes_sign_ups(self) -> bool:
        """Whether strangers may sign up by themselves; the invited may always join."""
        return self.registration in ("open", "approval") and not self.is_frozen


def categories_in(lines: str) -> dict[str, str]:
    """Return name → reason, in the order of the lines; what comes twice counts once."""
    pairs = (line.partition("|") for line in lines.splitlines() if line.strip())
    return {name.strip(): reason.strip() for name, _, reason in pairs}


NAMES = [field.name for field in fields(Settings)]


class Setting(Model):
    """The one row in which the settings are kept."""

    __tablename__ = "settings"
    ONLY = 1

    id: Mapped[Id]
    version: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    values: Mapped[dict] = mapped_column(JSON, default=dict)

    @classmethod
    def version_now(cls) -> Any:
        """A subquery, for statements that are on their way to the database anyway."""
        return select(cls.version).where(cls.id == cls.ONLY).scalar_subquery()

    @classmethod
    def change(cls, *, by: Any = None, reason: str = "", **values: Any) -> list[str]:
        """Set values; each that differs is an entry in the log. Return the names that differ."""
        if by is not None and not by.is_administrator():
            raise Refused("Only administrators can change settings.")
        for name, value in values.items():
            _check(name, value)
        row = cls.lock()
        before = asdict(_settings_of(row))
        changed = [name for name in NAMES if name in values and values[name] != before[name]]
        for name in changed:
            said = {"before": before[name], "after": values[name]}
            AuditEntry.record(Action.CHANGE, row, by=by, reason=reason, name=name, **said)
        if changed:
            row.values = row.values | {name: values[name] for name in changed}
            row.version = secrets.token_hex(16)
        g.pop("settings", None)
        return changed

    @classmethod
    def lock(cls) -> Self:
        """Wait for others who change settings just now, then read what they left."""
        here = select(cls).where(cls.id == cls.ONLY).with_for_update()
        row = db.session.scalars(here.execution_options(populate_existing=True)).one()
        g.pop("settings", None)
        g.pop("settings_version", None)
        return row

    @classmethod
    def touch(cls) -> None:
        """Let processes read anew what they keep by the version, see `kept_by_version`."""
        here = update(cls).where(cls.id == cls.ONLY).values(version=secrets.token_hex(16))
        db.session.execute(here, execution_options={"synchronize_session": "fetch"})
        g.pop("settings", None)


VERSION_NOW = select(Setting.version_now())  # built once: every page of a visitor asks it


def settings_are_at(version: str | None) -> None:
    """Take note of the version that another statement of this request has read."""
    g.settings_version = version


def current_settings() -> Settings:
    """Return the `Settings` in force. Asks the database at most once in a request."""
    if "settings" in g:
        return g.settings
    settings = _values_at(g.pop("settings_version", None) or _version_now() or "")
    if has_request_context():
        g.settings = settings
    return settings


def kept_by_version(name: str, read: type[Any]) -> Any:
    """Return what `read` returns; a process asks again when the version is another, see `touch`."""
    current_settings()
    version = current_app.extensions["settings"][0]
    known = current_app.extensions.get(name)
    if known is None or known[0] != version:
        known = current_app.extensions[name] = version, read()
    return known[1]


def settings_at_hand() -> Settings:
    """The settings in force or, where the database is away, those that this process knew last."""
    if "settings_known" in g:
        return g.settings_known
    if not g.get("database_away"):
        try:
            return current_settings()
        except SQLAlchemyError:
            db.session.rollback()
    known = current_app.extensions.get("settings", (None, _usual()))[1]
    if has_request_context():  # it has tried once, which may have taken seconds
        g.settings_known = known
    return known


def _version_now() -> str | None:
    db.session.flush()
    return db.session.connection().scalar(VERSION_NOW)


def _values_at(version: str) -> Settings:
    known = current_app.extensions.get("settings")
    if known is None or known[0] != version:
        row = db.session.get(Setting, Setting.ONLY, populate_existing=True)
        known = (row.version, _settings_of(row)) if row else (None, _usual())
        current_app.extensions["settings"] = known
    return known[1]


def _settings_of(row: Setting) -> Settings:
    return Settings(**asdict(_usual()) | {k: v for k, v in row.values.items() if k in NAMES})


def _check(name: str, value: int | str) -> None:
    """Raise ValueError for a value of the wrong kind, or out of its range."""
    if type(value) is not type(getattr(_usual(), name)):
        raise ValueError(f"{name} cannot be {value!r}.")
    choices = {"registration": REGISTRATION, "readers": READERS, "posts_per_page": ROWS}
    choices = (
        choices
        | {"notice_hours": NOTICE_HOURS, "hold_first": FIRST}
        | {"warning_days": WARNING_DAYS}
    ).get(name)
    if choices is not None and value not in choices:
        raise ValueError(f"{name} cannot be {value!r}.")
    if name == "frozen_until" and value:
        datetime.fromisoformat(str(value))


def _usual() -> Settings:
    config = current_app.config
    return Settings(site_name=config["SITE_NAME"], posts_per_page=config["POSTS_PER_PAGE"])


@event.listens_for(Setting.__table__, "after_create")
def _make_the_row(table: Any, connection: Any, **options: Any) -> None:
    connection.execute(table.insert().values(id=Setting.ONLY, version="first", values={}))

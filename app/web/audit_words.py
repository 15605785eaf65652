"""Audit entries in words: sentences, and the settings, dates and roles in them."""

import json
import re
from datetime import datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from ..models.audit.actions import Action
from ..models.audit.entry import AuditEntry
from ..models.site.setting import READERS, REGISTRATION
from ..text.dates import date_time

SETTINGS = {  # name: what people call it
    "site_name": "site name",
    "registration": "who may sign up",
    "readers": "who may read",
    "posts_per_page": "items per page",
    "frozen": "read-only",
    "frozen_until": "read-only until",
    "freeze_text": "read-only message",
    "welcome": "welcome message",
    "names_in_log": "show member names in the public log",
    "sign_up_text": "message above the sign-up form",
    "notice_hours": "time until staff are reminded of pending items",
    "warning_days": "time until warnings expire",
    "report_categories": "report categories",
    "hold_first": "posts held for new members",
    "hold_links": "hold new members’ posts with links",
}
UNITS = {"notice_hours": "hour", "warning_days": "day"}
CHOICES = {"registration": REGISTRATION, "readers": READERS}
FIELDS = {"index": "landing page", "about_me": "about"}
MOMENT = re.compile(
    r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.]\d+)?)?(?:Z|[+]\d{2}:?\d{2})"
)
ROLE_ACTIONS = (Action.CHANGE_ROLE, Action.END_ROLE, Action.KEEP_ROLE)
WITH_END = (Action.SILENCE, Action.SUSPEND)
SETTLING = (Action.LIFT_SANCTION, Action.REINSTATE_SANCTION)
YES_NO = {"True": "yes", "False": "no", "true": "yes", "false": "no"}


def init_app(app: Flask) -> None:
    app.add_template_filter(said)
    app.add_template_filter(target)
    app.add_template_global(log_sentence)
    app.add_template_global(log_outcome)
    app.add_template_global(log_icon)


def log_sentence(entry: AuditEntry, member: Markup | str, thing: Markup | str) -> Markup:
    """Return what was done, as HTML, such as "hid a post by bob"; a label if it has no sentence."""
    action = Action.named(entry.action)
    if action is None or not action.facts.sentence:
        return Markup(" · ") + (action.label if action else entry.action)
    sentence = Markup(action.facts.sentence).format(member=member, thing=thing)
    return Markup(" ") + sentence + log_outcome(entry)


def log_icon(entry: AuditEntry) -> str:
    action = Action.named(entry.action)
    return action.facts.icon if action else "gear"


def log_outcome(entry: AuditEntry) -> Markup:
    """Return what came of it, where everyone may know: roles, and how long a sanction lasts."""
    if entry.action in ROLE_ACTIONS and entry.after:
        return escape(f": {said(entry.before)} → {said(entry.after)}")
    if entry.action in WITH_END and entry.after:
        return escape(f" {said(entry.after)}")
    return escape(f": {said(entry.before)}" if entry.action in SETTLING else "")


def target(entry: AuditEntry) -> str:
    """Return what an entry is about, as people call it."""
    if entry.target_type == "setting":
        return SETTINGS.get(entry.target_name, _spaced(entry.target_name))
    return entry.target_name


def said(text: str, entry: AuditEntry | None = None) -> str:
    """Return `before` or `after` of an entry in words."""
    name = entry.target_name if entry is not None and entry.target_type == "setting" else ""
    if name:
        return _setting(name, text)
    values = _values_in(text)
    if values is None:
        return _plain(text)
    return ", ".join(f"{FIELDS.get(k) or _spaced(k)}: {_value(v)}" for k, v in values.items())


def _setting(name: Any, text: Any) -> Any:
    if text in CHOICES.get(name, ()):
        return CHOICES[name][text].partition(":")[0]
    if text.isdecimal() and name in UNITS:
        unit = UNITS[name]
        return "never" if text == "0" else f"{text} {unit}{'s' if text != '1' else ''}"
    return _plain(text)


def _values_in(text: str) -> Any:
    try:
        values = json.loads(text) if text.startswith("{") else None
    except (RecursionError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _value(value: str | int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value in (None, "") else _plain(str(value))


def _plain(text: str) -> str:
    return YES_NO.get(text) or MOMENT.sub(_in_words, text)


def _in_words(match: Any) -> Any:
    try:
        return date_time(datetime.fromisoformat(match[0]))
    except ValueError:
        return match[0]


def _spaced(name: str) -> str:
    return name.replace("_", " ")

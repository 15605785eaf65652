"""Rejected forms: what was typed into them, for the user to get it back.

Passwords, tokens and files are left out. If users must sign in first, the form is filled in again
afterwards, and nothing is sent until they press its button.
"""

from datetime import timedelta
from functools import cache
from math import inf

from flask import abort, flash, request
from werkzeug.exceptions import HTTPException
from wtforms import Field, HiddenField, PasswordField, StringField, SubmitField

from ..forms import RESTORED, Form
from ..models.errors import Refused
from ..security import tokens
from .requests import is_local, undo, with_question

PARKED = "parked"  # the field of the sign-in form with the rejected form
LIFETIME = timedelta(hours=1)
NEVER = {PARKED, RESTORED, "csrf_token", "next", "opened", "homepage", "login", "remember"}
MARKS = {"key", "submit", "version"}
LABELS = {"body": "Your text", "text": "Your text"}
MOST = 64 * 1024  # characters of a form that is kept through the sign-in


def typed_fields(most: float = MOST) -> list[tuple[str, str]]:
    """Return the (name, value) pairs of the form; none if they have more than `most` characters."""
    if request.method != "POST" or request.endpoint is None:
        return []
    try:
        pairs = list(request.form.items(multi=True))
    except HTTPException:  # the body is too large or malformed
        return []
    pairs = [(name, value) for name, value in pairs if name and not _is_secret(name)]
    return pairs if sum(len(value) for _, value in pairs) <= most else []


def typed_texts() -> dict[str, str]:
    """Return the texts of the form by label, without ids and internal fields."""
    return {
        LABELS.get(name, name.replace("_", " ").capitalize()): value
        for name, value in typed_fields(inf)
        if value.strip() and not value.strip().isdecimal() and not _is_mark(name, value)
    }


def refuse(words: Refused | str, form: Form | None = None) -> None:
    """Roll back and flash the reason; or abort with 409 if something was typed into the form.

    The error page then shows the reason and what was typed.
    """
    undo()
    if form is not None and any(field.data for field in form if _is_typed(field)):
        abort(409, str(words))
    flash(str(words), "danger")


def park() -> str | None:
    """Return a signed token with the form and its URL; None if the form is empty."""
    fields = typed_fields()
    if not any(value.strip() for name, value in fields if name not in MARKS):
        return None
    return tokens.sign("parked form", {"path": here(), "fields": fields}, LIFETIME)


def unpark(text: str | None) -> tuple[str, list[tuple[str, str]]] | None:
    """Return (path, fields) of a token from `park`; None if it is invalid."""
    verdict, payload = tokens.read("parked form", text or "")
    return (payload["path"], payload["fields"]) if verdict and is_local(payload["path"]) else None


def here() -> str:
    """Return the path and query string that the form was sent to."""
    return with_question(request.script_root + request.path)


def came_from_here() -> bool:
    """Return whether the browser says that a page of this site sent the form."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def _is_mark(name: str, value: str) -> bool:
    """Return whether it is an internal field or a button."""
    return name in MARKS or value.lower() == name or name in _buttons()


@cache
def _buttons() -> set[str]:
    """Return the names of the buttons of all forms."""
    kinds: list[type[Form]] = [Form]
    buttons: set[str] = set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        fields = ((name, getattr(kind, name)) for name in dir(kind))
        buttons |= {n for n, field in fields if getattr(field, "field_class", None) is SubmitField}
    return buttons


def _is_typed(field: Field) -> bool:
    return isinstance(field, StringField) and not isinstance(field, HiddenField | PasswordField)


def _is_secret(name: str) -> bool:
    return name in NEVER or "password" in name

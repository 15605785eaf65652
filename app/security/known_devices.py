"""Known devices: a browser in which a person signed in before keeps a signed mark of it.

Strangers may use up the tries for an account; the owner goes on with the mark (OWASP's device
cookies).
"""

import secrets
from typing import Protocol

from flask import Response, current_app, request

from . import tokens


class Account(Protocol):
    """What a mark says of a user."""

    @property
    def id(self) -> int: ...

    @property
    def auth_epoch(self) -> int: ...


MOST_USERS = 8  # people who share one browser


def mark_for(user: Account) -> str | None:
    """Return this browser's mark if the user signed in with it before, else None."""
    mark, users = _read()
    return mark if _entry(user) in users else None


def remember(response: Response, user: Account) -> Response:
    """Leave the mark, with the user on it, in the browser."""
    config = current_app.config
    mark, users = _read()
    users = [_entry(user), *(entry for entry in users if entry != _entry(user))][:MOST_USERS]
    payload = {"mark": mark or secrets.token_hex(8), "users": users}
    response.set_cookie(
        config["DEVICE_COOKIE_NAME"],
        tokens.sign("device", payload, config["DEVICE_LIFETIME"]),
        max_age=config["DEVICE_LIFETIME"],
        path=config["APPLICATION_ROOT"],
        secure=config["SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def _entry(user: Account) -> str:
    """Who it is, until the next change of password or address."""
    return f"{user.id}.{user.auth_epoch}"


def _read() -> tuple[str | None, list[str]]:
    cookie = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    verdict, payload = tokens.read("device", cookie)
    return (payload["mark"], payload["users"]) if verdict else (None, [])

"""Known devices: a signed cookie in each browser in which a user has signed in.

If strangers use up the sign-in attempts for an account, its owner still has attempts on known
devices (OWASP's device cookies).
"""

import secrets
from typing import Protocol

from flask import Response, current_app, request

from . import tokens


class Account(Protocol):
    """What a mark stores of a user."""

    @property
    def id(self) -> int: ...

    @property
    def auth_epoch(self) -> int: ...


MOST_USERS = 8  # who share one browser


def mark_for(user: Account) -> str | None:
    """Return this browser's mark if the user has signed in here before, else None."""
    mark, users = _read()
    return mark if _entry(user) in users else None


def remember(response: Response, user: Account) -> Response:
    """Set the cookie with this browser's mark and the user on the response, and return it."""
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
    """Return the user's entry, which is valid until their password or address changes."""
    return f"{user.id}.{user.auth_epoch}"


def _read() -> tuple[str | None, list[str]]:
    cookie = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    verdict, payload = tokens.read("device", cookie)
    return (payload["mark"], payload["users"]) if verdict else (None, [])

"""Signed tokens with an expiry, each for one purpose; the models know which ones were used."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

Lifetime = float | timedelta | None  # seconds, or a timedelta; None: without an end
LEEWAY = 60  # seconds by which the clocks of two hosts may differ


class Verdict(Enum):
    """The result of reading a token; only GOOD is true."""

    GOOD = "good"
    EXPIRED = "expired"
    BAD = "bad"

    def __bool__(self) -> bool:
        return self is Verdict.GOOD


def sign(purpose: str, payload: dict[str, Any], lifetime: Lifetime) -> str:
    """Return a token for this purpose only.

    `lifetime` is in seconds or a timedelta; None means it never expires.
    """
    if isinstance(lifetime, timedelta):
        lifetime = lifetime.total_seconds()
    until = None if lifetime is None else int(_now() + lifetime)
    return _serializer(purpose).dumps({**payload, "until": until})


def read(purpose: str, token: str) -> tuple[Verdict, dict[str, Any]]:
    """Return (verdict, payload); the payload is empty unless the signature is valid.

    A token issued in the future, beyond LEEWAY, is bad.
    """
    try:
        payload, issued = _serializer(purpose).loads(token, return_timestamp=True)
        until = payload.pop("until")
    except (BadData, AttributeError, KeyError, TypeError, ValueError):
        return Verdict.BAD, {}
    if issued.timestamp() > _now() + LEEWAY:
        return Verdict.BAD, {}
    good = until is None or _now() < until
    return (Verdict.GOOD if good else Verdict.EXPIRED), payload


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.secret_key]
    return URLSafeTimedSerializer(keys, salt=f"offbrand {purpose}")


def _now() -> float:
    return datetime.now(UTC).timestamp()

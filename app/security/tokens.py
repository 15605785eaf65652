"""Signed, timed tokens; each serves one purpose. Whether one was used already, the models know."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

LEEWAY = 60  # seconds that the clocks of two hosts may differ


class Verdict(Enum):
    """What became of a token; true only where it was good."""

    GOOD = "good"
    EXPIRED = "expired"
    BAD = "bad"

    def __bool__(self) -> bool:
        return self is Verdict.GOOD


def sign(purpose: str, payload: dict[str, Any], lifetime: float | timedelta | None) -> str:
    """Return a token for this purpose alone; `lifetime` in seconds or as a timedelta.

    None: it never runs out.
    """
    if isinstance(lifetime, timedelta):
        lifetime = lifetime.total_seconds()
    until = None if lifetime is None else int(_now() + lifetime)
    return _serializer(purpose).dumps({**payload, "until": until})


def read(purpose: str, token: str) -> tuple[Verdict, dict[str, Any]]:
    """Return (verdict, payload); the payload is empty unless the signature is ours.

    A token from the future is bad: no clock of ours made it.
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

"""Cookies: sessions where the clocks of two hosts differ, and several sites on one machine."""

from datetime import datetime
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner


class PatientSigner(TimestampSigner):
    """Takes a signature from the future for one of this moment: our key made it, on another host.

    itsdangerous calls it expired. The session would be lost on all hosts, since the answer
    overwrites the cookie.
    """

    def unsign(
        self, signed_value: bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> tuple[bytes, datetime]:
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - signed_at.timestamp()
        if max_age is not None and age > max_age:
            words = f"Signature age {age} > {max_age} seconds"
            raise SignatureExpired(words, payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class PatientSessions(SecureCookieSessionInterface):
    def get_signing_serializer(self, app: Flask) -> Any:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = PatientSigner
        return serializer


def name_by_port(wsgi_app: Any) -> Any:
    """Let each cookie carry the port in its name, for development.

    Browsers send a cookie to every port of a host, so two sites would sign each other out.
    """

    def named(environ: Any, start_response: Any) -> Any:
        port = f"_{environ['SERVER_PORT']}"
        pairs = (pair.strip().partition("=") for pair in environ.get("HTTP_COOKIE", "").split(";"))
        ours = [(name.removesuffix(port), value) for name, _, value in pairs if name.endswith(port)]
        environ["HTTP_COOKIE"] = "; ".join(map("=".join, ours))

        def start(status: Any, headers: Any, *error: Any) -> Any:
            return start_response(status, [_with_port(*header, port) for header in headers], *error)

        return wsgi_app(environ, start)

    return named


def _with_port(header: str, value: str, port: str) -> tuple[str, str]:
    if header.lower() == "set-cookie":
        name, _, rest = value.partition("=")
        value = f"{name}{port}={rest}"
    return header, value

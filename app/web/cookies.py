"""Cookies: session cookies that tolerate clock skew, and names by port for development."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner


class PatientSigner(TimestampSigner):
    """Accepts signatures from the future, which another host with a faster clock has made.

    itsdangerous treats them as expired, and the session would be lost, as the response overwrites
    the cookie.
    """

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
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


def name_by_port(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Return a WSGI app that appends the port to cookie names, for development.

    Browsers send cookies to all ports of a host, so two sites would sign each other's users out.
    """

    def with_names(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        port = f"_{environ['SERVER_PORT']}"
        pairs = (pair.strip().partition("=") for pair in environ.get("HTTP_COOKIE", "").split(";"))
        named = [
            (name.removesuffix(port), value) for name, _, value in pairs if name.endswith(port)
        ]
        environ["HTTP_COOKIE"] = "; ".join(map("=".join, named))

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            ours = [_with_port(name, value, port) for name, value in headers]
            return start_response(status, ours, *error)

        return wsgi_app(environ, start)

    return with_names


def _with_port(header: str, value: str, port: str) -> tuple[str, str]:
    if header.lower() == "set-cookie":
        name, _, rest = value.partition("=")
        value = f"{name}{port}={rest}"
    return header, value

"""The request log: one line per request, without tokens, and safe from forged lines."""

import json
import logging
import re
import time

from flask import Flask, Response, g, request
from werkzeug.routing import Map

QUIET = ("static", "bootstrap.static", "main.avatar", "main.picture")
log = logging.getLogger("offbrand")


class Mask:
    """Hides tokens in URLs of the site: the `<token>` of its routes (R-99)."""

    def __init__(self) -> None:
        self.pattern: re.Pattern[str] | None = None

    def learn(self, url_map: Map) -> None:
        rules = [rule.rule for rule in url_map.iter_rules() if "token" in rule.arguments]
        heads = {re.split(r"<(?:\w+:)?token>", rule)[0] for rule in rules}
        slashes = sorted(re.escape(head).replace("/", "(?:/|%2F)+") for head in heads)
        secret = r"[^/?&\s\"']+"
        self.pattern = re.compile(f"((?:{'|'.join(slashes)})){secret}", re.ASCII | re.IGNORECASE)

    def __call__(self, text: str) -> str:
        return self.pattern.sub(r"\1…", text) if self.pattern else text


mask = Mask()


class Masked(logging.Filter):
    """Hides tokens in records of other loggers, such as the development server."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), ()
        return True


class OneLine(logging.Formatter):
    """Formats each record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(mask(super().format(record)))


class JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = {"at": self.formatTime(record), "level": record.levelname, "from": record.name}
        facts["message"] = mask(record.getMessage())
        if record.exc_info:
            facts["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(facts | getattr(record, "facts", {}))


def one_line(text: str) -> str:
    """Return the text with CR, LF and ESC escaped (R-93)."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def init_app(app: Flask) -> None:
    if not app.testing and not log.handlers:
        handler = logging.StreamHandler()
        plain = OneLine("%(asctime)s %(levelname)s %(message)s")
        handler.setFormatter(JSONLines() if app.config["SECURE"] else plain)
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        app.logger.handlers = [handler]
        app.logger.propagate = False
        logging.getLogger("werkzeug").addFilter(Masked())
    app.before_request(start_watch)
    app.after_request(log_request)


def start_watch() -> None:
    g.started = time.monotonic()


def log_request(response: Response) -> Response:
    if request.endpoint not in QUIET:
        took = round(1000 * (time.monotonic() - g.get("started", time.monotonic())))
        path = mask(request.path)
        facts = {"request": g.get("request_id", "-"), "status": response.status_code, "ms": took}
        line = f"{request.method} {path} {response.status_code} {took} ms"
        log.info("%s", line, extra={"facts": facts})
    return response

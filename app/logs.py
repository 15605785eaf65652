"""The log: one line a request, without tokens, and nothing in it can pass for another line."""

import json
import logging
import re
import time

from flask import g, request

TOKENS = re.compile(
    r"(/(?:confirm|reset-password|change-email|revert-email|join)/+)[^/?\s\"']+", re.ASCII
)
QUIET = ("static", "bootstrap.static", "main.avatar", "main.picture")
log = logging.getLogger("offbrand")


class Masked(logging.Filter):
    """Hides tokens in what others log, such as the development server's lines."""

    def filter(self, record):
        record.msg, record.args = TOKENS.sub(r"\1…", record.getMessage()), ()
        return True


class OneLine(logging.Formatter):
    """One record, one line."""

    def format(self, record):
        return one_line(TOKENS.sub(r"\1…", super().format(record)))


class JSONLines(logging.Formatter):
    def format(self, record):
        facts = {"at": self.formatTime(record), "level": record.levelname, "from": record.name}
        facts["message"] = TOKENS.sub(r"\1…", record.getMessage())
        if record.exc_info:
            facts["trace"] = TOKENS.sub(r"\1…", self.formatException(record.exc_info))
        return json.dumps(facts | getattr(record, "facts", {}))


def one_line(text):
    """Return the text with CR, LF and ESC escaped (R-93)."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def init_app(app):
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


def start_watch():
    g.started = time.monotonic()


def log_request(response):
    if request.endpoint not in QUIET:
        took = round(1000 * (time.monotonic() - g.get("started", time.monotonic())))
        path = TOKENS.sub(r"\1…", request.path)
        facts = {"request": g.get("request_id", "-"), "status": response.status_code, "ms": took}
        line = f"{request.method} {path} {response.status_code} {took} ms"
        log.info("%s", line, extra={"facts": facts})
    return response

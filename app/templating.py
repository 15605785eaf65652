"""Filters and names that every template has."""

import hashlib
from pathlib import Path

from flask import current_app, url_for


def init_app(app):
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["static_versions"] = dict(_versions(Path(app.static_folder)))
    app.add_template_global(static_url)
    app.add_template_global(full)
    app.add_template_global(iso)
    app.context_processor(names)


def names():
    mailbox = url_for("dev.mailbox") if current_app.config["MAILBOX"] else None
    return {"site_name": current_app.config["SITE_NAME"], "mailbox_url": mailbox}


def static_url(filename):
    """Return the URL of a static file with its version, so that browsers may keep it for a year."""
    version = current_app.extensions["static_versions"][filename]
    return url_for("static", filename=filename, v=version)


def full(moment):
    """Say a moment in words that need no script: 22 November 2026, 14:05 UTC."""
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _versions(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            version = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            yield path.relative_to(folder).as_posix(), version

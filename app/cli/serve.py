"""flask serve: the site on this machine, for its owner to look at."""

import os
import socket
import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from ..extensions import db
from ..models import User

HOST = "127.0.0.1"


@click.command("serve")
@click.option("--port", envvar="PORT", default="5000", show_default=True)
@with_appcontext
def serve(port):
    """Serve the site at 127.0.0.1, with eight threads and one process."""
    port = free_port(port)
    click.echo(welcome(f"http://{HOST}:{port}"))
    db.engine.dispose()
    # one process: limits are counted, and mail is delivered, in it
    command = ["gunicorn", "--bind", f"{HOST}:{port}", "--threads", "8", "--no-control-socket"]
    quiet = ["--log-level", "warning", "flasky:app"]
    os.execv(sys.executable, [sys.executable, "-m", *command, *quiet])


def free_port(text):
    """Return the number of a port that nobody listens on."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise click.ClickException(f"PORT must be a number from 1 to 65535, not {text!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            raise click.ClickException(
                f"Port {text} is not free ({error.strerror}). Take another: PORT=5001 make run"
            ) from None
    return int(text)


def welcome(url):
    lines = ["", f"  The site        {url}"]
    if current_app.config["MAILBOX"]:
        lines.append(
            f"  Its mailbox     {url}/dev/mailbox   (every mail it writes, instead of SMTP)"
        )
    if (
        db.session.scalar(select(User.id).where(User.id.in_(User.administrators())).limit(1))
        is None
    ):
        lines.append(
            "  Administrator   sign up, then: .venv/bin/flask roles add EMAIL Administrator"
        )
    lines += ["  Stop it         Ctrl+C", ""]
    return "\n".join(lines)

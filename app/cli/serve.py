"""flask serve: the site on this machine, without a server of your own."""

import socket

import click
from flask import current_app
from flask.cli import with_appcontext
from gunicorn.app.base import BaseApplication
from sqlalchemy import select

from ..extensions import db
from ..models import User
from ..web.serving import SETTINGS
from .deploy import deploy
from .plain import Command

HOST = "127.0.0.1"


class Server(BaseApplication):
    """gunicorn with an application that is already loaded."""

    def __init__(self, app, **settings):
        self.app, self.settings = app, settings
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        return self.app


@click.command("serve", cls=Command)
@click.option("--port", envvar="PORT", default="5000", show_default=True)
@click.option("--deploy", "deploying", is_flag=True, help="Run flask deploy first.")
@click.pass_context
@with_appcontext
def serve(context, port, deploying):
    """Serve the site on 127.0.0.1, and deliver its email."""
    port = free_port(port)
    if deploying:
        context.invoke(deploy, shared=False)
    root = current_app.config["APPLICATION_ROOT"].rstrip("/")
    click.echo(welcome(f"http://{HOST}:{port}{root}"))
    db.engine.dispose()
    app = current_app._get_current_object()
    app.config["PORT"] = port  # for the links of mails that no request asks for
    settings = {"bind": f"{HOST}:{port}", "threads": 8, "loglevel": "warning"}
    Server(app, **SETTINGS, **settings).run()


def free_port(text):
    """Return a port number that is free. ClickException if it isn't."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise click.ClickException(f"PORT must be a number from 1 to 65535, not {text!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            raise click.ClickException(
                f"Port {text} can’t be used ({error.strerror}). Try another: PORT=5001 make run"
            ) from None
    return int(text)


def welcome(url):
    lines = ["", f"  The site        {url}"]
    if current_app.config["MAILBOX"]:
        lines.append(
            f"  Its mailbox     {url}/dev/mailbox   (every email it sends, instead of SMTP)"
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

"""The commands of operators, a file for each group."""

from .. import models
from ..extensions import db
from .access import access
from .audit import audit
from .deploy import deploy
from .doctor import doctor
from .fake import fake
from .mail import mail
from .pages import pages
from .posts import posts
from .roles import roles
from .serve import serve
from .users import users


def init_app(app):
    for command in (access, audit, deploy, doctor, fake, mail, pages, posts, roles, serve, users):
        app.cli.add_command(command)
    app.shell_context_processor(name_everything)


def name_everything():
    """Return the names that `flask shell` knows without an import."""
    return {"db": db, **{name: getattr(models, name) for name in models.__all__}}

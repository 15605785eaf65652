"""Commands and groups that report a missing or unreachable database in one sentence."""

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DatabaseError

BEFORE_DEPLOY = "If the database is new, run flask deploy first."
FAULTS = {"deploy": (OSError,)}  # of commands that touch the database as a file
AFTER_DEPLOY = "Check that the database is running and that its address is right."


class Plain:
    def invoke(self, context):
        try:
            return super().invoke(context)
        except (DatabaseError, *FAULTS.get(context.info_name, ())) as error:
            reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
            advice = AFTER_DEPLOY if context.info_name == "deploy" else BEFORE_DEPLOY
            raise click.ClickException(f"Database error: {reason}. {advice}") from None


class Command(Plain, click.Command):
    pass


class Group(Plain, AppGroup):
    pass

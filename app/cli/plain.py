"""Commands that say it in one sentence where the database is away or was never set up."""

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError


class Plain:
    def invoke(self, context):
        try:
            return super().invoke(context)
        except (OperationalError, ProgrammingError) as error:
            reason = str(error.orig).strip().partition("\n")[0]
            raise click.ClickException(
                f"The database did not do it: {reason}. If it is new, run flask deploy first."
            ) from None


class Command(Plain, click.Command):
    pass


class Group(Plain, AppGroup):
    pass

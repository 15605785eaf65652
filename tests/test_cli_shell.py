"""flask shell, and that the app is found from its folder without a word about where it is."""

import click
import pytest
from services import Served

from app import models
from app.extensions import db


def test_the_shell_knows_the_database_and_every_model(app):
    names = app.make_shell_context()

    assert names["db"] is db and names["Permission"] is models.Permission
    mapped = {mapper.class_.__name__: mapper.class_ for mapper in db.Model.registry.mappers}
    assert mapped.items() <= names.items()


def test_every_command_has_a_line_in_the_help(app):
    silent = [name for name, command in commands_of(app.cli) if not command.get_short_help_str()]

    assert {"deploy", "users create", "db upgrade"} <= dict(commands_of(app.cli)).keys()
    assert silent == []


def commands_of(group, path=""):
    for name, command in group.commands.items():
        yield path + name, command
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{path}{name} ")


@pytest.mark.fault
def test_without_flask_app_the_shell_opens(tmp_path):
    site = Served(tmp_path)
    assert "FLASK_APP" not in site.env

    done = site.command("shell", input="print(User.__tablename__, Permission.WRITE | 1)")

    assert "users 5" in done.stdout

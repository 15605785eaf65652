"""Filter forms for pages of the log, whose values are in the query string."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from flask import request
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from ..forms import Form, at_most, stripped, visible
from ..models import AuditEntry, User
from ..models.audit.actions import PUBLIC_GROUPS, Action
from ..models.fields import at_midnight

KINDS = [SelectChoice("", "Everything")]
KINDS += [
    SelectChoice(action, action.label, optgroup=group.label)
    for group in PUBLIC_GROUPS
    for action in sorted(Action.of(group))
]


def name_field(label: str, longest: int = 64) -> StringField:
    return StringField(label, filters=[stripped], validators=[visible, at_most(longest)])


class LogFilters(Form):
    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> MultiDict[str, str]:
            return request.args

    since = DateField("From", validators=[Optional()])
    until = DateField("To", validators=[Optional()])

    @property
    def args(self) -> dict[str, str]:
        """The filters that are set, as arguments of the URL."""
        return {field.name: request.args[field.name] for field in self if field.data}

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield the SQL conditions of the filters that are set."""
        if self.since.data:
            yield AuditEntry.created_at >= datetime.combine(self.since.data, time.min, UTC)
        if self.until.data and self.until.data.year < 9999:
            yield AuditEntry.created_at < at_midnight(self.until.data)


class ActFilters(LogFilters):
    """Filters for actions of moderators."""

    kind = SelectField("Kind", choices=KINDS, default="")
    moderator = name_field("Moderator")

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        yield from super().conditions()
        if self.kind.data:
            yield AuditEntry.action == self.kind.data
        if self.moderator.data:
            yield AuditEntry.actor_name == as_written(self.moderator.data)


def as_written(name: str) -> str:
    """Return a username with the letter case of the account, as in the log."""
    person = User.with_username(name)
    return person.username if person else name

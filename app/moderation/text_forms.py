"""What a moderator fills in about a text, a member, or what a member wrote."""

from datetime import UTC, datetime, time

from wtforms import DateField, SearchField, StringField, SubmitField, TextAreaField, ValidationError
from wtforms.validators import DataRequired

from ..forms import (
    REQUIRED,
    Form,
    at_most,
    body_field,
    stripped,
    visible,
    visible_lines,
    without_links,
)
from ..models.fields import utcnow
from ..models.staff_note import LONGEST as LONGEST_NOTE
from ..models.written import LONGEST


def required_reason():
    """The reason of an act on what a member wrote: for the log, and mailed to the member."""
    checks = [DataRequired("Please say why."), visible_lines, at_most(500), without_links]
    return TextAreaField("Reason", filters=[stripped], validators=checks)


class ReasonForm(Form):
    """The reason that goes with a button."""

    reason = required_reason()


class ReviseForm(Form):
    body = body_field("The text", LONGEST)
    reason = required_reason()
    submit = SubmitField("Save")

    longest = LONGEST


class RemoveForm(Form):
    typed = StringField("To be sure, type: remove", filters=[stripped], validators=[visible])
    reason = required_reason()
    submit = SubmitField("Remove for good")

    def validate_typed(self, field):
        if (field.data or "").lower() != "remove":
            raise ValidationError("Type the word remove here.")


class NoteForm(Form):
    text = TextAreaField(
        "A note for other moderators",
        filters=[stripped],
        validators=[DataRequired(REQUIRED), visible_lines, at_most(LONGEST_NOTE)],
    )
    submit = SubmitField("Add the note")


class CleanUpForm(Form):
    since = DateField(
        "Everything written since the beginning of (UTC)", validators=[DataRequired(REQUIRED)]
    )
    reason = required_reason()
    submit = SubmitField("Hide all of it")

    def validate_since(self, field):
        if not field.data.year >= 2000 or field.data > utcnow().date():
            raise ValidationError("Please choose a day that has begun.")

    @property
    def moment(self):
        return datetime.combine(self.since.data, time.min, UTC)


class FindPeopleForm(Form):
    class Meta(Form.Meta):
        csrf = False

    q = SearchField("Name", filters=[stripped])

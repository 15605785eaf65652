"""Forms for content, members and clean-ups."""

from datetime import UTC, datetime, time

from flask import request
from wtforms import (
    BooleanField,
    DateField,
    SearchField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import StopValidation

from ..forms import (
    REQUIRED,
    Form,
    Required,
    at_most,
    body_field,
    choices_of,
    stripped,
    visible,
    visible_lines,
    without_links,
)
from ..models.content.authored import LONGEST
from ..models.fields import utcnow
from ..models.site.setting import current_settings
from ..models.users.staff_note import LONGEST as LONGEST_NOTE
from ..web.conflicts import Versioned

SURE = "Type remove to confirm."


def usual_or_typed(form, field):
    """Use the chosen rule’s reason if none was typed."""
    if not field.data:
        field.data = current_settings().categories.get(form.rule.data, "")
    if not field.data:
        raise StopValidation("Choose a rule or enter a reason.")


class ReasonForm(Form):
    """The reason of an action on content, for the log and the email to its author."""

    rule = SelectField("Rule", choices=[], validate_choice=False)  # an unknown one says nothing
    reason = TextAreaField(
        "Details",
        filters=[stripped],
        validators=[usual_or_typed, visible_lines, at_most(500), without_links],
    )

    def __init__(self, *args, **values):
        super().__init__(*args, **values)
        rules = [name for name, words in current_settings().categories.items() if words]
        self.rule.choices = choices_of([("", "None of these"), *zip(rules, rules, strict=True)])


class ReviseForm(Versioned, ReasonForm):
    body = body_field("Text", LONGEST)
    keeps_history = BooleanField("Keep earlier versions public")
    submit = SubmitField("Save")

    longest = LONGEST


class RemoveForm(ReasonForm):
    typed = StringField(
        "Type remove to confirm", filters=[stripped], validators=[Required(SURE), visible]
    )
    submit = SubmitField("Remove permanently")

    def validate_typed(self, field):
        if (field.data or "").lower() != "remove":
            raise ValidationError(SURE)


class NoteForm(Form):
    text = TextAreaField(
        "Note for other moderators",
        filters=[stripped],
        validators=[Required(REQUIRED), visible_lines, at_most(LONGEST_NOTE)],
    )
    submit = SubmitField("Add note")


class Since:
    """The day since when content is to be hidden."""

    since = DateField("Hide everything since (UTC)", validators=[Required(REQUIRED)])

    def validate_since(self, field):
        if not field.data.year >= 2000 or field.data > utcnow().date():
            raise ValidationError("Choose today or an earlier day.")

    @property
    def moment(self):
        return datetime.combine(self.since.data, time.min, UTC)


class Asked(Form):
    """A form sent by GET."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args


class PreviewForm(Since, Asked):
    submit = SubmitField("Preview")


class CleanUpForm(Since, ReasonForm):
    under_way = None  # the id of the clean-up that somebody else is carrying out

    submit = SubmitField("Hide all")


class FindPeopleForm(Asked):
    q = SearchField("Name", filters=[stripped])

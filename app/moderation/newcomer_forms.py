"""Forms for pending content and watched words."""

from wtforms import IntegerField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import NumberRange, StopValidation, ValidationError

from ..databases import LARGEST_ID
from ..forms import (
    REQUIRED,
    Form,
    Required,
    at_most,
    choices_of,
    stripped,
    visible,
    visible_lines,
    without_links,
)
from ..models.content.authored import LONGEST
from ..models.content.watched_word import EFFECTS, KINDS


class HeldForm(Form):
    """`version` is the version of the content that was read."""

    version = IntegerField(validators=[NumberRange(1, LARGEST_ID)])
    reason = TextAreaField(
        "Reason",
        filters=[stripped],
        validators=[visible_lines, at_most(500), without_links],
    )
    approve = SubmitField("Approve")
    decline = SubmitField("Decline")

    def validate_decline(self, field):
        if self.approve.data == self.decline.data:
            raise ValidationError("Choose Approve or Decline.")
        if self.decline.data and not self.reason.data:
            raise ValidationError("Enter a reason. The author sees it.")


class WatchedWordForm(Form):
    kind = SelectField("Type", choices=choices_of(KINDS.items()))
    pattern = StringField(
        "Word, phrase or domain",
        filters=[stripped],
        validators=[Required(REQUIRED), visible, at_most(64)],
    )
    act = SelectField("Action", choices=choices_of(EFFECTS.items()))
    note = StringField("Staff note", filters=[stripped], validators=[visible, at_most(200)])
    submit = SubmitField("Add")


def short_enough(form, field):
    if len(field.data) > LONGEST:
        raise StopValidation(f"Use at most {LONGEST:,} characters.")


class TrialForm(Form):
    """A text to try with the list; it isn’t stored."""

    text = TextAreaField("Text", validators=[Required(REQUIRED), short_enough, visible_lines])
    submit = SubmitField("Test")

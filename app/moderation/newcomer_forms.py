"""The forms of moderators: what they decide on texts that wait, and the words they watch."""

from wtforms import IntegerField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import NumberRange, StopValidation, ValidationError

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
    """`version` is that of the text that was read."""

    version = IntegerField(validators=[NumberRange(1, 2**31 - 1)])
    reason = TextAreaField(
        "Reason",
        filters=[stripped],
        validators=[visible_lines, at_most(500), without_links],
    )
    approve = SubmitField("Approve")
    decline = SubmitField("Decline")

    def validate_decline(self, field):
        if self.approve.data == self.decline.data:
            raise ValidationError("Choose whether to approve or to decline.")
        if self.decline.data and not self.reason.data:
            raise ValidationError("Please say why: its author reads it.")


class WatchedWordForm(Form):
    kind = SelectField("What it is", choices=choices_of(KINDS.items()))
    pattern = StringField(
        "Word, phrase or domain",
        filters=[stripped],
        validators=[Required(REQUIRED), visible, at_most(64)],
    )
    act = SelectField("What happens to a text with it", choices=choices_of(EFFECTS.items()))
    note = StringField("Note for staff", filters=[stripped], validators=[visible, at_most(200)])
    submit = SubmitField("Add to the list")


def short_enough(form, field):
    if len(field.data) > LONGEST:
        raise StopValidation(f"{LONGEST:,} characters are the most.")


class TrialForm(Form):
    """A text to try the list with; nothing of it is kept."""

    text = TextAreaField("Text", validators=[Required(REQUIRED), short_enough, visible_lines])
    submit = SubmitField("See what would happen")

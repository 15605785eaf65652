"""Forms for sanctions, lifting them, and decisions on appeals."""

from datetime import timedelta

from wtforms import DateTimeLocalField, RadioField, SelectField, SubmitField, ValidationError
from wtforms.validators import InputRequired, Optional

from ..forms import Form, choices_of, in_zone, key_field, required_reason_field, zone_field
from ..models.fields import utcnow
from ..models.moderation.sanction import (
    BAN,
    ENDING,
    NOTICE,
    SILENCE,
    SUSPENSION,
    TOO_FAR,
    WARNING,
    latest_end,
)

DOES = {
    NOTICE: "Notice: a reminder, no consequences",
    WARNING: "Warning: stays on record",
    SILENCE: "Silence: can read but not write",
    SUSPENSION: "Suspension: can only read why, appeal, download their data or leave",
    BAN: "Ban: a permanent suspension",
}
NEVER, AT = "never", "at"
LASTS = {"1": "1 day", "3": "3 days", "7": "1 week", "30": "1 month"}
LASTS |= {NEVER: "Permanent", AT: "Custom end"}


class SanctionForm(Form):
    """How long it lasts counts where the kind may have an end."""

    key = key_field()
    kind = RadioField(
        "What",
        choices=choices_of(DOES.items()),
        validators=[InputRequired("Choose one.")],
    )
    lasts = SelectField("How long", choices=choices_of(LASTS.items()), default="7")
    until = DateTimeLocalField("Until", validators=[Optional()])
    zone = zone_field()
    reason = required_reason_field()
    submit = SubmitField("Sanction")

    def __init__(self, by):
        """The moderator `by` has the time zone that they chose before."""
        super().__init__(zone=by.time_zone or "UTC")

    def validate_lasts(self, field):
        typed = "".join(self.until.raw_data or []).strip()
        if self.kind.data in ENDING and field.data == AT and not typed:
            raise ValidationError("Enter the end below.")

    def validate_until(self, field):
        if self.kind.data not in ENDING or self.lasts.data != AT:
            return
        if field.data is None:
            raise ValidationError("Enter a date and time, such as 2026-12-24T18:00.")
        if not 2000 <= field.data.year < 9999 or self.named > latest_end():
            raise ValidationError(TOO_FAR)
        if self.named <= utcnow():
            raise ValidationError("Choose a time in the future.")

    def remember_zone(self, person):
        """Where a moment was named, the next form begins with its time zone."""
        if self.until.data:
            person.time_zone = self.zone.data

    @property
    def named(self):
        """The moment that was named, in the time zone that was chosen."""
        return in_zone(self.until.data, self.zone.data)

    @property
    def end(self):
        """The moment at which it ends, or None: without an end."""
        if self.kind.data not in ENDING or self.lasts.data == NEVER:
            return None
        if self.lasts.data == AT:
            return self.named
        return utcnow() + timedelta(days=int(self.lasts.data))


class LiftForm(Form):
    reason = required_reason_field()
    submit = SubmitField("Lift")


class DecisionForm(Form):
    """The answer is mailed to the member, and stands in the log."""

    reason = required_reason_field("Your answer")
    lift = SubmitField("Lift")
    confirm = SubmitField("Confirm")

    def validate_confirm(self, field):
        if self.lift.data == self.confirm.data:
            raise ValidationError("Choose Lift or Confirm.")

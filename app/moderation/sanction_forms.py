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
    """The end counts only for kinds that can have one."""

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
        """Start with the time zone that the moderator chose before."""
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
        """Remember the time zone for the next form, if a time was entered."""
        if self.until.data:
            person.time_zone = self.zone.data

    @property
    def named(self):
        """The entered time, in the chosen time zone."""
        return in_zone(self.until.data, self.zone.data)

    @property
    def end(self):
        """When it ends, or None if it doesn’t."""
        if self.kind.data not in ENDING or self.lasts.data == NEVER:
            return None
        if self.lasts.data == AT:
            return self.named
        return utcnow() + timedelta(days=int(self.lasts.data))


class LiftForm(Form):
    reason = required_reason_field()
    submit = SubmitField("Lift")


class DecisionForm(Form):
    """The answer is emailed to the member and shown in the log."""

    reason = required_reason_field("Your answer")
    lift = SubmitField("Lift")
    confirm = SubmitField("Confirm")

    def validate_confirm(self, field):
        if self.lift.data == self.confirm.data:
            raise ValidationError("Choose Lift or Confirm.")

"""What an administrator may change while the site runs."""

from datetime import UTC
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from ..forms import (
    REQUIRED,
    Form,
    Required,
    at_most,
    choices_of,
    in_zone,
    reason_field,
    stripped,
    visible,
    visible_lines,
    zone_field,
)
from ..models.fields import iso, utcnow
from ..models.site.setting import NAMES, READERS, REGISTRATION, categories_in
from ..web.conflicts import Versioned

ONE_LINE = [visible, at_most(64)]
MOST_CATEGORIES, LONGEST_NAME, LONGEST_REASON = 20, 64, 300


def text_field(label):
    checks = [visible_lines, at_most(1000)]
    return TextAreaField(label, filters=[stripped], validators=checks)


class SettingsForm(Versioned, Form):
    site_name = StringField(
        "Name of the site", filters=[stripped], validators=[Required(REQUIRED), *ONE_LINE]
    )
    registration = RadioField("Who may sign up", choices=choices_of(REGISTRATION.items()))
    readers = RadioField("Who may read", choices=choices_of(READERS.items()))
    posts_per_page = IntegerField(
        "Rows on a page of a list",
        validators=[InputRequired("A number from 5 to 100."), NumberRange(5, 100)],
    )
    hold_first = IntegerField(
        "First posts and comments of a newcomer that wait for approval",
        validators=[InputRequired("A number from 0 to 20."), NumberRange(0, 20)],
    )
    hold_links = BooleanField("Texts of newcomers with links to other sites wait for approval")
    welcome = text_field("Welcome on the front page")
    sign_up_text = text_field("Words above the form to sign up")
    names_in_log = BooleanField("The public log names the members whom an act concerned")
    report_categories = TextAreaField(
        "What a report may be about",
        filters=[stripped],
        validators=[Required(REQUIRED), visible_lines, at_most(4000)],
    )
    notice_hours = IntegerField(
        "Hours after which staff are told that something waits",
        validators=[InputRequired("A number from 0 to 720."), NumberRange(0, 720)],
    )
    warning_days = IntegerField(
        "Days after which a warning is over",
        validators=[Optional(), NumberRange(0, 3650, "Enter a number from 0 to 3650.")],
    )
    frozen = BooleanField("Read-only for all but staff")
    frozen_until = DateTimeLocalField("Read-only until", validators=[Optional()])
    zone = zone_field()
    freeze_text = text_field("What everybody reads meanwhile")
    reason = reason_field()
    submit = SubmitField("Save")

    def __init__(self, settings, by):
        """The administrator `by` has the time zone that they chose before."""
        values = {name: getattr(settings, name) for name in vars(settings)}
        self.before = settings
        end = settings.freeze_ends_at
        zone = by.time_zone or "UTC"
        until = end and end.astimezone(ZoneInfo(zone))
        super().__init__(data=values | {"frozen_until": until, "zone": zone})

    def validate_report_categories(self, field):
        categories = categories_in(field.data)
        if not 1 <= len(categories) <= MOST_CATEGORIES or "" in categories:
            raise ValidationError(f"From one to {MOST_CATEGORIES} lines, each with a name first.")
        for name, reason in categories.items():
            if len(name) > LONGEST_NAME or len(reason) > LONGEST_REASON:
                raise ValidationError(
                    f"“{name[:20]}”: a name has at most {LONGEST_NAME} characters,"
                    f" a reason {LONGEST_REASON}."
                )

    def validate_frozen_until(self, field):
        if field.data and not 2000 <= field.data.year < 9999:
            raise ValidationError("Please choose a nearer moment.")
        if self.frozen.data and field.data and self.named <= utcnow():
            raise ValidationError("Please choose a moment that is yet to come.")

    @property
    def named(self):
        """The moment that was typed, in the time zone that was chosen; or None."""
        end = self.frozen_until.data
        return in_zone(end, self.zone.data).astimezone(UTC) if end else None

    def remember_zone(self, person):
        """Where a moment was typed, the next form begins with its time zone."""
        if self.frozen_until.data:
            person.time_zone = self.zone.data

    def values(self):
        """The values as the settings keep them."""
        values = {field.name: field.data for field in self if field.name in NAMES}
        values["report_categories"] = values["report_categories"].replace("\r\n", "\n")
        if values["warning_days"] is None:
            values["warning_days"] = self.before.warning_days
        return values | {"frozen_until": iso(self.named) if self.named else ""}

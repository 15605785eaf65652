"""The form of the settings."""

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
        "Site name", filters=[stripped], validators=[Required(REQUIRED), *ONE_LINE]
    )
    registration = RadioField("Who may sign up", choices=choices_of(REGISTRATION.items()))
    readers = RadioField("Who may read", choices=choices_of(READERS.items()))
    posts_per_page = IntegerField(
        "Items per page",
        validators=[InputRequired("Enter a number from 5 to 100."), NumberRange(5, 100)],
    )
    hold_first = IntegerField(
        "Hold this many first posts and comments for approval",
        validators=[InputRequired("Enter a number from 0 to 20."), NumberRange(0, 20)],
    )
    hold_links = BooleanField("Hold new members’ posts with links for approval")
    welcome = text_field("Welcome message")
    sign_up_text = text_field("Sign-up message")
    names_in_log = BooleanField("Show member names in the public log")
    report_categories = TextAreaField(
        "Report categories",
        filters=[stripped],
        validators=[Required(REQUIRED), visible_lines, at_most(4000)],
    )
    notice_hours = IntegerField(
        "Hours until staff get an email about pending items",
        validators=[InputRequired("Enter a number from 0 to 720."), NumberRange(0, 720)],
    )
    warning_days = IntegerField(
        "Days until a warning expires",
        validators=[Optional(), NumberRange(0, 3650, "Enter a number from 0 to 3650.")],
    )
    frozen = BooleanField("Make the site read-only")
    frozen_until = DateTimeLocalField("Read-only until", validators=[Optional()])
    zone = zone_field()
    freeze_text = text_field("Notice to members")
    reason = reason_field()
    submit = SubmitField("Save")

    def __init__(self, settings, by):
        """Start with the time zone that the administrator chose before."""
        values = {name: getattr(settings, name) for name in vars(settings)}
        self.before = settings
        end = settings.freeze_ends_at
        zone = by.time_zone or "UTC"
        until = end and end.astimezone(ZoneInfo(zone))
        super().__init__(data=values | {"frozen_until": until, "zone": zone})

    def validate_report_categories(self, field):
        categories = categories_in(field.data)
        if not 1 <= len(categories) <= MOST_CATEGORIES or "" in categories:
            raise ValidationError(f"Enter 1 to {MOST_CATEGORIES} lines, each starting with a name.")
        for name, reason in categories.items():
            if len(name) > LONGEST_NAME or len(reason) > LONGEST_REASON:
                raise ValidationError(
                    f"“{name[:20]}”: a name has at most {LONGEST_NAME} characters,"
                    f" a reason {LONGEST_REASON}."
                )

    def validate_frozen_until(self, field):
        if field.data and not 2000 <= field.data.year < 9999:
            raise ValidationError("Choose an earlier time.")
        if self.frozen.data and field.data and self.named <= utcnow():
            raise ValidationError("Choose a time in the future.")

    @property
    def named(self):
        """The entered time, in the chosen time zone; or None."""
        end = self.frozen_until.data
        return in_zone(end, self.zone.data).astimezone(UTC) if end else None

    def remember_zone(self, person):
        """Remember the time zone for the next form, if a time was entered."""
        if self.frozen_until.data:
            person.time_zone = self.zone.data

    def values(self):
        """The values as the settings store them."""
        values = {field.name: field.data for field in self if field.name in NAMES}
        values["report_categories"] = values["report_categories"].replace("\r\n", "\n")
        if values["warning_days"] is None:
            values["warning_days"] = self.before.warning_days
        return values | {"frozen_until": iso(self.named) if self.named else ""}

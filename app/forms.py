"""The base form, and fields and validators that several forms share."""

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict
from wtforms import (
    Field,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation
from wtforms.widgets import core as widgets

from .security.passwords import LONGEST, is_too_long
from .text.markdown import render
from .text.names import (
    canonical_address,
    has_hidden_characters,
    is_blank,
    is_hidden,
    readable_address,
)
from .text.search_words import plain

LINK = re.compile(r"://|\bwww[.]|\w@\w|\w[.\u3002\uff0e\uff61][^\W\d_]{2}", re.IGNORECASE)
SILENT = HiddenField, PasswordField  # whose text nobody reads
ABOUT_LENGTH = 2000  # characters of “about me”
REQUIRED = "This field is required."
HIDDEN = "This contains invisible characters. Type it again."
HIDDEN_IN_TEXT = "This contains invisible characters{}. Type that part again."
# Allowed in texts, but not in names: line breaks, direction marks, and the tags in flag emoji
HARMLESS = "\t\r\n\u200e\u200f\u061c" + "".join(map(chr, range(0xE0020, 0xE0080)))
# Invisible characters in pasted text: zero-width spaces, soft hyphens, byte order marks, and
# embeddings and isolates of another direction
PASTED = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff\u202a\u202b\u202c"))
PASTED |= dict.fromkeys(range(0x2066, 0x206A)) | dict.fromkeys((0x2028, 0x2029), "\n")


def html_params(**attributes: Any) -> Markup:
    """Return HTML attributes as WTForms does, five times as fast: a form has about fifty."""
    words = []
    for name, value in sorted(attributes.items()):
        name = widgets.clean_key(name)
        if value is True:
            words.append(name)
        elif value is not False:
            value = str(escape(value)).replace('"', "&quot;")
            words.append(f'{name}="{value}"')
    return Markup(" ".join(words))


widgets.html_params, widgets.Input.html_params = html_params, staticmethod(html_params)


RESTORED = "restored"  # sent with a form that only shows again what was typed, see web/typed.py
NOT_SENT = "Not sent yet. Check what you typed, then send it."


class FieldErrors:
    """Our wording of WTForms' messages about a field."""

    WORDS = {
        "Not a valid choice.": "Choose one of the options.",
        "Invalid Choice: could not coerce.": "Choose one of the options.",
        "'%(value)s' is not a valid choice for this field.": "Choose one of the options.",
        "'%(value)s' are not valid choices for this field.": "Choose one of the options.",
        "Not a valid integer value.": "Enter a whole number.",
        "Not a valid decimal value.": "Enter a number.",
        "Not a valid date value.": "Enter a date.",
        "Not a valid datetime value.": "Enter a date and time.",
        "Number must be at least %(min)s.": "Enter a number of %(min)s or more.",
        "Number must be at most %(max)s.": "Enter a number of %(max)s or less.",
        "Number must be between %(min)s and %(max)s.": "Enter a number from %(min)s to %(max)s.",
        "This field is required.": REQUIRED,
    }

    def gettext(self, message: str) -> str:
        return self.WORDS.get(message, message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


class Form(FlaskForm):
    """Accepts one text per text field; only lists of choices may be sent several times."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: FlaskForm, formdata: object) -> MultiDict[str, str] | None:
            """Return what was posted, without files and JSON. None makes an empty form."""
            if formdata is None:
                return None
            if not request or request.method != "POST":
                return None
            typed = request.form.items(multi=True)
            return MultiDict([(name, unix_lines(text)) for name, text in typed])

        def get_translations(self, form: FlaskForm) -> FieldErrors:
            return FieldErrors()

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            """Let the browser choose the direction of text fields."""
            if isinstance(field, StringField) and not isinstance(field, SILENT):
                render_kw = {"dir": "auto"} | render_kw
            return super().render_field(field, render_kw)

    def validate(self, extra_validators: Any = None) -> bool:
        reads_address = type(self).Meta.csrf is False  # such as a search form beside another form
        posted = request and request.method == "POST" and not reads_address
        if posted and RESTORED in request.form:
            self.form_errors = [NOT_SENT]
            return False
        valid = super().validate(extra_validators)
        single = (field for field in self if not isinstance(field, SelectMultipleField))
        twice = [field for field in single if len(field.raw_data or ()) > 1]
        for field in twice:
            field.errors = ["This was sent more than once. Fill it in again."]
        return valid and not twice


def choices_of(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """Return the choices of a field for (value, label) pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


class UploadField(FileField):
    """One file; text sent under its name is ignored."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw_data = [file for file in request.files.getlist(self.name) if file.filename]
        self.data = self.raw_data[0] if self.raw_data else None


def new_key() -> str:
    return secrets.token_hex(16)


def key_field() -> HiddenField:
    """A random key that makes a form act once, however often it is sent."""
    return HiddenField(default=new_key, validators=[at_most(32)])


def zone_field() -> SelectField:
    """The time zone of a date and time; a script preselects that of the browser."""
    return SelectField("Time zone", choices=choices_of(time_zones()), default="UTC")


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return (name, label) pairs of the system's time zones of places; UTC comes first."""
    places = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"
    names = sorted(available_timezones())
    return [("UTC", "UTC")] + [
        (name, name.replace("_", " ")) for name in names if name.split("/")[0] in places.split()
    ]


def in_zone(moment: datetime, zone: str) -> datetime:
    """Return a naive date and time as a moment in a time zone."""
    return moment.replace(tzinfo=ZoneInfo(zone))


def unix_lines(text: str) -> str:
    """Return the text with LF at line ends: browsers send CR LF, but count one character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def stripped(text: str | None) -> str | None:
    return text.strip() if text else text


class Required(DataRequired):
    """Refuses invisible text as well as empty text."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and self.is_nothing(field.data):
            raise StopValidation(self.message)

    def is_nothing(self, text: str) -> bool:
        return is_blank(text)


class RequiredMarkdown(Required):
    """The same for Markdown: a text that renders to nothing visible, such as an empty list."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if not field.errors:  # else it may be too long to render
            super().__call__(form, field)

    def is_nothing(self, text: str) -> bool:
        html = render(text)
        return "<ol" not in html and is_blank(plain(html))  # 1. has its number


def visible(form: FlaskForm, field: Field) -> None:
    """Refuse line breaks, control characters and direction marks in a line of text."""
    if has_hidden_characters(field.data or ""):
        raise StopValidation(HIDDEN)


def visible_lines(form: FlaskForm, field: Field) -> None:
    """Refuse invisible characters in a longer text, and say where they are."""
    text = field.data or ""
    hidden = [c for c in set(text) if is_hidden(c) and c not in HARMLESS]
    if hidden:
        place = min(map(text.index, hidden))
        before = text[:place].rpartition("\n")[2][-20:].strip()
        where = f" after “{before}”" if before else " at the start"
        raise StopValidation(HIDDEN_IN_TEXT.format(where))


def as_pasted(text: str | None) -> str | None:
    """Return the text without the invisible characters in PASTED; a filter of fields."""
    return text.translate(PASTED) if text else text


def without_links(form: FlaskForm, field: Field) -> None:
    """Refuse what mail programs turn into a link, in text that we send by mail (R-37)."""
    if LINK.search(field.data or ""):
        raise StopValidation(
            "This is sent by email, so leave out links and email addresses."
            " (A missing space after a period can look like a link.)"
        )


def at_most(length: int) -> Length:
    return Length(max=length, message="Use at most %(max)d characters.")


def address(form: FlaskForm, field: "AddressField") -> None:
    """Refuse an invalid address; put a valid one into the field as it is stored."""
    try:
        field.data = canonical_address(field.data)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def short_password(form: FlaskForm, field: Field) -> None:
    if is_too_long(field.data):
        raise ValidationError(f"Use at most {LONGEST} characters.")


def known_password_field(label: str) -> PasswordField:
    """A password to verify; it has no filters, since older hashes are of the text as typed."""
    return PasswordField(label, validators=[InputRequired(REQUIRED), short_password])


class AddressField(StringField):
    """Shows the address with its domain in Unicode letters."""

    def _value(self) -> str:
        return readable_address(self.data or "")


def email_field(label: str) -> AddressField:
    checks = [Required(REQUIRED), at_most(254), visible, address]
    return AddressField(label, filters=[stripped], validators=checks)


def writing_field(label: str, *, goes: str) -> RadioField:
    """The choice of whether to keep or delete posts and comments with an account."""
    choices = [("stays", "Keep them, by “Deleted member”"), ("goes", goes)]
    return RadioField(label, choices=choices_of(choices), default="stays")


def body_field(label: str, longest: int) -> TextAreaField:
    """A text in Markdown, with up to `longest` characters.

    It has no `maxlength`, since browsers silently cut pasted text at it.
    """

    def short_enough(form: FlaskForm, field: Field) -> None:
        if (surplus := len(field.data or "") - longest) > 0:
            words = f"Too long by {surplus:,}. The limit is {longest:,} characters."
            raise StopValidation(words)

    checks = [short_enough, RequiredMarkdown("Write something first."), visible_lines]
    return TextAreaField(label, filters=[as_pasted, stripped], validators=checks)


def required_reason_field(label: str = "Reason") -> TextAreaField:
    """A reason for the member concerned, who reads it on the site and by mail."""
    checks = [Required(REQUIRED), visible_lines, at_most(500), without_links]
    return TextAreaField(label, filters=[as_pasted, stripped], validators=checks)


def reason_field(*more: Callable[[FlaskForm, Field], None]) -> TextAreaField:
    """The optional reason of staff for an action, for the log."""
    checks = [visible_lines, at_most(500), *more]
    return TextAreaField("Reason", filters=[stripped], validators=checks)


class MessageForm(Form):
    """A message in an appeal, from the member or from staff."""

    too_many = False  # whether the limit per hour is reached

    key = key_field()
    body = TextAreaField(
        "Message",
        filters=[as_pasted, stripped],
        validators=[Required("Write something first."), at_most(4000), visible_lines],
    )
    submit = SubmitField("Send")

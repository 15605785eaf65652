"""The form that all others descend from: what is never right is refused here, at its field."""

import re

from flask import request
from flask_wtf import FlaskForm
from wtforms.validators import Length, StopValidation

from .names import has_hidden_characters

HIDDEN = "This holds characters that cannot be seen; please type it anew."


class Form(FlaskForm):
    """Takes text only from text fields, and each of them once."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form, formdata):
            """A file under the name of a text field is no text, and JSON is no form."""
            return request.form if request and request.method == "POST" else None

    def validate(self, extra_validators=None):
        valid = super().validate(extra_validators)
        twice = [field for field in self if len(field.raw_data or ()) > 1]
        for field in twice:
            field.errors = ["This was sent more than once; please fill it in again."]
        return valid and not twice


def stripped(text):
    return text.strip() if text else text


def visible(form, field):
    """Refuse line breaks, controls and direction marks in a line of text."""
    if has_hidden_characters(field.data or ""):
        raise StopValidation(HIDDEN)


def visible_lines(form, field):
    """Refuse what `visible` does, but let line breaks and tabs pass."""
    if any(has_hidden_characters(part) for part in re.split(r"[\t\r\n]", field.data or "")):
        raise StopValidation(HIDDEN)


def at_most(length):
    return Length(max=length, message="Use at most %(max)d characters.")

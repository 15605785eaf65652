"""Forms for pages of the site."""

from wtforms import HiddenField, StringField, SubmitField, TextAreaField
from wtforms.validators import Regexp

from ..forms import (
    Form,
    Required,
    RequiredMarkdown,
    at_most,
    reason_field,
    stripped,
    visible,
    visible_lines,
)
from ..models.site.page import LONGEST_BODY, LONGEST_SLUG, LONGEST_TITLE, SLUG
from ..text.markdown import render

SLUG_WORDS = "Use lowercase letters, digits and single hyphens."


def lines(text):
    """Strip empty lines around a text, but keep the indentation of its first line."""
    return text and text.lstrip("\n").rstrip()


class PageForm(Form):
    title = StringField(
        "Title",
        filters=[stripped],
        validators=[Required("Enter a title."), visible, at_most(LONGEST_TITLE)],
    )
    body = TextAreaField(
        "Text",
        filters=[lines],
        validators=[at_most(LONGEST_BODY), RequiredMarkdown("Enter a text."), visible_lines],
    )
    reason = reason_field()
    version = HiddenField()  # the one that was there when the form was opened
    save = SubmitField("Publish")
    preview = SubmitField("Preview")

    @property
    def since(self):
        """The number of that version; 0 if the form has none."""
        text = next(iter(self.version.raw_data or ()), "")
        return int(text) if text.isdecimal() and len(text) < 19 else 0

    def html(self):
        """The preview as HTML, if requested."""
        if self.preview.data and self.body.data and not self.body.errors:
            return render(self.body.data)
        return None


class NewPageForm(PageForm):
    slug = StringField(
        "URL",
        filters=[stripped],
        validators=[
            Required("Enter a URL."),
            at_most(LONGEST_SLUG),
            Regexp(f"^(?:{SLUG.pattern})\\Z", message=SLUG_WORDS),
        ],
    )

"""Forms for posts, comments and reports."""

from wtforms import (
    RadioField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired

from ..forms import (
    Form,
    at_most,
    body_field,
    choices_of,
    key_field,
    new_key,
    stripped,
    visible_lines,
)
from ..models.content.authored import LONGEST
from ..models.content.rendering import preview_of
from ..models.site.setting import current_settings
from ..web.conflicts import Versioned


class WritingForm(Form):
    """A Markdown text. `key` belongs to this form: sent repeatedly, it writes once."""

    key = key_field()
    preview = SubmitField("Preview")

    longest = LONGEST
    wait = 0  # seconds until it may be sent

    def validate_on_submit(self):
        """Return whether to save. A preview isn’t saved, but its errors are shown."""
        return super().validate_on_submit() and not self.preview.data

    def begin_anew(self, why):
        """Give the form a new key, so that it can write again, and show why."""
        self.key.data = new_key()
        self.body.errors = [f"{why} To post this one too, send it again."]

    @property
    def draft(self):
        """The preview as HTML, or None if none was requested."""
        return preview_of(self.body.data) if self.preview.data and not self.errors else None


class PostForm(WritingForm):
    body = body_field("What’s on your mind?", LONGEST)
    submit = SubmitField("Post")


class CommentForm(WritingForm):
    body = body_field("Your comment", LONGEST)
    submit = SubmitField("Comment")


class EditForm(Versioned, WritingForm):
    body = body_field("Your text", LONGEST)
    submit = SubmitField("Save")


class ReportForm(Form):
    category = RadioField("What’s wrong?", validators=[InputRequired("Choose a reason.")])
    reason = TextAreaField(
        "Details",
        filters=[stripped],
        validators=[at_most(500), visible_lines],
    )
    submit = SubmitField("Send report")

    def __init__(self):
        super().__init__()
        self.category.choices = choices_of((name, name) for name in current_settings().categories)

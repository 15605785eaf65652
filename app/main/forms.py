"""Forms of members: what they write, and what they say of themselves and ask for."""

from wtforms import (
    BooleanField,
    RadioField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, ValidationError

from ..forms import (
    ABOUT_LENGTH,
    REQUIRED,
    Form,
    Required,
    UploadField,
    as_pasted,
    at_most,
    body_field,
    choices_of,
    key_field,
    known_password_field,
    new_key,
    stripped,
    visible,
    visible_lines,
    writing_field,
)
from ..models.content.authored import LONGEST
from ..models.content.rendering import preview_of
from ..models.content.watched_word import WatchList, WordRefused, refuse
from ..models.site.setting import current_settings
from ..web.conflicts import Versioned
from ..web.requests import actor


class WritingForm(Form):
    """A text in Markdown. `key` is of this one form: however often it is sent, it writes once."""

    key = key_field()
    preview = SubmitField("Preview")

    longest = LONGEST
    wait = 0  # seconds until it may be sent

    def validate_on_submit(self):
        """Whether to save; a preview is none, though what is wrong is said all the same."""
        return super().validate_on_submit() and not self.preview.data

    def begin_anew(self, why):
        """Have a key of its own again, so that it can write once more; and say why."""
        self.key.data = new_key()
        self.body.errors = [f"{why} Send this one too, if you want both."]

    @property
    def draft(self):
        """The HTML to preview, or None where none was asked for."""
        return preview_of(self.body.data) if self.preview.data and not self.errors else None


class PostForm(WritingForm):
    body = body_field("What is on your mind?", LONGEST)
    submit = SubmitField("Post")


class CommentForm(WritingForm):
    body = body_field("Your comment", LONGEST)
    submit = SubmitField("Comment")


class EditForm(Versioned, WritingForm):
    body = body_field("Your text", LONGEST)
    submit = SubmitField("Save")


class SilentProfileForm(Versioned, Form):
    """What is left of the profile to somebody who may not write."""

    hides_last_seen = BooleanField("Do not show others when I was last here")
    submit = SubmitField("Save")


class ProfileForm(Versioned, Form):
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    location = StringField("Location", filters=[stripped], validators=[visible, at_most(64)])
    about_me = TextAreaField(
        "About me", filters=[as_pasted, stripped], validators=[visible_lines, at_most(ABOUT_LENGTH)]
    )
    hides_last_seen = BooleanField("Do not show others when I was last here")
    submit = SubmitField("Save")

    def without_refused_words(self, field):
        """A profile waits for nobody, so of the watched words those count that are refused."""
        if actor().is_moderator() or field.data == field.object_data:
            return
        try:
            refuse(WatchList.now().found_in(field.data or ""))
        except WordRefused as error:
            raise ValidationError(str(error)) from None

    validate_first_name = validate_last_name = validate_location = without_refused_words
    validate_about_me = without_refused_words


class PictureForm(Form):
    file = UploadField("A picture of yours", validators=[InputRequired("Please choose a file.")])
    submit = SubmitField("Use this picture")


class DeleteAccountForm(Form):
    writing = writing_field("What you wrote", goes="It goes with me")
    password = known_password_field("Your password")
    submit = SubmitField("Delete my account in 14 days")


class RoleRequestForm(Form):
    reason = TextAreaField(
        "Why would you like to have it?",
        filters=[stripped],
        validators=[Required(REQUIRED), at_most(500), visible_lines],
    )
    submit = SubmitField("Ask for this role")


class ReportForm(Form):
    category = RadioField("What is wrong?", validators=[InputRequired("Please choose one.")])
    reason = TextAreaField(
        "In your words",
        filters=[stripped],
        validators=[at_most(500), visible_lines],
    )
    submit = SubmitField("Report it")

    def __init__(self):
        super().__init__()
        self.category.choices = choices_of((name, name) for name in current_settings().categories)

"""Forms of members: what they write, and what they say of themselves and ask for."""

from wtforms import BooleanField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, StopValidation

from ..forms import (
    REQUIRED,
    Form,
    UploadField,
    as_pasted,
    at_most,
    key_field,
    known_password_field,
    new_key,
    stripped,
    unix_lines,
    visible,
    visible_lines,
    writing_field,
)
from ..models.written import LONGEST, preview_of

ABOUT_LENGTH = 2000


def body_field(label):
    checks = [DataRequired("Please write something."), short_enough, visible_lines]
    return TextAreaField(label, filters=[unix_lines, as_pasted, stripped], validators=checks)


def short_enough(form, field):
    """Browsers would cut what is pasted at a `maxlength`, unnoticed; so this comes without one."""
    if (surplus := len(field.data or "") - LONGEST) > 0:
        raise StopValidation(f"This is {surplus:,} characters too long; {LONGEST:,} are the most.")


class WritingForm(Form):
    """A text in Markdown. `key` is of this one form: however often it is sent, it writes once."""

    key = key_field()
    preview = SubmitField("Preview")

    longest = LONGEST

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
    body = body_field("What is on your mind?")
    submit = SubmitField("Post")


class CommentForm(WritingForm):
    body = body_field("Your comment")
    submit = SubmitField("Comment")


class EditForm(WritingForm):
    body = body_field("Your text")
    submit = SubmitField("Save")


class SilentProfileForm(Form):
    """What is left of the profile to somebody who may not write."""

    hides_last_seen = BooleanField("Do not show others when I was last here")
    submit = SubmitField("Save")


class ProfileForm(Form):
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    location = StringField("Location", filters=[stripped], validators=[visible, at_most(64)])
    about_me = TextAreaField(
        "About me", filters=[as_pasted, stripped], validators=[visible_lines, at_most(ABOUT_LENGTH)]
    )
    hides_last_seen = BooleanField("Do not show others when I was last here")
    submit = SubmitField("Save")


class PictureForm(Form):
    file = UploadField("A picture of yours", validators=[DataRequired("Please choose a file.")])
    submit = SubmitField("Use this picture")


class DeleteAccountForm(Form):
    writing = writing_field("What you wrote", goes="It goes with me")
    password = known_password_field("Your password")
    submit = SubmitField("Delete my account in 14 days")


class RoleRequestForm(Form):
    reason = TextAreaField(
        "Why would you like to have it?",
        filters=[stripped],
        validators=[DataRequired(REQUIRED), at_most(500), visible_lines],
    )
    submit = SubmitField("Ask for this role")

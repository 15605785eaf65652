"""Forms for a member’s own account."""

from wtforms import (
    BooleanField,
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
    known_password_field,
    stripped,
    visible,
    visible_lines,
    writing_field,
)
from ..models.content.watched_word import WatchList, WordRefused, refuse
from ..web.conflicts import Versioned
from ..web.requests import actor


class SilentProfileForm(Versioned, Form):
    """The parts of the profile that a silenced member can change."""

    hides_last_seen = BooleanField("Hide when I was last seen")
    submit = SubmitField("Save")


class ProfileForm(Versioned, Form):
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    location = StringField("Location", filters=[stripped], validators=[visible, at_most(64)])
    about_me = TextAreaField(
        "About me", filters=[as_pasted, stripped], validators=[visible_lines, at_most(ABOUT_LENGTH)]
    )
    hides_last_seen = BooleanField("Hide when I was last seen")
    submit = SubmitField("Save")

    def without_refused_words(self, field):
        """Check for refused words only, as profiles aren’t held for approval."""
        if actor().is_moderator() or field.data == field.object_data:
            return
        try:
            refuse(WatchList.now().found_in(field.data or ""))
        except WordRefused as error:
            raise ValidationError(str(error)) from None

    validate_first_name = validate_last_name = validate_location = without_refused_words
    validate_about_me = without_refused_words


class PictureForm(Form):
    file = UploadField("Upload a photo", validators=[InputRequired("Choose a file.")])
    submit = SubmitField("Save photo")


class DeleteAccountForm(Form):
    writing = writing_field("Your posts and comments", goes="Delete my posts too")
    password = known_password_field("Your password")
    submit = SubmitField("Delete account in 14 days")


class RoleRequestForm(Form):
    reason = TextAreaField(
        "Why would you like this role?",
        filters=[stripped],
        validators=[Required(REQUIRED), at_most(500), visible_lines],
    )
    submit = SubmitField("Ask for this role")

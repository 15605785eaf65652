"""What a member says of themselves."""

from wtforms import StringField, SubmitField, TextAreaField

from ..forms import Form, at_most, stripped, visible, visible_lines

ABOUT_LENGTH = 2000


class ProfileForm(Form):
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    location = StringField("Location", filters=[stripped], validators=[visible, at_most(64)])
    about_me = TextAreaField(
        "About me", filters=[stripped], validators=[visible_lines, at_most(ABOUT_LENGTH)]
    )
    submit = SubmitField("Save")

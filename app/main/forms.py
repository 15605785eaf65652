"""What a member says of themselves."""

from wtforms import StringField, SubmitField, TextAreaField
from wtforms.validators import Length

from ..forms import Form, stripped, visible

ABOUT_LENGTH = 2000


class ProfileForm(Form):
    first_name = StringField("First name", filters=[stripped], validators=[visible, Length(max=64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, Length(max=64)])
    location = StringField("Location", filters=[stripped], validators=[visible, Length(max=64)])
    about_me = TextAreaField("About me", filters=[stripped], validators=[Length(max=ABOUT_LENGTH)])
    submit = SubmitField("Save")

"""Forms for actions on one member."""

from datetime import timedelta

from flask import request
from wtforms import DateField, SelectField, StringField, SubmitField, TextAreaField
from wtforms import ValidationError as Invalid
from wtforms.validators import Optional

from ..forms import (
    ABOUT_LENGTH,
    REQUIRED,
    Form,
    Required,
    as_pasted,
    at_most,
    choices_of,
    email_field,
    known_password_field,
    reason_field,
    stripped,
    visible,
    visible_lines,
    writing_field,
)
from ..models import Role, User
from ..models.fields import at_midnight, utcnow
from ..text.names import is_reserved, problem_with_username
from ..web.conflicts import Versioned

NAME_TAKEN = "This username is taken. Choose another one."
ADDRESS_TAKEN = "Someone already uses this email."


def username_field():
    checks = [Required(REQUIRED), at_most(64), visible]
    return StringField("Username", filters=[stripped], validators=checks)


class ActForm(Form):
    """The reason for a button."""

    reason = reason_field()


class NewUserForm(Form):
    email = email_field("Email")
    username = username_field()
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    role = SelectField("Role", coerce=int)
    submit = SubmitField("Create account")

    def __init__(self, by):
        super().__init__()
        self.role.choices = grantable(by)
        if request.method != "POST":
            self.role.data = next((role.id for role in Role.all() if role.default), None)

    def validate_email(self, field):
        if User.with_email(field.data):
            raise Invalid(ADDRESS_TAKEN)

    def validate_username(self, field):
        if problem := problem_with_username(field.data):
            raise Invalid(problem)
        if is_reserved(field.data) or User.with_username(field.data):
            raise Invalid(NAME_TAKEN)


class UntilForm(Form):
    """The last day of something temporary, or none."""

    until = DateField("Until the end of", validators=[Optional()])

    @property
    def moment(self):
        """The end of the last day, or None if there is none."""
        return at_midnight(self.until.data) if self.until.data else None

    def validate_until(self, field):
        if field.data and not field.data.year < 9999:
            raise Invalid("Choose an earlier day.")
        if field.data and self.moment <= utcnow():
            raise Invalid("Choose today or a later day.")


class ChangeRoleForm(Versioned, UntilForm):
    role = SelectField("Role", coerce=int)
    reason = reason_field()
    submit = SubmitField("Change role")

    def __init__(self, person, by):
        end = person.role_until  # the midnight after the last day
        until = (end - timedelta(seconds=1)).date() if end else None
        super().__init__(role=person.role_id, until=until)
        self.role.choices = grantable(by)


class EditUserForm(Versioned, Form):
    username = username_field()
    first_name = StringField("First name", filters=[stripped], validators=[visible, at_most(64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, at_most(64)])
    location = StringField("Location", filters=[stripped], validators=[visible, at_most(64)])
    about_me = TextAreaField(
        "About", filters=[as_pasted, stripped], validators=[visible_lines, at_most(ABOUT_LENGTH)]
    )
    reason = reason_field()
    submit = SubmitField("Save")

    def __init__(self, person):
        super().__init__(obj=person)
        self.person = person

    def validate_username(self, field):
        if field.data == self.person.username:
            return
        if problem := problem_with_username(field.data):
            raise Invalid(problem)
        holder = User.with_username(field.data)
        if is_reserved(field.data) or (holder and holder is not self.person):
            raise Invalid(NAME_TAKEN)

    @property
    def values(self):
        names = "username", "first_name", "last_name", "location", "about_me"
        return {name: self[name].data or "" for name in names}


class AddressForm(Versioned, Form):
    email = email_field("New email")
    reason = reason_field()
    submit = SubmitField("Change email")


class DeleteUserForm(Form):
    username = StringField("Username", filters=[stripped], validators=[Required(REQUIRED)])
    writing = writing_field("Posts and comments", goes="Delete them too")
    password = known_password_field("Your password")
    reason = reason_field()
    submit = SubmitField("Delete account")

    def __init__(self, person):
        super().__init__()
        self.person = person

    def validate_username(self, field):
        if field.data != self.person.username:
            raise Invalid(f"Type {self.person.username} exactly.")


def grantable(by):
    """Return the roles that the administrator can give, lowest first."""
    return choices_of((role.id, role.name) for role in Role.all() if by.may_grant(role))

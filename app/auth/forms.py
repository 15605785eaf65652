"""The forms of accounts. Errors never tell whether an address is known."""

from datetime import timedelta

from flask_login import current_user
from wtforms import BooleanField, PasswordField, StringField, SubmitField, ValidationError
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from ..forms import Form, stripped, visible
from ..models import User
from ..models.fields import utcnow
from ..names import canonical_address, is_reserved, problem_with_username
from ..passwords import LONGEST, problem_with

A_MOMENT = timedelta(minutes=1)
REQUIRED = "Please fill this in."
DIFFERENT = "The two passwords differ."
NAME_TAKEN = "This name is taken; please choose another one."


def address(form, field):
    """The shape of an address; the field then holds it as it is stored."""
    try:
        field.data = canonical_address(field.data)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def known_password_field(label):
    return PasswordField(label, validators=[InputRequired(REQUIRED), Length(max=LONGEST)])


def email_field(label):
    checks = [DataRequired(REQUIRED), Length(max=254), visible, address]
    return StringField(label, filters=[stripped], validators=checks)


class NewPasswordForm(Form):
    """A password typed twice; refused when too short, too long or easy to guess for this person."""

    password = PasswordField("Password", validators=[InputRequired(REQUIRED)])
    password2 = PasswordField(
        "Password again", validators=[InputRequired(REQUIRED), EqualTo("password", DIFFERENT)]
    )

    def names_to_guess(self):
        return ()

    def validate_password(self, field):
        if problem := problem_with(field.data, self.names_to_guess()):
            raise ValidationError(problem)


class LoginForm(Form):
    login = StringField(
        "Address or username",
        filters=[stripped],
        validators=[DataRequired(REQUIRED), Length(max=254), visible],
    )
    password = known_password_field("Password")
    remember = BooleanField("Keep me signed in for 30 days")
    submit = SubmitField("Sign in")


class RegistrationForm(NewPasswordForm):
    email = email_field("Email address")
    username = StringField(
        "Username",
        filters=[stripped],
        validators=[DataRequired(REQUIRED), Length(max=64), visible],
    )
    first_name = StringField("First name", filters=[stripped], validators=[visible, Length(max=64)])
    last_name = StringField("Last name", filters=[stripped], validators=[visible, Length(max=64)])
    submit = SubmitField("Sign up")

    def names_to_guess(self):
        fields = self.email, self.username, self.first_name, self.last_name
        return [field.data for field in fields]

    def validate_username(self, field):
        """Usernames are public, so that one is taken may be told."""
        if problem := problem_with_username(field.data):
            raise ValidationError(problem)
        holder = User.with_username(field.data)
        if is_reserved(field.data) or (holder and not self.was_sent_before(holder)):
            raise ValidationError(NAME_TAKEN)

    def was_sent_before(self, person):
        """Whether this very form made the account a moment ago: a double click (R-96)."""
        just_now = utcnow() - person.member_since < A_MOMENT
        same = person.email == self.email.data and person.username == self.username.data
        return just_now and same and person.verify_password(self.password.data)


class ResetRequestForm(Form):
    email = email_field("Email address")
    submit = SubmitField("Send me a link")


class ResetForm(NewPasswordForm):
    submit = SubmitField("Set the password")

    def __init__(self, owner):
        super().__init__()
        self.owner = owner

    def names_to_guess(self):
        return names_of(self.owner)


class ChangePasswordForm(NewPasswordForm):
    old_password = known_password_field("Current password")
    submit = SubmitField("Change the password")

    def names_to_guess(self):
        return names_of(current_user)

    def validate_password(self, field):
        super().validate_password(field)
        if field.data == self.old_password.data:
            raise ValidationError("This is the one you have; please choose another.")


class ChangeEmailForm(Form):
    email = email_field("New email address")
    password = known_password_field("Password")
    submit = SubmitField("Send me a link")


def names_of(user):
    return [user.email, user.username, user.first_name, user.last_name]

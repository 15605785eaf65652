"""Forms for accounts. Errors never reveal whether an email is known."""

import hashlib
import secrets
import time

from flask import current_app, request, session
from flask_login import current_user
from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    StringField,
    SubmitField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import EqualTo, InputRequired

from ..forms import (
    REQUIRED,
    Form,
    Required,
    at_most,
    email_field,
    known_password_field,
    stripped,
    visible,
    visible_lines,
)
from ..models import SignUpMark, User
from ..security.networks import network_of
from ..security.passwords import normalized, problem_with
from ..security.rate_limits import STRENGTH
from ..security.tokens import Verdict, read, sign
from ..text.names import is_reserved, problem_with_username

DIFFERENT = "The passwords don’t match."
OPENED = "sign-up form opened"
OLD = "This form has expired. Enter your password again, then sign up."
USED = "This form was used already. To create another account, enter the password again."
QUICK = "That was a little too fast. Enter your password again, then sign up."
FILLED = (
    "Your browser filled in a hidden field. We cleared it: enter your password again, then sign up."
)
NAME_TAKEN = "That username is taken. Choose another one."
NAME_RESERVED = "That username is reserved. Choose another one."


def new_password_field(label):
    return PasswordField(label, filters=[as_hashed], validators=[InputRequired(REQUIRED)])


def as_hashed(text):
    return normalized(text) if text else text


def password_again_field(label):
    same = EqualTo("password", DIFFERENT)
    return PasswordField(label, filters=[as_hashed], validators=[InputRequired(REQUIRED), same])


def username_field():
    checks = [Required(REQUIRED), at_most(64), visible]
    return StringField("Username", filters=[stripped], validators=checks)


def name_field(label):
    return StringField(label, filters=[stripped], validators=[visible, at_most(64)])


class NewPasswordForm(Form):
    """Refuses passwords that are too short, too long or easy to guess for this person.

    Each form names its fields in the order of its page, which the list of mistakes follows.
    """

    def names_to_guess(self):
        return ()

    def validate_password(self, field):
        STRENGTH.take(network_of(request))  # judging takes time, so there is a limit to it
        if problem := problem_with(field.data, self.names_to_guess()):
            raise ValidationError(problem)


class LoginForm(Form):
    login = StringField(
        "Email or username",
        filters=[stripped],
        validators=[Required(REQUIRED), at_most(254), visible],
    )
    password = known_password_field("Password")
    remember = BooleanField("Keep me signed in for 30 days")
    submit = SubmitField("Sign in")


class ChosenName:
    """The names of a new member, for forms with a username."""

    def validate_username(self, field):
        """Usernames are public, so the form can say that one is taken."""
        if problem := problem_with_username(field.data):
            raise ValidationError(problem)
        holder = User.with_username(field.data)
        if is_reserved(field.data):
            raise ValidationError(NAME_RESERVED)
        if holder and not self.was_sent_before(holder):
            raise ValidationError(NAME_TAKEN)

    def was_sent_before(self, person):
        """Whether this browser just created the account with this form: a double click (R-96)."""
        same = person.email == self.address and person.username == self.username.data
        return same and person.sign_up_key is not None and person.sign_up_key == sign_up_key()

    def names_to_guess(self):
        fields = self.username, self.first_name, self.last_name
        return [self.address, *(field.data for field in fields)]


class HoneypotForm:
    """Tells bots from people: by a field that people don’t see, and by the time taken.

    `opened` is signed, so nobody can say another moment, and it makes one account. Sent again, the
    form counts from then.
    """

    homepage = HiddenField()  # text browsers show whatever else is hidden
    opened = HiddenField(default=lambda: sign(OPENED, mark_of_now(), SignUpMark.LIFETIME))

    def validate(self, extra_validators=None):
        valid = super().validate(extra_validators)
        words = FILLED if self.homepage.data else self._problem_with_opening()
        self.homepage.data = ""
        if words:
            self.form_errors = [*self.form_errors, words]
        return valid and not words

    def use_mark(self):
        """Return whether the form may create an account for this email; else it shows why not."""
        if not current_app.config["SIGN_UP_SECONDS"]:
            return True
        _, facts = read(OPENED, self.opened.data)
        if SignUpMark.use(facts["mark"], self.address):
            return True
        self.form_errors = [*self.form_errors, USED]
        self.opened.data = self.opened.default()
        return False

    def _problem_with_opening(self):
        """A form that wasn’t opened on our page, or too long ago, counts as opened now.

        The clock of the host that opened it may be ahead of ours.
        """
        least = current_app.config["SIGN_UP_SECONDS"]
        if not least:
            return None
        verdict, facts = read(OPENED, self.opened.data or "")
        if not verdict or "mark" not in facts:
            self.opened.data = self.opened.default()
            return OLD if verdict is Verdict.EXPIRED else QUICK
        return QUICK if 0 <= time.time() - facts["at"] < least else None


class RegistrationForm(ChosenName, HoneypotForm, NewPasswordForm):
    email = email_field("Email")
    username = username_field()
    first_name = name_field("First name")
    last_name = name_field("Last name")
    password = new_password_field("Password")
    password2 = password_again_field("Password again")
    submit = SubmitField("Sign up")

    @property
    def address(self):
        return self.email.data


class ApplicationForm(RegistrationForm):
    """Sign-up that needs approval by an administrator."""

    reason = TextAreaField(
        "Why would you like to join?",
        filters=[stripped],
        validators=[Required(REQUIRED), at_most(500), visible_lines],
    )


class JoinForm(ChosenName, NewPasswordForm):
    """Sign-up of an invited person; the email is that of the invitation."""

    username = username_field()
    first_name = name_field("First name")
    last_name = name_field("Last name")
    password = new_password_field("Password")
    password2 = password_again_field("Password again")
    submit = SubmitField("Join")

    def __init__(self, address):
        super().__init__()
        self.address = address


class ResetRequestForm(Form):
    email = email_field("Email")
    submit = SubmitField("Send link")


class ResetForm(NewPasswordForm):
    password = new_password_field("New password")
    password2 = password_again_field("New password again")
    submit = SubmitField("Set password")

    def __init__(self, owner):
        super().__init__()
        self.owner = owner

    def names_to_guess(self):
        return names_of(self.owner)


class ChangePasswordForm(NewPasswordForm):
    old_password = known_password_field("Current password")
    password = new_password_field("New password")
    password2 = password_again_field("New password again")
    submit = SubmitField("Change password")

    def names_to_guess(self):
        return names_of(current_user)

    def validate_password(self, field):
        super().validate_password(field)
        if field.data == as_hashed(self.old_password.data):
            raise ValidationError("This is your current password. Choose another one.")


class ChangeEmailForm(Form):
    email = email_field("New email")
    password = known_password_field("Current password")
    submit = SubmitField("Send link")

    def validate_email(self, field):
        """Runs last, so that the field holds the email as it is stored."""
        if field.data == current_user.email:
            raise ValidationError("This is your address already.")


def names_of(user):
    return [user.email, user.username, user.first_name, user.last_name]


def mark_of_now():
    return {"at": int(time.time()), "mark": secrets.token_urlsafe(16)}


def sign_up_key():
    """Return a secret mark of this visit; None if no form was opened."""
    token = session.get("csrf_token")
    return hashlib.sha256(token.encode()).hexdigest() if token else None

"""Forms for filters of people and for bulk actions."""

from datetime import UTC, datetime, time

from flask import request
from wtforms import BooleanField, DateField, Field, HiddenField, SelectField, StringField
from wtforms import ValidationError as Invalid
from wtforms.validators import Optional

from ..databases import LARGEST_ID
from ..forms import Form, at_most, choices_of, reason_field, stripped, visible
from ..models.fields import utcnow
from ..models.users.bulk import MOST
from ..models.users.listing import PeopleList
from ..models.users.name_search import LONGEST
from .user_forms import UntilForm

YES, NO = "yes", "no"
ANSWERS = {"": None, YES: True, NO: False}
CONFIRMED = [("", "Any"), (YES, "Confirmed"), (NO, "Not confirmed")]
ACTIVE = [("", "Any"), (YES, "Active"), (NO, "Deactivated")]
ORDERS = [
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("username", "Username, A to Z"),
    ("seen", "Last seen"),
    ("role", "Role, A to Z"),
    ("last_name", "Last name, A to Z"),
    ("first_name", "First name, A to Z"),
    ("email", "Email, A to Z"),
]
NOTHING_MORE = [("", "None")]
SIZES = [(size, f"{size} people") for size in ("10", "20", "50", "100")]
ACTS = [
    ("", "Choose an action"),
    ("role", "Change role"),
    ("confirm", "Confirm email"),
    ("deactivate", "Deactivate"),
    ("reactivate", "Reactivate"),
    ("require-password", "Require a new password"),
    ("reset-link", "Send password link"),
    ("sign-out", "Sign out everywhere"),
]


class PeopleForm(Form):
    """Search, filters and order, in the query string."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args

    q = StringField(
        "Name, email or username", filters=[stripped], validators=[visible, at_most(LONGEST)]
    )
    role = SelectField("Role", default="")
    confirmed = SelectField("Email", choices=choices_of(CONFIRMED), default="")
    active = SelectField("Account", choices=choices_of(ACTIVE), default="")
    since = DateField("Signed in since", validators=[Optional()])
    never = BooleanField("Never signed in")
    awaiting = BooleanField("Awaiting approval")
    sort = SelectField("Sort by", choices=choices_of(ORDERS), default="newest")
    then = SelectField("Then by", choices=choices_of(NOTHING_MORE + ORDERS), default="")
    last = SelectField("Then by", choices=choices_of(NOTHING_MORE + ORDERS), default="")
    size = SelectField("Per page", choices=choices_of(SIZES), default="50")

    def __init__(self, roles):
        super().__init__()
        self.roles = {str(role.id): role for role in roles}
        self.role.choices = choices_of([("", "Any"), *((str(r.id), r.name) for r in roles)])

    def validate_never(self, field):
        if field.data and self.since.data:
            raise Invalid("Choose either a date or “Never signed in”.")

    @property
    def wanted(self):
        """The filters as the model takes them."""
        since = self.since.data
        return PeopleList(
            words=self.q.data or "",
            role=self.roles.get(self.role.data),
            confirmed=ANSWERS[self.confirmed.data],
            active=ANSWERS[self.active.data],
            awaiting=self.awaiting.data,
            never_seen=self.never.data,
            seen_since=since and datetime.combine(since, time.min, UTC),
            order=self.sort.data,
            then_by=tuple(filter(None, (self.then.data, self.last.data))),
        )


class PeopleField(Field):
    """The ids of people with a ticked check box."""

    def process_data(self, value):
        self.data = []

    def process_formdata(self, values):
        self.raw_data = values[:1]  # sent more than once on purpose
        if not all(value.isascii() and value.isdecimal() and len(value) <= 10 for value in values):
            raise ValueError("Select people with the check boxes.")
        ids = {int(value) for value in values}
        self.data = sorted(id for id in ids if id <= LARGEST_ID)


class BulkForm(UntilForm):
    """A bulk action. The list shows the form, the preview passes it on."""

    people = PeopleField("People")
    everybody = BooleanField("Everyone found, not just the people selected on this page")
    act = SelectField("Action", choices=choices_of(ACTS), default="")
    new_role = SelectField("New role", default="")
    reason = reason_field()
    looked_at = HiddenField(validators=[at_most(40)])

    def __init__(self, roles, by):
        super().__init__()
        self.roles = {str(role.id): role for role in roles if by.may_grant(role)}
        offered = ((id, role.name) for id, role in self.roles.items())
        self.new_role.choices = choices_of([("", "Choose a role"), *offered])

    def validate_people(self, field):
        if not field.data and not self.everybody.data:
            raise Invalid("Select people first.")
        if len(field.data) > MOST:
            raise Invalid(f"Select at most {MOST} people at once.")

    def validate_act(self, field):
        if not field.data:
            raise Invalid("Choose an action.")

    def validate_new_role(self, field):
        if self.act.data == "role" and not field.data:
            raise Invalid("Choose a role.")

    @property
    def label(self):
        return dict(ACTS)[self.act.data]

    @property
    def previewed_at(self):
        """When the preview was made; now, if the value is invalid."""
        try:
            return datetime.fromisoformat(self.looked_at.data).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            return utcnow()

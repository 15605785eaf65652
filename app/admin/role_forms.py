"""Forms for roles, with a description of each permission."""

from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, SubmitField
from wtforms.widgets import CheckboxInput

from ..forms import REQUIRED, Form, Required, at_most, choices_of, reason_field, stripped, visible
from ..models import Permission
from ..models.roles.landing_page import landing_pages
from ..models.roles.rules import DESCRIPTION_LENGTH, NAME_LENGTH
from ..web.conflicts import Versioned

ALLOWS = {
    "FOLLOW": "Follow other members and see their posts in the feed.",
    "COMMENT": "Comment on posts.",
    "WRITE": "Write posts.",
    "MODERATE": "Moderate posts, comments and members.",
    "ADMIN": "Run the site: people, roles, invitations, settings, email and the log.",
}
PLACES = {"main.index": "Front page", "admin.index": "Administration"}
PLACES |= {"moderation.queue": "Moderation"}


class PermissionsField(SelectMultipleField):
    """Check boxes for permissions; `mask` combines them."""

    option_widget = CheckboxInput()

    @property
    def mask(self):
        return int(Permission.parse(",".join(self.data or ())))


class RoleForm(Versioned, Form):
    """Fields that can’t be changed aren’t sent and stay as they are; see `values`."""

    name = StringField(
        "Name",
        filters=[stripped],
        validators=[Required(REQUIRED), visible, at_most(NAME_LENGTH)],
    )
    description = StringField(
        "Description", filters=[stripped], validators=[visible, at_most(DESCRIPTION_LENGTH)]
    )
    permissions = PermissionsField("Permissions", choices=list(ALLOWS))
    index = SelectField("Landing page")
    requestable = BooleanField("Members can request this role")
    default = BooleanField("Default role for new members")
    reason = reason_field()
    submit = SubmitField("Save")

    def __init__(self, by, role=None, **values):
        if role is not None:
            values |= {name: getattr(role, name) for name in ("name", "description", "index")}
            values |= {"requestable": role.requestable, "default": role.default}
            values["permissions"] = role.permission_names
        super().__init__(**values)
        pages = landing_pages(by.current_role.permissions)
        if role is not None:
            pages.setdefault(role.index, role.index)
        self.index.choices = choices_of((name, place(name, path)) for name, path in pages.items())
        if role is None and not self.is_submitted():
            self.index.data = "main.index"

    def values(self, fixed=()):
        """The values to set, including forged fixed fields, which the model refuses."""
        fields = {"name": self.name, "description": self.description, "index": self.index}
        values = {name: field.data or "" for name, field in fields.items()}
        values |= {"permissions": self.permissions.mask, "requestable": self.requestable.data}
        return {k: v for k, v in values.items() if k not in fixed or self[k].raw_data}


class DeleteRoleForm(Form):
    move_to = SelectField("Move members to", coerce=int)
    reason = reason_field()
    submit = SubmitField("Delete role")


def place(endpoint, path):
    return f"{PLACES[endpoint]} ({path})" if endpoint in PLACES else path

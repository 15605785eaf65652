"""Forms for invitations and decisions on requests."""

import re

from sqlalchemy import select
from wtforms import SelectField, SubmitField, TextAreaField, ValidationError

from ..extensions import db
from ..forms import REQUIRED, Form, Required, at_most, stripped, visible_lines, without_links
from ..models import Invitation, User
from ..text.names import canonical_address

MOST = 50  # addresses at once
SHOWN = 100  # characters of a line that is no address


class InvitationForm(Form):
    """`good` are emails to invite; `problems` are pairs of a line and what is wrong."""

    addresses = TextAreaField(
        "Emails",
        filters=[stripped],
        validators=[Required(REQUIRED), at_most(MOST * 256), visible_lines],
    )
    role = SelectField("Role", coerce=int)
    greeting = TextAreaField(
        "Message",
        filters=[stripped],
        validators=[at_most(500), visible_lines, without_links],
    )
    submit = SubmitField("Invite")
    leave_out = SubmitField("Skip these and invite the others")

    def __init__(self, roles):
        super().__init__()
        self.good, self.problems = [], []
        self.role.choices = [(role.id, role.name) for role in roles]
        if not self.is_submitted():
            self.role.data = next((role.id for role in roles if role.default), None)

    def validate_addresses(self, field):
        lines = [part.strip() for part in re.split(r"[\r\n,;]", field.data) if part.strip()]
        if len(lines) > MOST:
            raise ValidationError(f"Invite at most {MOST} people at once.")
        self.good, self.problems = judge(lines)
        if not self.good:
            raise ValidationError("Nobody can be invited. See the reasons below.")
        if self.problems and not self.leave_out.data:
            raise ValidationError("Some people can’t be invited. See the reasons below.")


class DecisionForm(Form):
    words = TextAreaField(
        "Message",
        filters=[stripped],
        validators=[at_most(500), visible_lines, without_links],
    )
    accept = SubmitField("Accept")
    decline = SubmitField("Decline")

    def validate_decline(self, field):
        if self.accept.data == self.decline.data:
            raise ValidationError("Choose Accept or Decline.")


def judge(lines):
    """Return the emails that can be invited, each once, and problems with other lines."""
    found, problems = [], []
    for line in lines:
        try:
            found.append(canonical_address(line))
        except ValueError as error:
            problems.append((line[:SHOWN], str(error)))
    known = what_is_known_of(found)
    found = list(dict.fromkeys(found))
    problems += [(address, known[address]) for address in found if address in known]
    return [address for address in found if address not in known], problems


def what_is_known_of(addresses):
    """Return {email: problem} for emails with an account or invitation, from two queries."""
    pending = Invitation.pending().with_only_columns(Invitation.email)
    invited = db.session.scalars(pending.where(Invitation.email.in_(addresses)))
    known = dict.fromkeys(invited, "Already invited. You can resend the invitation from the list.")
    facts = select(User.email, User.confirmed_at, User.approval_asked_at)
    for email, confirmed_at, asked_at in db.session.execute(facts.where(User.email.in_(addresses))):
        known[email] = "Already has an account."
        if asked_at is not None:
            known[email] = "Already asked to join. See Requests."
        elif confirmed_at is None:
            known[email] = "Already has an account with this unconfirmed email."
    return known

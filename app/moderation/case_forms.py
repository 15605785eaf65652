"""Forms of the queue and of decisions on cases."""

from flask import request
from wtforms import RadioField, SelectField, StringField, SubmitField
from wtforms import ValidationError as Invalid
from wtforms.validators import InputRequired

from ..forms import Form, at_most, choices_of, stripped, visible
from ..models import User
from ..models.moderation.case_queue import MINE, NOBODY, CaseList
from ..models.moderation.ruling import Penalty
from ..models.moderation.sanction import WARNING
from ..models.site.setting import current_settings
from .sanction_forms import DOES, SanctionForm

STATES = [("open", "Open"), ("settled", "Settled")]
NOUNS = [("", "Everything"), ("post", "Posts"), ("comment", "Comments"), ("user", "Members")]
CLAIMED = [("", "All"), (NOBODY, "Not claimed"), (MINE, "Claimed by me")]
DISMISS, HIDE, SANCTION = "dismiss", "hide", "sanction"
NOTHING_WRONG = "This doesn’t break the rules of this site."


class QueueForm(Form):
    """Filters in the query string."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args

    state = SelectField("State", choices=choices_of(STATES), default="open")
    noun = SelectField("Type", choices=choices_of(NOUNS), default="")
    category = SelectField("Category", default="")
    claimed = SelectField("Claimed", choices=choices_of(CLAIMED), default="")
    person = StringField("Member", filters=[stripped], validators=[visible, at_most(64)])

    def __init__(self):
        super().__init__()
        names = ((name, name) for name in current_settings().categories)
        self.category.choices = choices_of([("", "Any"), *names])

    def validate_person(self, field):
        self.member = User.with_username(field.data) if field.data else None
        if field.data and self.member is None:
            raise Invalid("No member has this username.")

    @property
    def args(self):
        """The filters as query string arguments."""
        return {field.name: field.data for field in self if field.data and field.raw_data}

    def wanted(self, viewer):
        """The filters as the model takes them; all open cases if they are invalid."""
        if not self.validate():
            return CaseList(viewer)
        filters = dict(category=self.category.data, noun=self.noun.data, person=self.member)
        filters |= dict(settled=self.state.data == "settled", claimed=self.claimed.data)
        return CaseList(viewer, **filters)


class RulingForm(SanctionForm):
    """The reason starts from the rules. Only decisions possible for the case are offered."""

    ruling = RadioField("Decision", validators=[InputRequired("Choose one.")])
    kind = SelectField("Sanction", choices=choices_of(DOES.items()), default=WARNING)
    submit = SubmitField("Submit decision")

    def __init__(self, case, by):
        super().__init__(by)
        self.prefilled = current_settings().categories.get(case.category, "")
        self.has_text = case.noun != "user" and case.thing is not None
        self.ruling.choices = choices_of(self._rulings(case, by))
        if request.method != "POST":
            self.reason.data = self.prefilled

    def _rulings(self, case, by):
        yield DISMISS, "Dismiss: no rule was broken"
        if case.hideable_by(by):
            yield HIDE, f"Hide the {case.noun}"
        if case.person and by.may_sanction(case.person):
            hides = f"Hide the {case.noun} and sanction" if self.has_text else "Sanction"
            yield SANCTION, f"{hides} {case.person.username}"

    def validate_lasts(self, field):
        if self.sanctions:
            super().validate_lasts(field)

    def validate_until(self, field):
        if self.sanctions:
            super().validate_until(field)

    @property
    def may_sanction(self):
        return any(choice.value == SANCTION for choice in self.ruling.choices)

    @property
    def reasons(self):
        """The start of the reason for each decision."""
        return {DISMISS: NOTHING_WRONG, HIDE: self.prefilled, SANCTION: self.prefilled}

    @property
    def dismisses(self):
        return self.ruling.data == DISMISS

    @property
    def sanctions(self):
        return self.ruling.data == SANCTION

    @property
    def hides(self):
        return self.has_text and not self.dismisses

    @property
    def words(self):
        """The reason; dismissals have a default one."""
        if self.dismisses and self.reason.data == self.prefilled:
            return NOTHING_WRONG
        return self.reason.data

    @property
    def penalty(self):
        return Penalty(self.kind.data, self.end, self.key.data) if self.sanctions else None

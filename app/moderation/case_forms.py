"""What a moderator asks the queue for, and what they rule on a case."""

import secrets
from datetime import timedelta

from flask import request
from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
)
from wtforms import ValidationError as Invalid
from wtforms.validators import DataRequired, InputRequired, Optional

from ..forms import REQUIRED, Form, at_most, choices_of, reason_field, stripped, visible
from ..models import User
from ..models.case_list import MINE, NOBODY, CaseList
from ..models.fields import at_midnight, utcnow
from ..models.ruling import Penalty
from ..models.sanction import BAN, ENDING, NOTICE, SILENCE, SUSPENSION, WARNING
from ..models.setting import current_settings

STATES = [("open", "Open"), ("settled", "Settled")]
NOUNS = [("", "Everything"), ("post", "Posts"), ("comment", "Comments"), ("user", "Members")]
CLAIMED = [("", "All"), (NOBODY, "Nobody has in hand"), (MINE, "I have in hand")]
DISMISS, HIDE, SANCTION = "dismiss", "hide", "sanction"
LABELS = {
    NOTICE: "Notice: a friendly word, no strike",
    WARNING: "Warning: a strike",
    SILENCE: "Silence: they read, but do not write",
    SUSPENSION: "Suspension: they are kept out",
    BAN: "Ban: they are kept out for good",
}
TO_A_DAY = "date"
LASTS = [("1", "1 day"), ("3", "3 days"), ("7", "1 week"), ("30", "1 month")]
LASTS += [("", "Until it is lifted"), (TO_A_DAY, "To the end of the day below")]
NOTHING_WRONG = "This agrees with the rules of this site."


class QueueForm(Form):
    """Filters; they stand in the address of the page."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args

    state = SelectField("State", choices=choices_of(STATES), default="open")
    noun = SelectField("What", choices=choices_of(NOUNS), default="")
    category = SelectField("Category", default="")
    claimed = SelectField("In hand", choices=choices_of(CLAIMED), default="")
    person = StringField("About", filters=[stripped], validators=[visible, at_most(64)])

    def __init__(self):
        super().__init__()
        names = ((name, name) for name in current_settings().categories)
        self.category.choices = choices_of([("", "Any"), *names])

    def validate_person(self, field):
        self.member = User.with_username(field.data) if field.data else None
        if field.data and self.member is None:
            raise Invalid("Nobody has this username.")

    @property
    def args(self):
        """The filters that are set, as the address has them."""
        return {field.name: field.data for field in self if field.data and field.raw_data}

    def wanted(self, viewer):
        """What is asked for, as the model takes it; everything open where that makes no sense."""
        if not self.validate():
            return CaseList(viewer)
        filters = dict(category=self.category.data, noun=self.noun.data, person=self.member)
        filters |= dict(settled=self.state.data == "settled", claimed=self.claimed.data)
        return CaseList(viewer, **filters)


class RulingForm(Form):
    """The reason begins as the rules have it. What cannot be done to this case is no choice."""

    key = HiddenField(default=lambda: secrets.token_hex(16), validators=[at_most(32)])
    ruling = RadioField("Your ruling", validators=[InputRequired("Please choose one.")])
    kind = SelectField("Sanction", choices=choices_of(LABELS.items()), default=WARNING)
    lasts = SelectField("How long it lasts", choices=choices_of(LASTS), default="7")
    until = DateField("Its last day", validators=[Optional()])
    reason = reason_field(DataRequired(REQUIRED))
    submit = SubmitField("Rule")

    def __init__(self, case, by):
        super().__init__()
        self.prefilled = current_settings().categories.get(case.category, "")
        self.has_text = case.noun != "user" and case.thing is not None
        self.ruling.choices = choices_of(self._rulings(case, by))
        if request.method != "POST":
            self.reason.data = self.prefilled

    def _rulings(self, case, by):
        yield DISMISS, "Dismiss: nothing is wrong with it"
        if case.hideable_by(by):
            yield HIDE, f"Hide the {case.noun}"
        if case.person and by.may_sanction(case.person):
            hides = f"Hide the {case.noun}, and sanction" if self.has_text else "Sanction"
            yield SANCTION, f"{hides} {case.person.username}"

    @property
    def may_sanction(self):
        return any(choice.value == SANCTION for choice in self.ruling.choices)

    @property
    def reasons(self):
        """What the reason of each ruling begins with."""
        return {DISMISS: NOTHING_WRONG, HIDE: self.prefilled, SANCTION: self.prefilled}

    def validate_lasts(self, field):
        if self.ends_on_a_day and not (self.until.data or self.until.process_errors):
            raise Invalid("Please choose the day below.")

    def validate_until(self, field):
        if field.data and not field.data.year < 9999:
            raise Invalid("Please choose a nearer day.")
        if self.ends_on_a_day and field.data and at_midnight(field.data) <= utcnow():
            raise Invalid("Please choose a day that is not over yet.")

    @property
    def ends_on_a_day(self):
        ends = self.ruling.data == SANCTION and self.kind.data in ENDING
        return ends and self.lasts.data == TO_A_DAY

    @property
    def dismisses(self):
        return self.ruling.data == DISMISS

    @property
    def hides(self):
        return self.has_text and not self.dismisses

    @property
    def words(self):
        """The reason; a dismissal has one of its own, unless another was typed."""
        if self.dismisses and self.reason.data == self.prefilled:
            return NOTHING_WRONG
        return self.reason.data

    @property
    def penalty(self):
        if self.ruling.data != SANCTION:
            return None
        return Penalty(self.kind.data, self._end(), self.key.data)

    def _end(self):
        if self.kind.data not in ENDING or not self.lasts.data:
            return None
        if self.lasts.data == TO_A_DAY:
            return at_midnight(self.until.data)
        return utcnow() + timedelta(days=int(self.lasts.data))

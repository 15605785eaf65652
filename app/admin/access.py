"""The access map as a page."""

import re

from flask import render_template, request
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField

from ..access.map import OUTCOMES, POLICIES, access_map, kinds_of, short
from ..decorators import OPENS
from ..forms import Form, at_most, choices_of, stripped, visible
from ..models import Role
from ..permissions import Permission
from ..web.requests import actor
from .blueprint import admin

STARTS_WITH = MultiDict({"who": "visitor"})  # all of it is a long page, on a phone above all


class AccessForm(Form):
    """Filters in the query string."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args or STARTS_WITH

    text = StringField("Endpoint or URL", [visible, at_most(100)], filters=[stripped])
    policy = SelectField("Rule", default="")
    who = SelectField("Person", default="")
    outcome = SelectField("Result", default="")
    closed = SelectField("Closed to", default="")

    def __init__(self, kinds):
        super().__init__()
        rules = [(words, words.capitalize()) for words in POLICIES.values()]
        rules += [(name, f"Permission {name}") for name in Permission.names(~0)]
        people = [(kind.key, kind.name) for kind in kinds]
        others = [(outcome, outcome.capitalize()) for outcome in OUTCOMES if outcome != OPENS]
        self.policy.choices = choices_of([("", "Any rule"), *rules])
        self.who.choices = choices_of([("", "Anyone"), *people])
        self.outcome.choices = choices_of([("", "Access"), *others])
        self.closed.choices = choices_of([("", "Anyone"), *people])


@admin.route("/access")
def access():
    roles = Role.all()
    kinds = kinds_of(roles)
    form, doors = AccessForm(kinds), access_map(kinds)
    shown = [door for door in doors if fits(door, form)] if form.validate() else doors
    return render_template(
        "admin/access.html",
        form=form,
        kinds=kinds,
        doors=shown,
        total=len(doors),
        asked={key for key in (form.who.data, form.closed.data) if key},
        filtered=any(field.data for field in form),
        viewable=[role for role in roles if actor().why_not_view_as(role) is None],
        short=short,
    )


def fits(door, form):
    """Whether a row matches the filters that are set."""
    text, rule = (form.text.data or "").casefold(), form.policy.data
    said = [door.endpoint, *door.urls, *map(short, door.urls)]
    if not any(text in words.casefold() for words in said):
        return False
    if rule and rule not in re.split(" and | with ", door.policy):
        return False
    if form.closed.data and door.opens_to(form.closed.data):
        return False
    return meets(door, form.who.data, form.outcome.data)


def meets(door, who, outcome):
    keys = [who] if who else door.outcomes
    if outcome:
        return any(door.outcomes[key] == outcome for key in keys)
    return not who or door.opens_to(who)

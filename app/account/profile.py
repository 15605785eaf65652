"""Editing one’s profile."""

from flask import flash, redirect, render_template, request, url_for

from ..decorators import login_required, require_speech
from ..web.actions import act
from ..web.requests import actor, read_for_change
from .blueprint import account
from .forms import ProfileForm, SilentProfileForm


@account.route("/settings/profile", methods=["GET", "POST"])
@login_required
def edit_profile():
    person = actor()
    if "about_me" in request.form:
        require_speech()
    read_for_change(person)
    form = ProfileForm(obj=person) if person.may_speak else SilentProfileForm(obj=person)
    if form.validate_on_submit():
        act(save, person, form)
        flash("Profile saved.", "success")
        return redirect(url_for("main.user", username=person.username))
    return render_template("account/edit_profile.html", form=form)


def save(person, form):
    """Save the form. Raise Silenced if a sanction came in the meantime."""
    form.populate_obj(person)
    if "about_me" in form:
        person.require_speech()

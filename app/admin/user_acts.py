"""Actions on one member."""

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError

from .. import data_export
from ..email import (
    send_account_made,
    send_address_assigned,
    send_email_changed,
    send_reset_password,
    send_role_changed,
)
from ..extensions import db
from ..models import AccountDeletion, Role, User
from ..models.retention.erasure import count_left
from ..models.users.rank import Refused
from ..security.rate_limits import MAILS_TO
from ..text.names import readable_address
from ..web.actions import attempt, report_result
from ..web.requests import actor, read_for_change, right_password
from .blueprint import admin
from .user import show_user
from .user_forms import (
    ADDRESS_TAKEN,
    NAME_TAKEN,
    ActForm,
    AddressForm,
    ChangeRoleForm,
    DeleteUserForm,
    EditUserForm,
    NewUserForm,
)

MOST_NOW = 500  # rows that are removed while somebody waits; more of them in the background
ACTS = {  # the verb, what to say where it changed something, and where it did not
    "confirm": (
        User.vouch_for_address,
        "{}’s email was confirmed.",
        "{}’s email was already confirmed.",
    ),
    "deactivate": (
        User.deactivate,
        "{} was deactivated and signed out everywhere.",
        "{} was already deactivated.",
    ),
    "reactivate": (User.reactivate, "{} was reactivated.", "{} was already active."),
    "require-password": (
        User.demand_new_password,
        "{} must choose a new password.",
        "{} must already choose a new password.",
    ),
    "reset-link": (
        User.offer_reset_link,
        "Password link sent to {}.",
        "",
    ),
    "sign-out": (
        User.sign_out_everywhere,
        "{} was signed out everywhere.",
        "{} wasn’t signed in anywhere.",
    ),
}
TOO_MANY_LINKS = "{} was sent three links in the last hour. Try again later."
ANY_ACT = f"any({', '.join(repr(act) for act in ACTS)})"


@admin.route(f"/users/<id:id>/<{ANY_ACT}:act>", methods=["POST"])
def act_on_user(id, act):
    person, form = db.get_or_404(User, id), ActForm()
    if not form.validate_on_submit():
        return show_user(person, form)
    verb, *words = ACTS[act]
    with attempt(form) as done:
        changed = verb(person, by=actor(), reason=form.reason.data)
        if act == "reset-link" and not offer_link(person):
            raise Refused(TOO_MANY_LINKS.format(person.username))
    if done:
        changed_words, unchanged = (sentence.format(person.username) for sentence in words)
        report_result(changed, changed_words, unchanged)
    return redirect(url_for("admin.user", id=id))


@admin.route("/users/new", methods=["GET", "POST"])
def new_user():
    """Create an account without a password; an email brings the link to choose one (R-83)."""
    form = NewUserForm(actor())
    if form.validate_on_submit():
        person = make_account(form)
        if person is not None:
            flash(f"Account created. We’ve emailed {person.username}.", "success")
            return redirect(url_for("admin.user", id=person.id))
    return render_template("admin/new_user.html", form=form)


@admin.route("/users/<id:id>/role", methods=["GET", "POST"])
def change_role(id):
    person = db.get_or_404(User, id)
    if request.method == "POST":
        User.one_at_a_time()
        db.session.refresh(person)
    form, before = ChangeRoleForm(person, actor()), person.role_in_words
    if form.validate_on_submit():
        role = db.get_or_404(Role, form.role.data)
        values = dict(by=actor(), until=form.moment, reason=form.reason.data)
        with attempt(at=form) as done:
            changed = person.change_role(role, **values)
            if changed:
                send_role_changed(person, before)
        if done:
            name, words = person.username, person.role_in_words
            same = f"No change: {name}’s role is {words}."
            report_result(changed, f"{name}’s role is now {words}.", same)
            return redirect(url_for("admin.user", id=id))
    return show_act("admin/change_role.html", person, form)


@admin.route("/users/<id:id>/edit", methods=["GET", "POST"])
def edit_user(id):
    person = db.get_or_404(User, id)
    read_for_change(person)
    form = EditUserForm(person)
    if form.validate_on_submit():
        with attempt(at=form) as done:
            changed = person.edit(by=actor(), reason=form.reason.data, **form.values)
        if done:
            said = f"Saved. We’ve notified {person.username}."
            report_result(changed, said, "No changes to save.")
            return redirect(url_for("admin.user", id=id))
    return show_act("admin/edit_user.html", person, form)


@admin.route("/users/<id:id>/address", methods=["GET", "POST"])
def change_address(id):
    """The new email must be confirmed; the old one gets a link to undo the change."""
    person = db.get_or_404(User, id)
    read_for_change(person)
    form = AddressForm(obj=person)
    if form.validate_on_submit():
        MAILS_TO.take(form.email.data)
        old, was_proven = person.email, person.is_confirmed
        values = dict(by=actor(), reason=form.reason.data)
        with attempt(at=form) as done:
            changed = person.assign_address(form.email.data, **values)
            if changed:
                send_address_assigned(person)
            if changed and was_proven:
                send_email_changed(person, old, by_staff=True)
        if done and changed:
            address = readable_address(person.email)
            flash(f"Email changed to {address}. We’ve sent a link to confirm it.", "mail")
        elif done:
            flash(f"No change: the email is {readable_address(old)}.", "info")
        if done:
            return redirect(url_for("admin.user", id=id))
    return show_act("admin/change_address.html", person, form)


@admin.route("/users/<id:id>/delete", methods=["GET", "POST"])
def delete_user(id):
    person = db.get_or_404(User, id)
    form = DeleteUserForm(person)
    if form.validate_on_submit() and right_password(actor(), form.password):
        values = dict(reason=form.reason.data, removes_writing=form.writing.data == "goes")
        with attempt(at=form) as done:
            AccountDeletion.order(person, by=actor(), **values)
        if done:
            flash(delete_now_or_later(person), "success")
            return redirect(url_for("admin.users"))
    return show_act("admin/delete_user.html", person, form)


def delete_now_or_later(person):
    """Delete immediately if there is little to delete; return the message."""
    name = person.username
    if count_left(person.id, MOST_NOW) < MOST_NOW and data_export.delete_now(person):
        return f"Deleted: {name}."
    return f"Deleting {name}… this can take a few minutes."


def show_act(template, person, form):
    """Show the page of an action; 403 if the rules forbid it."""
    if not actor().may_act_on(person):
        abort(403, actor().why_not_act_on(person))
    return render_template(template, user=person, form=form)


def offer_link(person):
    """Send a reset link; return False, without a trace, if there were too many."""
    if not MAILS_TO.is_open(person.email):
        db.session.rollback()
        return False
    send_reset_password(person, by_staff=True)
    return True


def make_account(form):
    """Create the account with its email and log entry; None if a name is taken."""
    MAILS_TO.take(form.email.data)
    try:
        with db.session.begin_nested():
            names = ("email", "username", "first_name", "last_name")
            role = db.session.get(Role, form.role.data)
            values = {name: form[name].data for name in names}
            person = User.make(role=role, by=actor(), **values)
    except Refused as refusal:
        form.role.errors = [str(refusal)]
        return None
    except IntegrityError:  # another was faster
        if User.with_email(form.email.data):
            form.email.errors = [ADDRESS_TAKEN]
        else:
            form.username.errors = [NAME_TAKEN]
        return None
    send_account_made(person)
    db.session.commit()
    return person

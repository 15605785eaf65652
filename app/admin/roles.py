"""Roles: list, create, edit, delete."""

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from ..email import send_role_changed
from ..extensions import db
from ..forms import choices_of
from ..models import Role, User
from ..models.roles.management import USUAL
from ..web.actions import attempt
from ..web.requests import actor
from .blueprint import admin
from .role_forms import ALLOWS, DeleteRoleForm, RoleForm

DESCRIBED = ("name", "description", "index")


@admin.route("/roles")
def roles():
    held, for_a_time = count_holders(), count_holders(User.role_until.is_not(None))
    return render_template("admin/roles.html", roles=Role.all(), held=held, for_a_time=for_a_time)


@admin.route("/roles/new", methods=["GET", "POST"])
def new_role():
    form = RoleForm(actor())
    if form.validate_on_submit() and (role := done(form, create)):
        flash(f"Role {role.name} created.", "success")
        return redirect(url_for("admin.roles"))
    return render_template("admin/new_role.html", form=form, allows=ALLOWS, closed=beyond(actor()))


@admin.route("/roles/<id:id>", methods=["GET", "POST"])
def edit_role(id):
    role = db.get_or_404(Role, id)
    if request.method == "POST":
        Role.people().one_at_a_time()
        db.session.refresh(role)
    form, words = RoleForm(actor(), role), why_not(role, actor())
    form.locked = [name for name, why in words["closed"].items() if why]
    if form.validate_on_submit() and done(form, change, role):
        flash(f"Role {role.name} saved.", "success")
        return redirect(url_for("admin.roles"))
    words |= dict(held=role.count_holders(), allows=ALLOWS)
    return render_template("admin/edit_role.html", role=role, form=form, **words)


@admin.route("/roles/<id:id>/delete", methods=["GET", "POST"])
def delete_role(id):
    role = db.get_or_404(Role, id)
    form = delete_form(role, actor())
    if form.validate_on_submit() and done(form, delete, role):
        flash(f"Role {role.name} deleted.", "success")
        return redirect(url_for("admin.roles"))
    words = dict(refusal=role.why_not_delete(actor()), held=role.count_bound())
    return render_template("admin/delete_role.html", role=role, form=form, **words)


def count_holders(*conditions):
    """Return {role id: number of people who have it}."""
    rows = select(User.role_id, func.count()).where(*conditions).group_by(User.role_id)
    return dict(db.session.execute(rows).all())


def done(form, act, *things):
    """Call a verb and commit; show a refusal on top of the form."""
    with attempt(at=form) as done:
        result = act(form, *things)
    return result if done else None


def create(form):
    why = dict(by=actor(), reason=form.reason.data)
    role = Role.create(**why, **form.values())
    if form.default.data:
        role.make_default(**why)
    return role


def change(form, role):
    why = dict(by=actor(), reason=form.reason.data)
    role.change(**why, **form.values(form.locked))
    if form.default.data:
        role.make_default(**why)
    return role


def delete(form, role):
    move_to = db.session.get(Role, form.move_to.data) if "move_to" in form else None
    for person in role.delete(by=actor(), move_to=move_to, reason=form.reason.data):
        send_role_changed(person)
    return role


def delete_form(role, by):
    """The form asks where to move people, unless nobody has the role."""
    form = DeleteRoleForm()
    others = [other for other in Role.all() if other is not role and by.may_grant(other)]
    form.move_to.choices = choices_of((other.id, other.name) for other in others)
    if not form.is_submitted():
        form.move_to.data = next((other.id for other in others if other.default), None)
    if not role.count_bound():
        del form.move_to
    return form


def why_not(role, by):
    """Return what the administrator can’t do to the role, and why."""
    mask, words = role.why_not_change_permissions(by), role.why_not_rename(by)
    closed = dict.fromkeys(USUAL) | dict.fromkeys(DESCRIBED, words) | {"permissions": mask}
    closed["default"] = role.why_not_make_default(by)
    refusal, lasting = role.why_not_change(by), role.why_not_delete(by)
    return dict(refusal=refusal, lasting=lasting, closed=closed | beyond(by))


def beyond(by):
    """Return the permissions that the administrator doesn’t have and so can’t give."""
    names = [name for name in ALLOWS if name not in by.current_role.permission_names]
    return dict.fromkeys(names, "You can’t give permissions you don’t have.")

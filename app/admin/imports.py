"""Importing people: upload, review the plan, confirm."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from humanize import precisedelta
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import undefer
from wtforms import BooleanField, HiddenField, SubmitField
from wtforms.validators import DataRequired

from ..extensions import db
from ..forms import Form, UploadField, at_most
from ..imports import Plan, carry_out, make_plan
from ..imports.csv_format import COLUMNS, MOST_ROWS, Unreadable, decoded
from ..models import PeopleImport, User
from ..models.errors import Refused
from ..web.requests import actor, takes_files
from .blueprint import admin

LARGEST = 8 * 1024 * 1024  # bytes of a request
MOST_MAILS = 5000
KINDS = ("new", "changes", "same", "error", "warning")
GONE = "This import is finished, canceled or expired."
CHANGED = "Something changed meanwhile. Nothing was imported; please review again."
BUSY = "The site is busy, or this import is already running. Try again in a moment."
DONE = "Import finished: {new} new, {changes} changed, {error} skipped."


class ImportForm(Form):
    file = UploadField("CSV file", validators=[DataRequired("Choose a file.")])
    submit = SubmitField("Preview")


class ConfirmImportForm(Form):
    plan_hash = HiddenField(validators=[at_most(64)])
    mail = BooleanField("Email new members a link to choose a password")


@admin.route("/people/import", methods=["GET", "POST"])
@takes_files(LARGEST)
def import_people():
    form = ImportForm()
    if form.validate_on_submit() and (row := keep_for_review(form.file)):
        db.session.commit()
        return redirect(url_for("admin.review_import", id=row.id))
    waiting = db.session.scalar(PeopleImport.of(actor()).limit(1))
    facts = dict(columns=COLUMNS, most=MOST_ROWS, megabytes=LARGEST // 1024**2)
    return render_template("admin/import_people.html", form=form, waiting=waiting, **facts)


@admin.route("/people/import/<id:id>", methods=["GET", "POST"])
def review_import(id):
    row, form = find_import(id), ConfirmImportForm()
    if row is None:
        return answer_gone()
    if not form.validate_on_submit():
        return show_plan(row, form)
    return confirm_import(row, form)


@admin.route("/people/import/<id:id>/cancel", methods=["POST"])
def cancel_import(id):
    row = find_import(id)
    if row is None:
        return answer_gone()
    row.close()
    db.session.commit()
    flash("Import canceled.", "success")
    return redirect(url_for("admin.import_people"))


def find_import(id):
    """Return a pending import of the administrator’s own, as it was planned by their rank."""
    whole = undefer(PeopleImport.text), undefer(PeopleImport.plan)
    here = PeopleImport.of(actor()).where(PeopleImport.id == id).options(*whole)
    return db.session.scalar(here)


def answer_gone():
    """Redirect after a double click; 404 for an unknown import."""
    if request.method != "POST":
        abort(404)
    flash(GONE, "warning")
    return redirect(url_for("admin.import_people"))


def show_plan(row, form):
    plan, kind = Plan(row.plan), request.args.get("kind")
    kind = kind if kind in KINDS else None
    places = {name: request.args.get(name, type=int) for name in ("after", "before")}
    facts = dict(counts=plan.counts, kind=kind, page=plan.page(kind, **places), most=MOST_MAILS)
    lifetime = precisedelta(current_app.config["INVITATION_LIFETIME"], format="%d")
    names = dict(row=row, form=form, lifetime=lifetime, **facts)
    return render_template("admin/review_import.html", **names)


def keep_for_review(field):
    """Store an uploaded file with its plan; None, with an error at the field, if it is invalid."""
    try:
        text = decoded(field.data.read())
        plan = make_plan(text, by=actor())
    except Unreadable as error:
        field.errors = [str(error)]
        return None
    return PeopleImport.open(by=actor(), filename=field.data.filename, text=text, plan=plan)


def confirm_import(row, form):
    """Carry out the plan that was shown; if it has changed, show it again."""
    id, plan = row.id, make_plan(row.text, by=actor())
    shown = plan.hash == form.plan_hash.data
    obstacle = do_import(row, plan, form.mail.data) if shown else CHANGED
    if obstacle is None:
        flash(DONE.format(**plan.counts), "success")
        return redirect(url_for("admin.import_people"))
    row = db.session.get(PeopleImport, id, populate_existing=True)
    if row is None:  # done by another press of the button, or gone with the person who brought it
        return answer_gone()
    if obstacle == CHANGED:
        row.show(make_plan(row.text, by=actor()))
        db.session.commit()
    flash(obstacle, "warning")
    return redirect(url_for("admin.review_import", id=id))


def do_import(row, plan, mail):
    """Carry out all of it and commit, or nothing; return None or the reason.

    The roles are locked before anything else, as by everybody who changes people.
    """
    mail = mail and plan.counts["new"] <= MOST_MAILS
    facts = dict(by=actor(), filename=row.filename, text=row.text, mail=mail)
    try:
        User.one_at_a_time()
        if row.close():
            carry_out(plan, **facts)
            db.session.commit()
            return None
        obstacle = CHANGED
    except (Refused, IntegrityError):
        obstacle = CHANGED
    except OperationalError:  # whoever writes keeps us waiting for too long
        obstacle = BUSY
    db.session.rollback()
    return obstacle

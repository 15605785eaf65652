"""Data export and account deletion."""

import re

from flask import abort, current_app, flash, redirect, render_template, url_for

from ..decorators import login_required, own_things
from ..email import send_leaving
from ..extensions import db
from ..models import AccountDeletion, DataExport
from ..models.retention.data_export import MOST_A_DAY, RETENTION
from ..models.site.setting import current_settings
from ..web.actions import attempt
from ..web.requests import actor, back_to, right_password
from .blueprint import account
from .forms import DeleteAccountForm


@account.route("/settings/data", methods=["GET"])
@login_required
def data():
    person = actor()
    facts = dict(latest=DataExport.latest_of(person), ready=DataExport.ready_of(person))
    return render_template("account/data.html", days=RETENTION.days, most=MOST_A_DAY, **facts)


@account.route("/settings/data", methods=["POST"])
@login_required
def ask_for_data():
    with attempt() as done:
        DataExport.ask(actor())
    if done:
        flash("Export requested. We’ll email you when it’s ready.", "success")
    return redirect(url_for("account.data"))


@account.route("/settings/data/<id:id>")
@own_things
def download_data(id):
    export = db.session.get(DataExport, id)
    if export is None or export.user_id != actor().id or export.state != "ready":
        abort(404)
    response = current_app.response_class(
        parts_of(current_app._get_current_object(), id), mimetype="application/zip"
    )
    response.content_length = export.size
    site = re.sub(r"[^a-z0-9]+", "-", current_settings().site_name.lower()).strip("-") or "site"
    name = f"{site}-{actor().username}-{export.ready_at:%Y-%m-%d}.zip"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def parts_of(app, id):
    """Yield the file in parts, each in an app context of its own, as the request is over."""
    number = 0
    while True:
        with app.app_context():
            part = DataExport.part(id, number)
        if part is None:
            return
        yield part
        number += 1


@account.route("/settings/delete-account", methods=["GET", "POST"])
@login_required
def delete_account():
    person, form = actor(), DeleteAccountForm()
    deletion = AccountDeletion.of(person)
    if deletion is None and form.validate_on_submit() and right_password(person, form.password):
        ask_to_leave(person, removes_writing=form.writing.data == "goes")
        return redirect(url_for("account.delete_account"))
    return render_template("account/delete_account.html", form=form, deletion=deletion)


def ask_to_leave(person, *, removes_writing):
    with attempt() as done:
        deletion, is_new = AccountDeletion.ask(person, removes_writing=removes_writing)
        if is_new:
            send_leaving(person, deletion)
    if done:
        flash("We’ve scheduled it and emailed you the date and how to cancel.", "mail")


@account.route("/settings/delete-account/keep", methods=["POST"])
@login_required
def keep_account():
    with attempt() as done:
        kept = AccountDeletion.keep(actor())
    if not done:
        return redirect(url_for("account.delete_account"))
    words = "Your account stays. Good to have you here!"
    flash(words if kept else "Your account wasn’t scheduled for deletion.", "success")
    return redirect(back_to(url_for("main.index")))

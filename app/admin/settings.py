"""The settings page."""

from flask import flash, redirect, render_template, request, url_for

from ..extensions import db
from ..models import Setting
from ..models.site.setting import current_settings
from ..web.requests import actor
from .blueprint import admin
from .setting_forms import SettingsForm


@admin.route("/settings", methods=["GET", "POST"])
def settings():
    if request.method == "POST":
        Setting.lock()
    form = SettingsForm(current_settings(), actor())
    if form.validate_on_submit():
        changed = Setting.change(by=actor(), reason=form.reason.data, **form.values())
        form.remember_zone(actor())
        db.session.commit()
        flash("Settings saved." if changed else "No changes to save.", "success")
        return redirect(url_for("admin.settings"))
    return render_template("admin/settings.html", form=form)

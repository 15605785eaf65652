"""The log, with everything in it, for administrators."""

from datetime import UTC, datetime, time

from flask import render_template, request
from wtforms import DateField, StringField
from wtforms.validators import Optional

from ..extensions import db
from ..forms import Form, at_most, stripped, visible
from ..models import AuditEntry, AuditHead, User
from ..models.fields import at_midnight
from ..models.setting import current_settings
from ..paging import page_of
from .blueprint import admin


class LogForm(Form):
    """Filters; they stand in the address of the page."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args

    actor = StringField("Who", filters=[stripped], validators=[visible, at_most(64)])
    action = StringField("Did what", filters=[stripped], validators=[visible, at_most(64)])
    target = StringField("To whom or what", filters=[stripped], validators=[visible, at_most(254)])
    since = DateField("Since", validators=[Optional()])
    until = DateField("Until", validators=[Optional()])


@admin.route("/audit")
def audit():
    form = LogForm()
    entries = AuditEntry.latest().order_by(None)
    if form.validate():
        entries = entries.where(*conditions(form))
    size = current_settings().posts_per_page
    return render_template(
        "admin/audit.html",
        form=form,
        page=page_of(entries, [AuditEntry.id], size=size),
        args={field.name: request.args[field.name] for field in form if field.data},
        head=db.session.get(AuditHead, AuditHead.ONLY),
        acts=sorted(AuditEntry.ACTS),
    )


def conditions(form):
    """Yield what the filters ask for, as far as they are filled in."""
    if form.actor.data:
        yield AuditEntry.actor_name == as_written(form.actor.data)
    if form.action.data:
        yield AuditEntry.action == form.action.data.lower()
    if form.target.data:
        yield AuditEntry.target_name == as_written(form.target.data)
    if form.since.data:
        yield AuditEntry.created_at >= datetime.combine(form.since.data, time.min, UTC)
    if form.until.data and form.until.data.year < 9999:
        yield AuditEntry.created_at < at_midnight(form.until.data)


def as_written(name):
    """Return a name as the log has it: a username may be typed in any case."""
    person = User.with_username(name)
    return person.username if person else name

"""The audit log for administrators."""

from flask import render_template

from ..extensions import db
from ..models import AuditEntry, AuditHead
from ..models.audit.actions import Action
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.audit_filters import LogFilters, as_written, name_field
from .blueprint import admin


class LogForm(LogFilters):
    actor = name_field("Staff member")
    action = name_field("Action")
    target = name_field("Target", 254)

    def conditions(self):
        yield from super().conditions()
        if self.actor.data:
            yield AuditEntry.actor_name == as_written(self.actor.data)
        if self.action.data:
            yield AuditEntry.action == self.action.data.lower()
        if self.target.data:
            yield AuditEntry.target_name == as_written(self.target.data)


@admin.route("/audit")
def audit():
    form = LogForm()
    entries = AuditEntry.latest().order_by(None)
    if form.validate():
        entries = entries.where(*form.conditions())
    size = current_settings().posts_per_page
    return render_template(
        "admin/audit.html",
        form=form,
        page=page_of(entries, [AuditEntry.id], size=size),
        args=form.args,
        head=db.session.get(AuditHead, AuditHead.ONLY),
        acts=sorted(Action),
    )

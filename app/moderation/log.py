"""The moderation log for staff, and undo."""

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from ..email import (
    send_clean_up_undone,
    send_role_changed,
    send_sanction_lifted,
    send_sanctioned,
)
from ..extensions import db
from ..forms import Form, reason_field, without_links
from ..jobs.clean_ups import carry_out_now
from ..models import Appeal, AuditEntry, Case, CleanUp, Sanction
from ..models.audit.actions import Action
from ..models.moderation.log_cards import staff_cards
from ..models.moderation.ruling import BOTH, HIDDEN
from ..models.moderation.undo import undo, why_not_undo
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.actions import attempt
from ..web.audit_filters import ActFilters, as_written, name_field
from ..web.requests import actor, back_to
from .blueprint import moderation
from .texts import tell_author

STILL_SETTLED = " The reports stay settled, and the people who reported it aren’t notified again."
STILL_LIFTED = " What the appeal lifted stays lifted. Undo those log entries too, or decide again."
STILL_DECIDED = (
    " The appeal stays decided, so the member can’t appeal again. Undo that decision too."
)
TAKEN_BACK_BY = {  # actions on content: what the undo of one is to its author
    Action.HIDE: Action.RESTORE,
    Action.RESTORE: Action.HIDE,
    Action.OPEN_COMMENTS: Action.CLOSE_COMMENTS,
    Action.EDIT_CONTENT: Action.EDIT_CONTENT,
}


class FullFilters(ActFilters):
    member = name_field("Member")

    def conditions(self):
        yield from super().conditions()
        if self.member.data:
            yield AuditEntry.target_name == as_written(self.member.data)


class UndoForm(Form):
    reason = reason_field(without_links)  # it is mailed


@moderation.route("/log")
def log():
    form, entries = FullFilters(), AuditEntry.moderation().order_by(None)
    if form.validate():
        entries = entries.where(*form.conditions())
    order, size = [AuditEntry.created_at, AuditEntry.id], current_settings().posts_per_page
    page = page_of(entries, order, size=size)
    return render_template(
        "moderation/log.html",
        page=page,
        cards=staff_cards(page.items, actor()),
        stuck=why_not_undo(page.items, actor()),
        form=form,
        args=form.args,
    )


@moderation.route("/log/<id:id>")
def log_entry(id):
    return show_entry(find_entry(id), UndoForm(formdata=None))


@moderation.route("/log/<id:id>/undo", methods=["POST"])
def undo_entry(id):
    entry, form = find_entry(id), UndoForm()
    if not form.validate():
        return show_entry(entry, form)
    with attempt(form, words=f"Entry {id} was not undone. {{}}") as done:
        thing, reason = undo(entry, by=actor(), reason=form.reason.data or "")
        tell(entry, thing, reason)
    if done:
        whom = entry.target_name or "a deleted member"
        also = what_stays(entry, thing)
        kind = "warning" if also else "success"
        flash(f"Undone: entry {id} about {whom}.{also}", kind)
        if entry.action == Action.CLEAN_UP:
            carry_out_now(thing)
    return redirect(back_to(url_for("moderation.log")))


def what_stays(entry, thing):
    """Return what else was decided with the undone action and stays."""
    if leaves_settled(entry, thing):
        return STILL_SETTLED
    if entry.action == Action.ACCEPT_APPEAL:
        return STILL_LIFTED
    if entry.action in (Action.LIFT_SANCTION, Action.RESTORE) and Appeal.was_accepted_about(thing):
        return STILL_DECIDED
    return ""


def leaves_settled(entry, thing):
    """Whether the undo restored content whose reports stay settled."""
    if entry.action != Action.HIDE:
        return False
    ruled = Case.outcome.in_([HIDDEN, BOTH])
    return bool(db.session.scalar(select(Case.id).where(*Case.about(thing), ruled).limit(1)))


def find_entry(id):
    return db.first_or_404(AuditEntry.moderation().where(AuditEntry.id == id))


def show_entry(entry, form):
    (card,) = staff_cards([entry], actor())
    stuck = why_not_undo([entry], actor())
    return render_template("moderation/log_entry.html", card=card, stuck=stuck, form=form)


def tell(entry, thing, reason):
    """Send the email that a person would get if the undo had been done by hand."""
    if action := TAKEN_BACK_BY.get(entry.action):
        content = thing[0] if action == Action.EDIT_CONTENT else thing
        if not content.is_held:
            tell_author(action, content, reason)
    elif entry.action == Action.LIFT_SANCTION:
        send_sanctioned(thing)
    elif isinstance(thing, Sanction):
        send_sanction_lifted(thing, reason)
    elif isinstance(thing, CleanUp) and thing.user.is_reached_by_mail:
        send_clean_up_undone(thing, by=actor(), reason=reason)
    elif entry.action == Action.CHANGE_ROLE:
        send_role_changed(thing[0], entry.after)

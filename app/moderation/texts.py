"""A post or comment for moderators: hide, restore, edit, close, remove."""

from flask import abort, redirect, render_template, url_for
from sqlalchemy import func, select

from ..decorators import admin_required
from ..email import send_content_mail
from ..extensions import db
from ..models import AuditEntry, Comment, Like, Post, Revision
from ..models.audit.actions import Action
from ..models.audit.entry import name_of
from ..models.errors import ChangedMeanwhile
from ..models.retention.purge import purge_removed
from ..web.requests import actor
from .acts import moderate
from .blueprint import moderation
from .forms import ReasonForm, RemoveForm, ReviseForm

A_TEXT = "/<any(post, comment):noun>/<id:id>"
KINDS = {"post": Post, "comment": Comment}
VERBS = {  # in a URL: the method, the action, and what to say
    "hide": ("hide", Action.HIDE, "Hidden: {}."),
    "restore": ("restore", Action.RESTORE, "Restored: {}."),
    "close": ("close", Action.CLOSE_COMMENTS, "Comments closed: {}."),
    "open": ("reopen", Action.OPEN_COMMENTS, "Comments reopened: {}."),
}
SHOWN = 20  # entries of the log


@moderation.route(A_TEXT)
def text(noun, id):
    return show_text(find_text(noun, id), ReasonForm())


@moderation.route(f"{A_TEXT}/<any(hide, restore, close, open):verb>", methods=["POST"])
def act_on_text(noun, id, verb):
    content, form = find_text(noun, id), ReasonForm()
    method, action, words = VERBS[verb]
    if not hasattr(content, method):
        abort(404)
    if not form.validate_on_submit():
        return show_text(content, form)
    reason = form.reason.data
    values = dict(reason=reason, words=words.format(called(content)))
    values |= dict(tell=lambda: tell_author(action, content, reason))
    moderate(getattr(content, method), form=form, **values)
    return redirect(text_url(content))


@moderation.route(f"{A_TEXT}/edit", methods=["GET", "POST"])
def edit_text(noun, id):
    content = find_text(noun, id)
    require_rank(content)
    form = ReviseForm(obj=content)
    form.changed_by = content.editor_name
    if form.validate_on_submit() and revise(content, form):
        return redirect(text_url(content))
    return render_template("moderation/edit_text.html", content=content, form=form)


@moderation.route(f"{A_TEXT}/remove", methods=["GET", "POST"])
@admin_required
def remove_text(noun, id):
    content, form = find_text(noun, id), RemoveForm()
    require_rank(content)
    if not form.validate_on_submit():
        facts = dict(form=form, goes=goes_with(content))
        return render_template("moderation/remove_text.html", content=content, **facts)
    reason, values = form.reason.data, dict(words=f"Permanently removed: {called(content)}.")
    values |= dict(reason=reason, tell=lambda: tell_author(Action.REMOVE_CONTENT, content, reason))
    if moderate(content.remove, form=form, **values):
        purge_removed(content)
    return redirect(url_for("moderation.queue"))


def revise(content, form):
    """Save the edit; return False if the form shows why it failed."""
    reason, since = form.reason.data, content.version if form.has_version else None
    values = dict(words=f"Saved: {called(content)}.", reason=reason, form=form, since=since)
    values |= dict(tell=lambda: tell_author(Action.EDIT_CONTENT, content, reason))
    values |= dict(same="No changes to save.")
    try:
        moderate(content.revise, form.body.data, withhold=not form.keeps_history.data, **values)
    except ChangedMeanwhile:
        return form.agrees_with(content)
    return True


def find_text(noun, id):
    return db.get_or_404(KINDS[noun], id)


def called(content):
    """Return what the content is, for messages: `post by bob`."""
    return f"{content.noun} by {name_of(content) or 'a deleted member'}"


def text_url(content):
    return url_for("moderation.text", noun=content.noun, id=content.id)


def require_rank(content):
    """403 with the reason if the rules forbid it."""
    if words := content.why_not_moderated_by(actor()):
        abort(403, words)


def show_text(content, form):
    """Show the page; `form` has the reason."""
    return render_template(
        "moderation/text.html",
        content=content,
        form=form,
        forbidden=content.why_not_moderated_by(actor()),
        entries=db.session.scalars(AuditEntry.moderation_about(content).limit(SHOWN)).all(),
    )


def tell_author(action, content, reason):
    send_content_mail(action, content, by=actor(), reason=reason)


def goes_with(content):
    """Return {noun: how many are removed along with the content}."""
    here = {"earlier version": (Revision, getattr(Revision, f"{content.noun}_id"))}
    if content.noun == "post":
        here |= {"comment": (Comment, Comment.post_id), "like": (Like, Like.post_id)}
    counts = [
        select(func.count()).select_from(kind).where(column == content.id).scalar_subquery()
        for kind, column in here.values()
    ]
    return dict(zip(here, db.session.execute(select(*counts)).one(), strict=True))

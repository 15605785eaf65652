"""Helpers of the views of posts and comments: a form writes once, and races end well."""

from flask import abort, flash, make_response, redirect, render_template
from humanize import naturaldelta
from sqlalchemy.exc import IntegrityError

from ..decorators import allow, require_speech
from ..extensions import db
from ..models.content.pace import seconds_to_wait
from ..models.content.watched_word import WordRefused
from ..models.errors import ChangedMeanwhile, Refused
from ..web.actions import act, report_result
from ..web.requests import actor, undo
from .forms import EditForm

QUOTED = 1000  # characters of a comment that an answer begins with
TOO_SOON = "You’ve reached the limit for now. Send this again in {}."
WAITS = "Your {} is pending review. Others can see it once a moderator approves it."


def publish_once(cls, form, *about):
    """Publish the form’s content and return it. A repeated form returns what it published before.

    Also where it is sent twice at this very moment: of the two, the database lets one in. None
    where it became impossible a moment ago, or where the form says what stands against it.
    """
    key = form.key.data
    if is_too_soon(cls, form):
        return None
    try:
        content = cls.publish(*about, form.body.data, by=actor(), form_key=key)
        db.session.commit()
    except Refused as error:
        undo()
        require_speech()
        form.body.errors = [str(error)]
        return None
    except IntegrityError:
        db.session.rollback()
        content = cls.sent_with(key, actor())
        if content is None:
            raise
    if content.body != form.body.data:
        form.begin_anew(f"This form already sent another {cls.noun}.")
        return None
    if content.is_deleted:
        flash(f"You already sent this {cls.noun} and then deleted it.", "warning")
    elif content.is_held:
        flash(WAITS.format(cls.noun), "info")
    else:
        flash(f"{cls.noun.capitalize()} published.", "success")
    return content


def is_too_soon(cls, form):
    """Whether the member reached the limit; the form then shows it and keeps the text.

    A form that has written already is no further text.
    """
    form.wait = seconds_to_wait(actor())
    if form.wait and cls.sent_with(form.key.data, actor()) is None:
        form.body.errors = [TOO_SOON.format(naturaldelta(form.wait))]
        return True
    form.wait = 0
    return False


def find_content(cls, id):
    """Return a post or comment that the viewer can see; else 404."""
    content = db.session.get(cls, id)
    if content is None or not content.visible_to(actor()):
        abort(404)
    return content


def change_own(verb, allowed, words, same):
    """Call a verb and commit; 403 unless `allowed`. Flash `words`, or `same` if nothing changed."""
    allow(allowed(actor()))
    report_result(act(verb), words, same)


def page_with_form(page, form, code=200):
    """Return a page with a form; 429 if the form was sent too soon."""
    response = make_response(page, code)
    if form is not None and form.wait:
        response.status_code, response.headers["Retry-After"] = 429, str(form.wait)
    return response


def edit(content, place_of):
    """Show the edit form of one’s own content, or save it and redirect."""
    if content.is_by(actor()):
        require_speech()
    allow(content.editable_by(actor()))
    form = EditForm(obj=content)
    form.changed_by = content.editor_name
    if form.validate_on_submit() and (changed := save(content, form)) is not None:
        words = f"{content.noun.capitalize()} saved." if changed else "Nothing changed."
        flash(f"{words} {WAITS.format(content.noun)}" if content.is_held else words, "success")
        return redirect(place_of(content))
    return render_template("main/edit_writing.html", form=form, content=content)


def save(content, form):
    """Return whether the edit changed anything; None if the form shows why it failed."""
    since = content.version if form.has_version else None
    try:
        return act(content.edit, form.body.data, by=actor(), since=since) is not None
    except WordRefused as error:
        form.body.errors = [str(error)]
    except ChangedMeanwhile:
        form.agrees_with(content)
    return None


def quote(comment):
    """Return a quotation of a comment in Markdown, without the quotations in it."""
    lines = [line for line in comment.body.split("\n") if not line.lstrip().startswith(">")]
    text = "\n".join(lines).strip()
    if len(text) > QUOTED:
        text = f"{text[:QUOTED].rsplit(None, 1)[0]} …"
    quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    name = f"@{comment.author.username}:\n" if comment.author else ""
    return f"{name}{quoted}\n\n"

"""What the views of posts and comments have in common: a form writes once, and races end well."""

from flask import abort, flash, redirect, render_template
from sqlalchemy.exc import IntegrityError

from ..decorators import allow, require_speech
from ..extensions import db
from ..models.refused import Refused, Silenced
from ..security import actor, undo
from .forms import EditForm

QUOTED = 1000  # characters of a comment that an answer begins with


def publish_once(cls, form, *about):
    """Write what the form holds, and return it; what it wrote before, where it is sent again.

    Also where it is sent twice at this very moment: of the two, the database lets one in. None
    where it became impossible a moment ago, or where the form, which says so, wrote another text.
    """
    key = form.key.data
    try:
        written = cls.publish(*about, form.body.data, by=actor(), form_key=key)
        db.session.commit()
    except Refused:
        undo()
        require_speech()
        return None
    except IntegrityError:
        db.session.rollback()
        written = cls.sent_with(key, actor())
        if written is None:
            raise
    if written.body != form.body.data:
        form.begin_anew(f"This form has made another {cls.noun} already.")
        return None
    if written.is_deleted:
        flash(f"You sent this {cls.noun} before, and deleted it since.", "warning")
    else:
        flash(f"Your {cls.noun} is published.", "success")
    return written


def edit(written, place_of):
    """Show the form in which its author edits a text, or save what it holds and lead to it."""
    if written.is_by(actor()):
        require_speech()
    allow(written.editable_by(actor()))
    form = EditForm(obj=written)
    if form.validate_on_submit():
        changed = act(written.edit, form.body.data, by=actor())
        words = f"The {written.noun} is changed." if changed else "Nothing was changed."
        flash(words, "success")
        return redirect(place_of(written))
    return render_template("main/edit_writing.html", form=form, written=written)


def act(verb, *values, **named):
    """Do it and commit. 403, with the reason, where it became impossible a moment ago."""
    try:
        result = verb(*values, **named)
        db.session.commit()
    except Refused as error:
        undo()
        if isinstance(error, Silenced):
            require_speech()
        abort(403, str(error))
    return result


def quote(comment):
    """Return the text that an answer to a comment begins with; quotes in it are left out."""
    lines = [line for line in comment.body.split("\n") if not line.lstrip().startswith(">")]
    text = "\n".join(lines).strip()
    if len(text) > QUOTED:
        text = f"{text[:QUOTED].rsplit(None, 1)[0]} …"
    quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    name = f"@{comment.author.username}:\n" if comment.author else ""
    return f"{name}{quoted}\n\n"

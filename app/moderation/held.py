"""Pending posts and comments: approve or decline them."""

from flask import flash, redirect, render_template, url_for

from ..email import send_text_declined
from ..extensions import db
from ..models import Comment, Post
from ..models.errors import Refused
from ..models.moderation.approval_queue import count_held, held_texts
from ..web.actions import attempt
from ..web.requests import actor
from ..web.typed import refuse
from .blueprint import moderation
from .newcomer_forms import HeldForm
from .texts import called

MOST_SHOWN = 50  # on the page, the oldest; others move up as these are decided
NOUNS = {"post": Post, "comment": Comment}
DECIDED = "This was already decided or deleted."


@moderation.route("/held")
def held():
    return show_held()


@moderation.route("/held/<any(post, comment):noun>/<id:id>", methods=["POST"])
def decide_on_held(noun, id):
    content, form = db.session.get(NOUNS[noun], id), HeldForm()
    if content is None or not content.is_held:
        refuse(DECIDED, form)
    elif not form.validate():
        return show_held(form, f"{noun}-{id}")
    else:
        decide(content, form)
    return redirect(url_for("moderation.held"))


def show_held(form=None, about=None):
    """Show the page; `form` has what was typed for the content `about`."""
    texts = held_texts(most=MOST_SHOWN)
    form = form or HeldForm(formdata=None)
    facts = dict(form=form, about=about, more=count_held() - len(texts))
    return render_template("moderation/held.html", texts=texts, **facts)


def decide(content, form):
    """Decide and commit, or show why it was refused."""
    with attempt(form) as done:
        words = settle(content, form)
        if not words:
            raise Refused(DECIDED)
    if done:
        flash(words, "success")


def settle(content, form):
    """Return a message of what was done; None if someone else was faster."""
    facts = dict(by=actor(), version=form.version.data, reason=form.reason.data or "")
    if form.approve.data:
        done = content.approve(**facts)
        return f"Approved: {called(content)}." if done else None
    if not content.decline(**facts):
        return None
    send_text_declined(content, facts["by"], facts["reason"])
    return f"Declined: {called(content)}. The author sees your reason."

"""Watched words: the list, and trying a text."""

from flask import flash, redirect, render_template, url_for

from ..extensions import db
from ..models import WatchedWord
from ..models.content.rendering import preview_of
from ..models.content.screening import hosts_outside
from ..models.content.watched_word import EFFECTS, WatchList
from ..web.actions import attempt
from ..web.requests import actor
from .blueprint import moderation
from .newcomer_forms import TrialForm, WatchedWordForm


@moderation.route("/words", methods=["GET", "POST"])
def words():
    form = WatchedWordForm()
    if form.validate_on_submit() and add(form):
        return redirect(url_for("moderation.words"))
    return show_words(form, TrialForm(formdata=None))


@moderation.route("/words/try", methods=["POST"])
def try_words():
    trial, verdict = TrialForm(), None
    if trial.validate():
        html = preview_of(trial.text.data)
        found = WatchList.now().found_in_html(html)
        verdict = dict(found=found, outside=sorted(hosts_outside(html)))
    return show_words(WatchedWordForm(formdata=None), trial, verdict)


@moderation.route("/words/<id:id>/remove", methods=["POST"])
def remove_word(id):
    word = db.session.get(WatchedWord, id)
    if word is not None and word.remove(by=actor()):
        flash(f"“{word.pattern}” removed.", "success")
    else:
        flash("It was already removed.", "warning")
    db.session.commit()
    return redirect(url_for("moderation.words"))


def add(form):
    """Add the word and commit, or show why not at its field."""
    facts = {name: form[name].data for name in ("kind", "pattern", "act", "note")}
    with attempt(at=form.pattern) as done:
        WatchedWord.add(**facts, by=actor())
    if done:
        flash(f"“{form.pattern.data}” added.", "success")
    return bool(done)


def show_words(form, trial, verdict=None):
    listed = db.session.scalars(WatchedWord.in_order()).all()
    facts = dict(form=form, trial=trial, verdict=verdict, effects=EFFECTS)
    return render_template("moderation/words.html", words=listed, **facts)

"""Members as moderators see them."""

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func

from ..extensions import db
from ..models import AuditEntry, CleanUp, StaffNote, User
from ..models.audit.actions import EVERYBODY
from ..models.moderation.user_history import PersonHistory
from ..models.users.listing import PeopleList
from ..models.users.name_search import parts_of
from ..pagination import page_of
from ..web.requests import actor
from .acts import moderate
from .blueprint import moderation
from .forms import FindPeopleForm, NoteForm

PER_PAGE = 50
SHOWN = 20  # notes and entries of the log


@moderation.route("/people")
def people():
    """Search by name only: emails are for administrators."""
    form = FindPeopleForm()
    words = (form.q.data or "") if form.validate() else ""
    found = PeopleList(words=words).find()
    statement = found.statement
    for part in parts_of(words):
        names = func.replace(found.people.search_text, "  " + found.people.email, "")
        statement = statement.where(names.contains(part, autoescape=True))
    page = page_of(statement, found.columns, size=PER_PAGE, descending=found.descending)
    args = {"q": request.args["q"]} if words else {}
    return render_template("moderation/people.html", form=form, page=page, args=args)


@moderation.route("/people/<username>")
def person(username):
    return show_person(find_person(username), NoteForm())


@moderation.route("/people/<username>/notes", methods=["POST"])
def add_note(username):
    user, form = find_person(username), NoteForm()
    if not form.validate_on_submit():
        return show_person(user, form)
    words = f"Note about {user.username} added."
    moderate(lambda by: StaffNote.add(user, form.text.data, by=by), words=words, form=form)
    return redirect(person_url(user))


@moderation.route("/notes/<id:id>/remove", methods=["POST"])
def remove_note(id):
    note = db.session.get(StaffNote, id)
    if note is None:
        flash("This note was already removed.", "warning")
        return redirect(url_for("moderation.people"))
    user = db.session.get(User, note.user_id)
    moderate(note.remove, words=f"Note about {user.username} removed.")
    return redirect(person_url(user))


def find_person(username):
    return User.with_username(username) or abort(404)


def person_url(user):
    return url_for("moderation.person", username=user.username)


def show_person(user, form):
    """Show the page; `form` has a note.

    What is for staff alone is kept from members of staff about themselves, and about their betters.
    """
    forbidden = actor().why_not_act_on(user)
    entries = AuditEntry.moderation_about(user)
    if forbidden:
        entries = entries.where(AuditEntry.audience == EVERYBODY)
    return render_template(
        "moderation/person.html",
        user=user,
        form=form,
        forbidden=forbidden,
        history=PersonHistory(user),
        clean_ups=db.session.scalars(CleanUp.of(user).limit(SHOWN)).all(),
        notes=[] if forbidden else db.session.scalars(StaffNote.about(user).limit(SHOWN)).all(),
        entries=db.session.scalars(entries.limit(SHOWN)).all(),
    )

"""What takes back acts on posts and comments, and rulings on what was reported."""

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ..extensions import db
from .audit import AuditEntry
from .case import Case
from .comment import Comment
from .inverse import NO_LONGER, Inverse, subjects, targets
from .post import Post
from .refused import Refused
from .revision import Revision
from .ruling import DISMISSED, OWN_MATTER
from .user import User

HIDING = ("hide", "restore", "approve text", "decline text")
CLOSING = ("close comments", "open comments")
RULING = ("dismiss reports", "uphold reports", "reopen reports")


def find_posts(entries, model=Post):
    here = [entry for entry in entries if entry.target_type == model.noun]
    author = joinedload(model.author).joinedload(User.former_role)
    return targets(model, here, author) if here else {}


def find_texts(entries):
    return find_posts(entries) | find_posts(entries, Comment)


def of_text(stands, verb, family, find=find_texts):
    """An act on a post or comment; `stands` says whether what it did is so still."""

    def why_not(entry, text, by):
        if text.is_held or not stands(text):
            return NO_LONGER
        return text.why_not_moderated_by(by)

    return Inverse(find, lambda text: text.lock(), why_not, verb, family)


def restore(entry, text, by, reason):
    text.restore(by=by, reason=reason)


def hide(entry, text, by, reason):
    """Hide it again; its author reads for which reason it had been hidden."""
    before = AuditEntry.action.in_(["hide", "decline text"]), AuditEntry.id < entry.id
    former = db.session.scalars(AuditEntry.about(text).where(*before).limit(1)).first()
    text.hide(by=by, reason=f"{reason} {former.reason if former else ''}".strip()[:500])


def close(entry, post, by, reason):
    post.close(by=by, reason=reason)


def reopen(entry, post, by, reason):
    post.reopen(by=by, reason=reason)


def edit_back(entry, text, by, reason):
    """Give it the words that it had before, as one more version.

    They are the newest former text but for those that staff has put there and taken back since.
    Refused where its author has changed it too.
    """
    history, number = text.history(), int(entry.before.removeprefix("version "))
    edits = AuditEntry.about(text).where(AuditEntry.action == "edit text")
    since = edits.where(AuditEntry.id >= entry.id).order_by(None)
    counted = (select(func.count()).select_from(rows.subquery()) for rows in (history, since))
    former, by_staff = (db.session.scalar(rows) for rows in counted)
    if text.version - number != by_staff or former != text.version - 1:
        raise Refused("Its author has changed it since.")
    rows = history.order_by(Revision.id).offset(number - 1).limit(1)
    text.revise(db.session.scalar(rows).body, by=by, reason=reason)


def of_case(stands, verb):
    """A ruling on what was reported; what was hidden or imposed with it is undone apart."""

    def why_not(entry, case, by):
        if not stands(entry, case):
            return NO_LONGER
        return OWN_MATTER if case.person_id == by.id else None

    return Inverse(find_cases, lambda case: case.lock(), why_not, verb, RULING)


def find_cases(entries):
    return subjects(Case, entries)


def wait_again(entry, case, by, reason):
    case.reopen(by=by, reason=reason)


def dismiss(entry, case, by, reason):
    case.dismiss(by=by, reason=reason)


INVERSES = {
    "hide": of_text(lambda text: text.is_hidden, restore, HIDING),
    "decline text": of_text(lambda text: text.is_hidden, restore, HIDING),
    "restore": of_text(lambda text: not text.is_hidden, hide, HIDING),
    "approve text": of_text(lambda text: not text.is_hidden, hide, HIDING),
    "close comments": of_text(lambda post: post.is_closed_by_staff, reopen, CLOSING, find_posts),
    "open comments": of_text(lambda post: not post.is_closed_by_staff, close, CLOSING, find_posts),
    "edit text": of_text(lambda text: not text.is_deleted, edit_back, ("edit text",)),
    "dismiss reports": of_case(lambda entry, case: not case.is_open, wait_again),
    "uphold reports": of_case(lambda entry, case: not case.is_open, wait_again),
    "reopen reports": of_case(
        lambda entry, case: case.is_open and entry.before.startswith(DISMISSED), dismiss
    ),
}

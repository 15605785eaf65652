"""What takes back acts on posts and comments."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..extensions import db
from .audit import AuditEntry
from .comment import Comment
from .held import WAITED
from .inverse import NO_LONGER, Inverse, rows_of
from .post import Post
from .revision import Revision
from .user import User


def find_texts(entries):
    found = {}
    for model in (Post, Comment):
        if some := [entry for entry in entries if entry.target_type == model.noun]:
            found |= rows_of(model, some, joinedload(model.author).joinedload(User.former_role))
    return found


def of_text(stands, verb, family):
    """An act on a post or comment; `stands` says whether what it did is so still."""

    def why_not(entry, text, by):
        return text.why_not_moderated_by(by) if stands(text) else NO_LONGER

    return Inverse(find_texts, lambda text: text.lock(), why_not, verb, family)


def restore(entry, text, by, reason):
    """Let it be as it was: to be read by everybody, or waiting for approval."""
    verb = text.hold_again if entry.before == WAITED else text.restore
    verb(by=by, reason=reason)


def hide(entry, text, by, reason):
    """Hide it again; its author reads for which reason it had been hidden."""
    before = AuditEntry.action == "hide", AuditEntry.id < entry.id
    former = db.session.scalars(AuditEntry.about(text).where(*before).limit(1)).first()
    text.hide(by=by, reason=f"{reason} {former.reason if former else ''}".strip()[:500])


def hold_again(entry, text, by, reason):
    text.hold_again(by=by, reason=reason)


def close(entry, post, by, reason):
    post.close(by=by, reason=reason)


def open_again(entry, post, by, reason):
    post.reopen(by=by, reason=reason)


# Edits: the text before is put back, as long as nobody has edited it since


def find_edits(entries):
    """The text, and what it was before: {entry.id: (text, revision)}."""
    texts, ids = find_texts(entries), {entry.subject_id for entry in entries}
    rows = db.session.scalars(select(Revision).where(Revision.id.in_(ids - {None})))
    revisions = {row.id: row for row in rows}
    pairs = {entry.id: (texts.get(entry.id), revisions.get(entry.subject_id)) for entry in entries}
    return {id: pair for id, pair in pairs.items() if all(pair)}


def why_not_put_back(entry, pair, by):
    text, _ = pair
    if text.is_deleted or entry.after != f"version {text.version}":
        return NO_LONGER
    return text.why_not_moderated_by(by)


def put_back(entry, pair, by, reason):
    text, revision = pair
    text.revise(revision.body, by=by, reason=reason)

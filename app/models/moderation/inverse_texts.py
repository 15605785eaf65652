"""What takes back acts on posts and comments."""

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased, joinedload

from ...extensions import db
from ...text.markdown import Text as Draft
from ..audit.entry import AuditEntry
from ..content.approvable import WAITED
from ..content.comment import Comment
from ..content.moderatable import TAKEN_OUT
from ..content.post import Post
from ..content.revision import Revision
from ..notifications import dispatch
from ..users.user import User
from .inverse import NO_LONGER, UndoAction, rows_of


def find_posts(entries, model=Post):
    here = [entry for entry in entries if entry.target_type == model.noun]
    author = joinedload(model.author).joinedload(User.former_role)
    return rows_of(model, here, author) if here else {}


def find_texts(entries):
    return find_posts(entries) | find_posts(entries, Comment)


def of_text(stands, verb, family, find=find_texts):
    """An act on a post or comment; `stands` says whether what it did is so still."""

    def why_not(entry, text, by):
        return text.why_not_moderated_by(by) if stands(text) else NO_LONGER

    return UndoAction(find, lambda text: text.lock(), why_not, verb, family)


def restore(entry, text, by, reason):
    """Let it be as it was: to be read by everybody, or waiting for approval."""
    verb = text.hold_again if entry.before == WAITED else text.restore
    verb(by=by, reason=reason)


def hide(entry, text, by, reason):
    """Hide it again; its author reads for which reason it had been hidden.

    What a clean-up had hidden belongs to that again, and comes back with it.
    """
    before = AuditEntry.action == "hide", AuditEntry.id < entry.id
    former = db.session.scalars(AuditEntry.about(text).where(*before).limit(1)).first()
    text.hide(by=by, reason=f"{reason} {former.reason if former else ''}".strip()[:500])
    text.clean_up_id = entry.subject_id


def hold_again(entry, text, by, reason):
    text.hold_again(by=by, reason=reason)


def close(entry, post, by, reason):
    post.close(by=by, reason=reason)


def open_again(entry, post, by, reason):
    post.reopen(by=by, reason=reason)


# Edits: the text before is put back, unless its author has changed it since


def find_edits(entries):
    """The text, what it was before, and how often staff edited it since: {entry.id: these}."""
    texts, ids = find_texts(entries), {entry.subject_id for entry in entries}
    rows = db.session.scalars(select(Revision).where(Revision.id.in_(ids - {None})))
    revisions, later = {row.id: row for row in rows}, _edits_after(entries)
    found = {e.id: (texts.get(e.id), revisions.get(e.subject_id)) for e in entries}
    return {id: (*pair, later.get(id, 0)) for id, pair in found.items() if all(pair)}


def _edits_after(entries):
    later = aliased(AuditEntry)
    same = later.target_type == AuditEntry.target_type, later.target_id == AuditEntry.target_id
    edits = later.action == "edit text", later.id > AuditEntry.id, *same
    counted = select(AuditEntry.id, func.count()).join(later, and_(*edits))
    ids = [entry.id for entry in entries]
    return dict(
        db.session.execute(counted.where(AuditEntry.id.in_(ids)).group_by(AuditEntry.id)).all()
    )


def why_not_put_back(entry, found, by):
    text, _, later = found
    if text.is_deleted or text.is_held:
        return NO_LONGER
    if text.version != int(entry.after.removeprefix("version ")) + later:
        return "Its author has changed it since."
    return text.why_not_moderated_by(by)


def put_back(entry, found, by, reason):
    text, revision, _ = found
    named = Draft(text.body).called
    text.publish_former(entry)
    again = entry.undoes_id and db.session.get(AuditEntry, entry.undoes_id)
    withhold = bool(again) and TAKEN_OUT in again.before
    if draft := text.revise(revision.body, by=by, reason=reason, withhold=withhold):
        gone = [name for name in named if name not in draft.called]
        dispatch.withdraw_mentions(text, gone, since=entry.created_at)

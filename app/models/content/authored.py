"""Authored content: what members can do with their posts and comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    select,
    update,
)

from ...extensions import db
from ...text.markdown import Text as Draft
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..conditions import SHOWN
from ..errors import ChangedMeanwhile, Refused
from ..fields import utcnow
from ..notifications import dispatch
from ..users.user import User
from .approvable import Approvable
from .moderatable import TAKEN_OUT
from .rendering import rendered
from .revision import Revision
from .screening import hold_of
from .watch import Watch

LONGEST = 10_000  # characters
LISTED = SHOWN.text()
HELD = "held_at IS NOT NULL"
HIDDEN = "hidden_at IS NOT NULL"
APPROVED = "approved_at IS NOT NULL"


class Authored(Approvable):
    """Each action locks the row, checks the rules, then changes it and the stored counts.

    Rendering comes before the lock, so that nobody waits for a long text (R-20).
    """

    @classmethod
    def sent_with(cls, form_key: str | None, author: User) -> Self | None:
        """Return what the author has already sent with this form; None if nothing."""
        here = cls.form_key == form_key, cls.author_id == author.id
        return db.session.scalar(select(cls).where(*here)) if form_key else None

    @classmethod
    def _publish(cls, text: str, by: User, form_key: str | None, **columns: Any) -> Self:
        """Write it; what was sent with the same form before is returned instead.

        It may have to wait for approval. WordRefused where it holds a word that is refused.
        IntegrityError where the same form is being sent twice at this very moment.
        """
        if content := cls.sent_with(form_key, by):
            return content
        draft, texts = rendered(text)
        hold = hold_of(texts["body_html"], by)
        who: dict[str, Any] = dict(author=by, editor_name=by.username, form_key=form_key or None)
        content = cls(**who, **texts, **columns)
        content.join_thread(is_held=bool(hold))
        if hold:
            content.hold(hold)
        db.session.add(content)
        db.session.flush()
        content.keep_tags(draft.tags)
        Watch.join(content.thread_id, by.id)
        if hold:
            by.require_speech()
        else:
            content.tell(draft.called)
            by.count_written(**{f"{cls.noun}_count": 1})
        return content

    def join_thread(self, *, is_held: bool) -> None:
        """Join the thread, before the row is written. Raise Refused if the thread is closed."""

    def keep_tags(self, tags: Sequence[Any]) -> None:
        """Store the tags; comments have none."""

    def edit(
        self, text: str, *, by: User, as_staff: bool = False, since: int | None = None
    ) -> Draft | None:
        """Change the text, and add the former one to the history. Return the draft.

        Return None if the text is the same. Raise Refused if it was hidden or deleted meanwhile,
        and ChangedMeanwhile if `since`, the version that was edited, is not the present one.
        Content that awaits approval has no history, as only staff have read it.
        """
        if text == self.body:
            return None
        known = Draft(self.body).called
        draft, texts = rendered(text)
        hold = hold_of(texts["body_html"], by, before=self.body_html)
        self._lock_for_action(by) if as_staff else self.lock()
        if self.is_deleted or not (as_staff or self.is_changeable):
            raise Refused(f"This {self.noun} can no longer be changed.")
        if text == self.body:
            return None
        if since not in (None, self.version):
            raise ChangedMeanwhile(f"Someone changed this {self.noun} after you opened it.")
        if not self.is_held:
            self._keep_former()
        for name, value in texts.items():
            setattr(self, name, value)
        self.version, self.editor_name = self.version + 1, by.username
        if hold:
            self.hold(hold)
        if not as_staff:
            self.tell_named(draft, known)
            by.require_speech()
        return draft

    def revise(
        self,
        text: str,
        *,
        by: User,
        reason: str = "",
        withhold: bool = False,
        since: int | None = None,
    ) -> Draft | None:
        """Change the text as staff, also if hidden. Return the draft; None for the same text.

        The log has the numbers of the versions. The former text is in the public history, unless
        staff `withhold` it.
        """
        known = Draft(self.body).called
        draft = self.edit(text, by=by, as_staff=True, since=since)
        if draft is not None:
            said: dict[str, Any] = dict(
                before=f"version {self.version - 1}", after=f"version {self.version}"
            )
            said["before"] += f", {TAKEN_OUT}" if withhold else ""
            said["subject_id"] = None if self.is_held else self.newest_revision_id()
            entry = self._record(Action.EDIT_CONTENT, by, reason, **said)
            if withhold:
                self.withhold_former(entry)
            self.tell_named(draft, known)
        return draft

    def tell_named(self, draft: Draft, known: Sequence[Any]) -> None:
        """Notify the people whom a draft mentions, except those in `known`, if it is public."""
        if self.is_shown:
            dispatch.notify_mentions(self, [name for name in draft.called if name not in known])

    def _keep_former(self) -> None:
        about = {f"{self.noun}_id": self.id}
        before = dict(body=self.body, editor_name=self.editor_name)
        db.session.add(Revision(created_at=self.written_at, **before, **about))
        self.edited_at = utcnow()

    def delete(self) -> bool:
        """Delete it; staff see it for RETENTION. Return False if it was already deleted."""
        self.lock()
        if self.is_deleted:
            return False
        self.deleted_at = utcnow()
        if not self.is_hidden:
            self.count(-1)
        dispatch.withdraw(self)
        return True

    @property
    def written_at(self) -> datetime:
        """When the present text was written."""
        return self.edited_at or self.created_at

    def history(self) -> Select:
        """Select the former texts."""
        return select(Revision).where(getattr(Revision, f"{self.noun}_id") == self.id)

    def is_open_book(self, user: User) -> bool:
        """Return whether the user may read all former texts."""
        return self.is_by(user) or user.is_moderator()

    def history_for(self, user: User) -> Select:
        """Select the former texts that the user may read; others see no withheld ones."""
        if self.is_open_book(user):
            return self.history()
        return self.history().where(Revision.withheld_by.is_(None))

    def withhold_former(self, entry: AuditEntry) -> None:
        """Withhold the former texts from the public history, because of an audit entry."""
        self._withhold(Revision.withheld_by.is_(None), entry.id)

    def publish_former(self, entry: AuditEntry) -> None:
        """Put the texts withheld by an audit entry back into the public history."""
        self._withhold(Revision.withheld_by == entry.id, None)

    def _withhold(self, condition: ColumnElement[bool], entry_id: int | None) -> None:
        db.session.flush()
        mine = getattr(Revision, f"{self.noun}_id") == self.id
        here = update(Revision).where(mine, condition).values(withheld_by=entry_id)
        db.session.execute(here)

    def newest_revision_id(self) -> int | None:
        """Return the id of the newest former text; None if there is none."""
        newest = self.history().with_only_columns(func.max(Revision.id)).order_by(None)
        return db.session.scalar(newest)

    def after(self, revision: Revision) -> Revision | Self:
        """Return what replaced a former text: the next revision, or the content itself."""
        later = self.history().where(Revision.id > revision.id).order_by(Revision.id)
        return db.session.scalar(later.limit(1)) or self

"""What moderators do with a text: hide it, change it, take it away; each act is in the log.

Its author and staff still see what is hidden, with the reason.
"""

from datetime import timedelta
from functools import reduce
from operator import or_

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ...text.markdown import Text as Draft
from ..audit.actions import Action
from ..audit.entry import OPERATOR, SITE, AuditEntry
from ..errors import Refused
from ..fields import Moment, Reason, utcnow
from ..notifications import dispatch
from ..users.user import User

KEPT = timedelta(days=30)  # what its author deleted, for staff
TAKEN_OUT = "taken out of the public history"
BY_CLEAN_UP = "clean_up_id IS NOT NULL"


class ModerationRules:
    """Which texts who may act on. Views and templates ask the same questions.

    They need `author_id` and `author_mask`, so light rows of a list answer them too.
    """

    def moderatable_by(self, user):
        """Whether the person may hide, restore, edit and close it, as staff."""
        return self.why_not_moderated_by(user) is None

    def removable_by(self, user):
        """Whether the person may take it away for good."""
        return user.is_administrator() and self.moderatable_by(user)

    def why_not_moderated_by(self, user):
        """Return a sentence that says why `moderatable_by` is False; None where it is True."""
        if not user.is_moderator():
            return "Only moderators can do this."
        if self.is_by(user):
            return f"You wrote this {self.noun}, so another moderator decides."
        if self.author_mask & ~user.current_role.permissions:
            return "The author has a higher rank than you, so you can’t do this."
        return None


class Moderatable(ModerationRules):
    """Verbs are safe to repeat: of many at once, one is True. Stored counts follow.

    `by` is who acts; None is an operator at the shell, above all ranks, and so is SITE. A class
    brings `lock`, which waits for whoever changes it, `count`, which counts it again or no longer,
    `edit`, `tell_named`, `withhold_former` and `newest_revision_id`.
    """

    hidden_at: Mapped[Moment | None]
    hidden_reason: Mapped[Reason]
    hidden_by: Mapped[str] = mapped_column(String(64), default="")  # the username
    clean_up_id: Mapped[int | None]  # the CleanUp that hid it, which goes with its member

    @property
    def author_mask(self):
        """All that its author may do, or will once a role for a time is over."""
        roles = (self.author.role, self.author.former_role) if self.author else ()
        return reduce(or_, (role.permissions for role in roles if role), 0)

    @property
    def is_removed(self):
        """Whether it is due to be purged."""
        return self.is_deleted and self.gone_at <= utcnow()

    def revise(self, text, *, by, reason="", withhold=False, since=None):
        """Change the text as staff, also while it is hidden; None: it is the text that it had.

        The log tells which version it was, and none of the words: those are in the history, which
        everybody reads, unless they are to `withhold` from it.
        """
        known = Draft(self.body).called
        draft = self.edit(text, by=by, as_staff=True, since=since)
        if draft is not None:
            said = dict(before=f"version {self.version - 1}", after=f"version {self.version}")
            said["before"] += f", {TAKEN_OUT}" if withhold else ""
            said["subject_id"] = None if self.is_held else self.newest_revision_id()
            entry = self._record(Action.EDIT_CONTENT, by, reason, **said)
            if withhold:
                self.withhold_former(entry)
            self.tell_named(draft, known)
        return draft

    def remove(self, *, by, reason=""):
        """Take it away for good: from now on it is due to be purged, see upkeep.py."""
        self._lock_for_action(by)
        if getattr(by, "id", None) and not self.removable_by(by):
            raise Refused("Only administrators can remove something for good.")
        if self.is_removed:
            return False
        was_shown, self.deleted_at = self.is_shown, utcnow() - KEPT
        entry = AuditEntry.record(Action.REMOVE_CONTENT, self, by=by, reason=reason)
        dispatch.notify_action(entry, self.author_id)
        dispatch.withdraw(self)
        if was_shown:
            self.count(-1)
        return True

    def _set_hidden(self, by, reason):
        self.hidden_at, self.hidden_reason = utcnow(), reason
        self.hidden_by = getattr(by, "username", by or OPERATOR)

    def _record(self, action, by, reason, **said):
        """Write it into the log, and tell the author."""
        entry = AuditEntry.record(action, self, by=by, reason=reason, **said)
        dispatch.notify_action(entry, self.author_id, self)
        return entry

    def _lock_for_action(self, by):
        """Lock it, and refuse an act that `by` may not do by now.

        Both people are read anew and neither is locked, as texts come before people.
        """
        self.lock()
        if by is None or by is SITE:
            return
        if by.viewed_role is not None:
            raise Refused("You’re viewing the site as another role. Exit the preview first.")
        both = select(User).where(User.id.in_([self.author_id, by.id]))
        there = db.session.scalars(both.execution_options(populate_existing=True)).all()
        if by not in there or not by.is_active:
            raise Refused("Your account is deactivated.")
        if words := self.why_not_moderated_by(by):
            raise Refused(words)

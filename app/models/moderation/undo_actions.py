"""Undo actions: a table of what takes back each action, and what prevents it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from ...extensions import db
from ...text.markdown import Text as Draft
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..content.approvable import WAITED
from ..content.comment import Comment
from ..content.moderatable import TAKEN_OUT
from ..content.post import Post
from ..content.revision import Revision
from ..notifications import dispatch
from ..roles.role import Role
from ..users.user import User
from .appeal import Appeal
from .appeal_decision import LIFTED
from .case import DISMISSED, Case
from .clean_up import CleanUp
from .ruling import OWN_MATTER
from .sanction import IMPOSED, Sanction

NO_LONGER = "Something has changed since, so there’s nothing to undo."
ONLY_ADMINISTRATORS = "Only administrators can do this."


class UndoAction:
    """How an action is taken back; a subclass for each kind of target.

    `family` are the actions that change the same thing about a target: once one of them followed,
    and wasn't undone, the earlier one stays. `verb` takes the action back. `still_so` tells whether
    the target is as the action left it.
    """

    def __init__(self, family: Any, verb: Any = None, still_so: Any = None) -> None:
        self.family, self.verb, self.still_so = tuple(family), verb, still_so

    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        """Return {entry.id: target} for many entries at once, read anew."""
        raise NotImplementedError

    def lock(self, target: Any) -> None:
        """Wait for others who are acting on the target."""
        target.lock()

    def why_not(self, entry: Any, target: Any, by: Any) -> Any:
        """Return a sentence that says why the person can't undo it; None where they can."""
        return self.why_not_allowed(target, by) if self.still_so(target) else NO_LONGER

    def why_not_allowed(self, target: Any, by: User) -> str | None:
        raise NotImplementedError

    def take_back(self, entry: AuditEntry, target: Any, by: User, reason: str) -> None:
        self.verb(target, by=by, reason=reason)


def rows_by_id(model: Any, ids: set[Any], *options: Any) -> dict:
    there = select(model).where(model.id.in_(ids)).options(*options)
    rows = db.session.scalars(there, execution_options={"populate_existing": True}).unique()
    return {row.id: row for row in rows}


def targets(model: type[Any], entries: Sequence[AuditEntry], *options: Any) -> dict:
    rows = rows_by_id(model, {entry.target_id for entry in entries} - {None}, *options)
    return {entry.id: rows.get(entry.target_id) for entry in entries}


def with_roles(relationship: Any) -> Any:
    return joinedload(relationship).joinedload(User.former_role)


class OnContent(UndoAction):
    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for model in (Post, Comment):
            if here := [entry for entry in entries if entry.target_type == model.noun]:
                found |= targets(model, here, with_roles(model.author))
        return found

    def why_not_allowed(self, content: Post, by: User) -> str | None:
        return content.why_not_moderated_by(by)


class OnPost(OnContent):
    @staticmethod
    def find(entries: Any) -> Any:
        here = [entry for entry in entries if entry.target_type == Post.noun]
        return targets(Post, here, with_roles(Post.author))


class OfHiding(OnContent):
    def take_back(self, entry: Any, content: Any, by: Any, reason: Any) -> None:
        verb = content.hold_again if entry.before == WAITED else content.restore
        verb(by=by, reason=reason)


class OfRestoring(OnContent):
    """Hides again for the former reason. What a clean-up had hidden belongs to it once more."""

    def take_back(self, entry: Any, content: Any, by: Any, reason: Any) -> None:
        hidden = AuditEntry.action == Action.HIDE, AuditEntry.id < entry.id
        former = db.session.scalars(AuditEntry.about(content).where(*hidden).limit(1)).first()
        content.hide(by=by, reason=f"{reason} {former.reason if former else ''}".strip()[:500])
        content.clean_up_id = entry.subject_id


class OfEditing(OnContent):
    """Puts the former text back. A target is (content, its former text, later edits by staff)."""

    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        contents = OnContent.find(entries)
        revisions = rows_by_id(Revision, {entry.subject_id for entry in entries} - {None})
        later = _edits_after(entries)
        pairs = {e.id: (contents.get(e.id), revisions.get(e.subject_id)) for e in entries}
        return {id: (*pair, later.get(id, 0)) for id, pair in pairs.items() if all(pair)}

    def lock(self, target: Any) -> None:
        target[0].lock()

    def why_not(
        self, entry: AuditEntry, target: tuple[Post, Revision, int], by: User
    ) -> str | None:
        content, _, later = target
        if content.is_deleted or content.is_held:
            return NO_LONGER
        if content.version != int(entry.after.removeprefix("version ")) + later:
            return "The author has changed it since."
        return content.why_not_moderated_by(by)

    def take_back(self, entry: Any, target: Any, by: Any, reason: Any) -> None:
        content, revision, _ = target
        named = Draft(content.body).called
        content.publish_former(entry)
        again = entry.undoes_id and db.session.get(AuditEntry, entry.undoes_id)
        withhold = TAKEN_OUT in again.before if again else False
        if draft := content.revise(revision.body, by=by, reason=reason, withhold=withhold):
            gone = [name for name in named if name not in draft.called]
            dispatch.withdraw_mentions(content, gone, since=entry.created_at)


def _edits_after(entries: Any) -> Any:
    """Return {entry.id: how often staff edited the same content after it}."""
    later = aliased(AuditEntry)
    same = later.target_type == AuditEntry.target_type, later.target_id == AuditEntry.target_id
    edits = later.action == Action.EDIT_CONTENT, later.id > AuditEntry.id, *same
    counted = select(AuditEntry.id, func.count()).join(later, and_(*edits))
    ids = [entry.id for entry in entries]
    return dict(
        db.session.execute(counted.where(AuditEntry.id.in_(ids)).group_by(AuditEntry.id))
        .tuples()
        .all()
    )


class OfRuling(UndoAction):
    """Reports wait again. What the ruling hid or imposed has entries of its own."""

    @staticmethod
    def find(entries: Any) -> Any:
        return targets(Case, entries, joinedload(Case.person))

    def why_not(self, entry: Any, case: Any, by: Any) -> Any:
        was_dismissed = entry.action == Action.DISMISS_REPORTS
        if case.is_open or (case.outcome == DISMISSED) != was_dismissed:
            return NO_LONGER
        return OWN_MATTER if case.person_id == by.id else None


class OfReopening(OfRuling):
    def why_not(self, entry: AuditEntry, case: Case, by: User) -> str | None:
        if not entry.before.startswith(DISMISSED):
            return "Decide on it in the queue."
        return NO_LONGER if not case.is_open else case.why_not_ruled_by(by)

    def take_back(self, entry: Any, case: Any, by: Any, reason: Any) -> None:
        case.dismiss(by=by, reason=reason, again=True)


class OnAppeal(UndoAction):
    @staticmethod
    def find(entries: Any) -> Any:
        return targets(Appeal, entries, with_roles(Appeal.user))

    def lock(self, appeal: Any) -> None:
        User.one_at_a_time()

    def why_not_allowed(self, appeal: Any, by: Any) -> Any:
        return appeal.why_not_decided_by(by)


class OnPerson(UndoAction):
    @staticmethod
    def find(entries: Any) -> Any:
        here = [entry for entry in entries if entry.target_type == "user"]
        return targets(User, here, joinedload(User.former_role))

    def lock(self, person: Any) -> None:
        User.one_at_a_time()
        db.session.execute(select(User.id).where(User.id == person.id).with_for_update())

    def why_not(self, entry: Any, person: Any, by: Any) -> Any:
        if person.is_leaving_now:
            return NO_LONGER
        return super().why_not(entry, person, by)

    def why_not_allowed(self, person: Any, by: Any) -> Any:
        return by.why_not_act_on(person) if by.is_administrator() else ONLY_ADMINISTRATORS


class OfChangingRole(OnPerson):
    """Gives the former role back. A target is (person, that role)."""

    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        people = OnPerson.find(entries)
        named = select(Role).where(Role.name.in_({entry.before for entry in entries}))
        roles = {role.name: role for role in db.session.scalars(named)}
        pairs = {entry.id: (people.get(entry.id), roles.get(entry.before)) for entry in entries}
        return {id: pair for id, pair in pairs.items() if all(pair)}

    def lock(self, target: Any) -> None:
        super().lock(target[0])

    def why_not(self, entry: AuditEntry, target: tuple[User, Role], by: User) -> str | None:
        person, role = target
        if person.role_in_words != entry.after:
            return NO_LONGER
        if words := self.why_not_allowed(person, by):
            return words
        return None if by.may_grant(role) else f"The role {role.name} allows more than yours."

    def take_back(self, entry: Any, target: Any, by: Any, reason: Any) -> None:
        person, role = target
        person.change_role(role, by=by, reason=reason)


class OnSanction(OnPerson):
    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        settled = {entry.subject_id for entry in entries if entry.subject_id}
        here = or_(Sanction.entry_id.in_([e.id for e in entries]), Sanction.id.in_(settled))
        there = select(Sanction).where(here).options(with_roles(Sanction.user))
        rows = db.session.scalars(there, execution_options={"populate_existing": True}).all()
        imposed, by_id = {row.entry_id: row for row in rows}, {row.id: row for row in rows}
        return {e.id: by_id.get(e.subject_id or 0) or imposed.get(e.id) for e in entries}

    def lock(self, sanction: Any) -> None:
        super().lock(sanction.user)

    def why_not(self, entry: AuditEntry, sanction: Sanction, by: User) -> str | None:
        if not self.still_so(sanction):
            return NO_LONGER
        if sanction.is_over:
            return "It has already expired."
        return by.why_not_sanction(sanction.user)


class OfLifting(OnSanction):
    @staticmethod
    def find(entries: Sequence[AuditEntry]) -> dict[int, Any]:
        found = OnSanction.find(entries)
        here = Appeal.sanction_id.in_([e.subject_id for e in entries]), Appeal.outcome == LIFTED
        accepted = dict(
            db.session.execute(select(Appeal.sanction_id, Appeal.decided_by).where(*here))
            .tuples()
            .all()
        )
        for sanction in filter(None, found.values()):
            sanction.lifted_on_appeal_by = accepted.get(sanction.id)
        return found

    def why_not(self, entry: AuditEntry, sanction: Sanction, by: User) -> str | None:
        lifted_by = sanction.lifted_on_appeal_by
        if lifted_by and sanction.by_id == by.id and lifted_by != by.username:
            return "It was lifted on appeal, so another moderator decides."
        return super().why_not(entry, sanction, by)


class OfCleanUp(UndoAction):
    @staticmethod
    def find(entries: Any) -> Any:
        rows = rows_by_id(
            CleanUp, {entry.subject_id for entry in entries} - {None}, with_roles(CleanUp.user)
        )
        return {entry.id: rows.get(entry.subject_id) for entry in entries}

    def lock(self, clean_up: Any) -> None:
        User.one_at_a_time()

    def why_not_allowed(self, clean_up: Any, by: Any) -> Any:
        return by.why_not_act_on(clean_up.user)


HIDING = Action.HIDE, Action.RESTORE
APPROVING = Action.APPROVE, Action.DECLINE, Action.HOLD, *HIDING
COMMENTING = Action.CLOSE_COMMENTS, Action.OPEN_COMMENTS
RULING = Action.DISMISS_REPORTS, Action.REOPEN_REPORTS, Action.UPHOLD_REPORTS
APPEALING = Action.ACCEPT_APPEAL, Action.DECLINE_APPEAL, Action.REOPEN_APPEAL
CLOSING = Action.DEACTIVATE, Action.REACTIVATE, Action.DELETE
ROLES = Action.CHANGE_ROLE, Action.END_ROLE, Action.KEEP_ROLE
SANCTIONING = *IMPOSED.values(), Action.LIFT_SANCTION, Action.REINSTATE_SANCTION

UNDO: dict[str, UndoAction] = {
    Action.HIDE: OfHiding(HIDING, still_so=lambda content: content.is_hidden),
    Action.RESTORE: OfRestoring(HIDING, still_so=lambda content: not content.is_hidden),
    Action.APPROVE: OnContent(APPROVING, Post.hold_again, lambda content: content.is_shown),
    Action.DECLINE: OnContent(APPROVING, Post.hold_again, lambda content: content.is_hidden),
    Action.CLOSE_COMMENTS: OnPost(COMMENTING, Post.reopen, lambda post: post.is_closed_by_staff),
    Action.OPEN_COMMENTS: OnPost(COMMENTING, Post.close, lambda post: not post.is_closed_by_staff),
    Action.EDIT_CONTENT: OfEditing([Action.EDIT_CONTENT]),
    Action.DISMISS_REPORTS: OfRuling(RULING, Case.reopen),
    Action.UPHOLD_REPORTS: OfRuling(RULING, Case.reopen),
    Action.REOPEN_REPORTS: OfReopening(RULING),
    Action.ACCEPT_APPEAL: OnAppeal(APPEALING, Appeal.reopen, lambda appeal: not appeal.is_open),
    Action.DECLINE_APPEAL: OnAppeal(APPEALING, Appeal.reopen, lambda appeal: not appeal.is_open),
    Action.CLEAN_UP: OfCleanUp([], CleanUp.undo, lambda clean_up: clean_up.undo_asked_at is None),
    Action.DEACTIVATE: OnPerson(CLOSING, User.reactivate, lambda person: not person.is_active),
    Action.REACTIVATE: OnPerson(CLOSING, User.deactivate, lambda person: person.is_active),
    Action.CHANGE_ROLE: OfChangingRole(ROLES),
    Action.LIFT_SANCTION: OfLifting(
        SANCTIONING, Sanction.reinstate, lambda sanction: sanction.is_lifted
    ),
    **dict.fromkeys(
        [*IMPOSED.values(), Action.REINSTATE_SANCTION],
        OnSanction(SANCTIONING, Sanction.lift, lambda sanction: not sanction.is_lifted),
    ),
}

"""What takes back each act of moderation, by the act; undo.py asks here."""

from sqlalchemy.orm import joinedload

from ..users.user import User
from .appeal import Appeal
from .case import DISMISSED, Case
from .inverse import NO_LONGER, UndoAction, lock_roles, rows_of
from .inverse_texts import (
    close,
    find_edits,
    find_posts,
    hide,
    hold_again,
    of_text,
    open_again,
    put_back,
    restore,
    why_not_put_back,
)
from .inverse_users import (
    deactivate,
    find_clean_ups,
    find_roles,
    find_sanctions,
    give_back,
    lift,
    lock_person,
    of_account,
    reactivate,
    reinstate,
    undo_clean_up,
    why_not_give_back,
    why_not_settle,
    why_not_undo_clean_up,
)
from .ruling import OWN_MATTER
from .sanction import ACTS as SANCTIONS
from .sanction import LIFT, REINSTATE


def find_cases(entries):
    return rows_of(Case, entries, joinedload(Case.person))


def why_not_reopen_case(entry, case, by):
    """What upheld reports in its own entry hid and imposed nothing: that was so before."""
    was_dismissed = entry.action == "dismiss reports"
    if case.is_open or (case.outcome == DISMISSED) != was_dismissed:
        return NO_LONGER
    return OWN_MATTER if case.person_id == by.id else None


def why_not_dismiss(entry, case, by):
    if not entry.before.startswith(DISMISSED):
        return "Rule on it in the queue."
    return NO_LONGER if not case.is_open else case.why_not_ruled_by(by)


def reopen(entry, thing, by, reason):
    thing.reopen(by=by, reason=reason)


def dismiss(entry, case, by, reason):
    case.dismiss(by=by, reason=reason, again=True)


def lock_case(case):
    case.lock()


def find_appeals(entries):
    return rows_of(Appeal, entries, joinedload(Appeal.user).joinedload(User.former_role))


def why_not_reopen_appeal(entry, appeal, by):
    return NO_LONGER if appeal.is_open else appeal.why_not_decided_by(by)


HIDING, CLOSING = ("hide", "restore"), ("deactivate", "reactivate", "delete")
HOLDING = ("approve text", "decline text", "hold text", *HIDING)
COMMENTING = ("close comments", "open comments")
REPORTING = ("dismiss reports", "reopen reports", "uphold reports")
APPEALING = ("accept appeal", "decline appeal", "reopen appeal")
SETTLING = (*SANCTIONS.values(), LIFT, REINSTATE)
LIFTED = UndoAction(
    find_sanctions, lambda sanction: lock_person(sanction.user), why_not_settle, lift, SETTLING
)
INVERSES = {
    "hide": of_text(lambda text: text.is_hidden, restore, HIDING),
    "restore": of_text(lambda text: not text.is_hidden, hide, HIDING),
    "approve text": of_text(lambda text: text.is_shown, hold_again, HOLDING),
    "decline text": of_text(lambda text: text.is_hidden, hold_again, HOLDING),
    "close comments": of_text(
        lambda post: post.is_closed_by_staff, open_again, COMMENTING, find_posts
    ),
    "open comments": of_text(
        lambda post: not post.is_closed_by_staff, close, COMMENTING, find_posts
    ),
    "edit text": UndoAction(
        find_edits, lambda found: found[0].lock(), why_not_put_back, put_back, ("edit text",)
    ),
    **dict.fromkeys(
        ["dismiss reports", "uphold reports"],
        UndoAction(find_cases, lock_case, why_not_reopen_case, reopen, REPORTING),
    ),
    "reopen reports": UndoAction(find_cases, lock_case, why_not_dismiss, dismiss, REPORTING),
    **dict.fromkeys(
        ["accept appeal", "decline appeal"],
        UndoAction(find_appeals, lock_roles, why_not_reopen_appeal, reopen, APPEALING),
    ),
    "clean up": UndoAction(find_clean_ups, lock_roles, why_not_undo_clean_up, undo_clean_up, ()),
    "deactivate": of_account(lambda person: not person.is_active, reactivate, CLOSING),
    "reactivate": of_account(lambda person: person.is_active, deactivate, CLOSING),
    "change role": UndoAction(
        find_roles,
        lambda pair: lock_person(pair[0]),
        why_not_give_back,
        give_back,
        ("change role", "end role", "keep role"),
    ),
    **dict.fromkeys([*SANCTIONS.values(), REINSTATE], LIFTED),
    LIFT: UndoAction(
        find_sanctions,
        lambda sanction: lock_person(sanction.user),
        why_not_settle,
        reinstate,
        SETTLING,
    ),
}

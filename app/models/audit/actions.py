"""Actions: what the audit log records, who reads each, and the sentences that tell of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

EVERYBODY, STAFF = "everybody", "staff"  # who reads an entry, besides administrators


@dataclass(frozen=True)
class Group:
    """Actions of one kind; `audience` reads those whose target has one of the `nouns`."""

    label: str
    audience: str | None = None
    nouns: frozenset[str] = frozenset()


PEOPLE = Group("People", EVERYBODY, frozenset({"user"}))
CONTENT = Group("Posts and comments", EVERYBODY, frozenset({"post", "comment"}))
REPORTS = Group("Reports", EVERYBODY, frozenset({"case"}))
APPEALS = Group("Appeals", EVERYBODY, frozenset({"appeal"}))
REPLIES = Group("Replies to appeals", STAFF, frozenset({"appeal"}))
NOTES = Group("Notes", STAFF, frozenset({"user"}))
WATCHED_WORDS = Group("Watched words", STAFF, frozenset({"word"}))
ADMINISTRATION = Group("Administration")
PUBLIC_GROUPS = (PEOPLE, CONTENT, REPORTS, APPEALS)


@dataclass(frozen=True)
class Facts:
    """What there is to know of an action.

    `name` is stored. `sentence` follows the name of who acted; `{member}` is whom it concerns and
    `{thing}` a post or comment. `told` says the same to that member, in notifications and emails;
    it is empty where they aren't told. `icon` is one of static/icons.svg.
    """

    name: str
    group: Group = ADMINISTRATION
    sentence: str = ""
    told: str = ""
    icon: str = "gear"


class Action(StrEnum):
    facts: Facts

    def __new__(cls, facts: Any) -> Any:
        action = str.__new__(cls, facts.name)
        action._value_, action.facts = facts.name, facts
        return action

    # Moderation: people
    BAN = Facts("ban", PEOPLE, "banned {member}", "banned your account", "slash-circle")
    CHANGE_ROLE = Facts("change role", PEOPLE, "changed the role of {member}", icon="person-badge")
    CLEAN_UP = Facts(
        "clean up",
        PEOPLE,
        "hid the recent posts and comments of {member}",
        "hid your posts and comments",
        "eye-slash",
    )
    DEACTIVATE = Facts(
        "deactivate", PEOPLE, "deactivated the account of {member}", icon="person-dash"
    )
    DELETE = Facts("delete", PEOPLE, "deleted the account of {member}", icon="person-x")
    END_ROLE = Facts("end role", PEOPLE, "ended a temporary role of {member}", icon="person-badge")
    GIVE_NOTICE = Facts(
        "give notice", PEOPLE, "sent a notice to {member}", "sent you a notice", "info-circle"
    )
    KEEP_ROLE = Facts("keep role", PEOPLE, "kept the role of {member}", icon="person-badge")
    LIFT_SANCTION = Facts(
        "lift sanction",
        PEOPLE,
        "lifted a sanction of {member}",
        "lifted a sanction against you",
        "unlock",
    )
    REACTIVATE = Facts(
        "reactivate", PEOPLE, "reactivated the account of {member}", icon="person-check"
    )
    REINSTATE_SANCTION = Facts(
        "reinstate sanction",
        PEOPLE,
        "reinstated a sanction of {member}",
        "reinstated a sanction against you",
        "lock",
    )
    SILENCE = Facts("silence", PEOPLE, "silenced {member}", "silenced you", "mic-mute")
    SUSPEND = Facts(
        "suspend", PEOPLE, "suspended {member}", "suspended your account", "pause-circle"
    )
    UNDO_CLEAN_UP = Facts(
        "undo clean up",
        PEOPLE,
        "restored what a clean-up of {member} had hidden",
        "restored your posts and comments",
        "eye",
    )
    WARN = Facts("warn", PEOPLE, "warned {member}", "warned you", "exclamation-triangle")

    # Moderation: posts and comments
    APPROVE = Facts(
        "approve text", CONTENT, "approved {thing} by {member}", "approved your {thing}", "check2"
    )
    CLOSE_COMMENTS = Facts(
        "close comments",
        CONTENT,
        "closed comments on {thing} by {member}",
        "closed comments on your {thing}",
        "lock",
    )
    DECLINE = Facts(
        "decline text",
        CONTENT,
        "declined {thing} by {member}",
        "didn’t approve your {thing}",
        "x-lg",
    )
    EDIT_CONTENT = Facts(
        "edit text", CONTENT, "edited {thing} by {member}", "edited your {thing}", "pencil"
    )
    HIDE = Facts("hide", CONTENT, "hid {thing} by {member}", "hid your {thing}", "eye-slash")
    HOLD = Facts(
        "hold text", CONTENT, "held {thing} by {member} for approval again", icon="hourglass"
    )
    OPEN_COMMENTS = Facts(
        "open comments",
        CONTENT,
        "reopened comments on {thing} by {member}",
        "reopened comments on your {thing}",
        "unlock",
    )
    REMOVE_CONTENT = Facts(
        "remove text",
        CONTENT,
        "permanently removed {thing} by {member}",
        "removed your {thing}",
        "trash",
    )
    RESTORE = Facts(
        "restore", CONTENT, "restored {thing} by {member}", "restored your {thing}", "eye"
    )

    # Moderation: reports and appeals
    DISMISS_REPORTS = Facts(
        "dismiss reports", REPORTS, "dismissed reports about {member}", icon="flag"
    )
    REOPEN_REPORTS = Facts(
        "reopen reports", REPORTS, "reopened reports about {member}", icon="flag"
    )
    UPHOLD_REPORTS = Facts("uphold reports", REPORTS, "upheld reports about {member}", icon="flag")
    ACCEPT_APPEAL = Facts(
        "accept appeal",
        APPEALS,
        "accepted the appeal of {member}",
        "accepted your appeal",
        "check2",
    )
    DECLINE_APPEAL = Facts(
        "decline appeal", APPEALS, "declined the appeal of {member}", "declined your appeal", "x-lg"
    )
    REOPEN_APPEAL = Facts(
        "reopen appeal", APPEALS, "reopened the appeal of {member}", icon="hourglass"
    )

    # For staff alone
    ADD_NOTE = Facts("add note", NOTES, "added a note about {member}", icon="pencil")
    REMOVE_NOTE = Facts("remove note", NOTES, "removed a note about {member}", icon="trash")
    ADD_WORD = Facts("add word", WATCHED_WORDS, "added {member} to the watched words")
    REMOVE_WORD = Facts("remove word", WATCHED_WORDS, "removed {member} from the watched words")
    ANSWER_APPEAL = Facts(
        "answer appeal",
        REPLIES,
        "replied to the appeal of {member}",
        "replied to your appeal",
        "chat",
    )

    # For administrators alone
    ACCEPT_REQUEST = Facts("accept request")
    APPROVE_ACCOUNT = Facts("approve")
    CHANGE = Facts("change")
    CHANGE_EMAIL = Facts("change address")
    CONFIRM_EMAIL = Facts("confirm address")
    CREATE = Facts("create")
    DECLINE_ACCOUNT = Facts("decline")
    DECLINE_REQUEST = Facts("decline request")
    DROP_MAIL = Facts("drop mail")
    EDIT_PROFILE = Facts("edit", told="edited your profile", icon="pencil")
    END_VIEW_AS = Facts("end view as role")
    EXPORT_PEOPLE = Facts("export people")
    IMPORT_PEOPLE = Facts("import people")
    INVITE = Facts("invite")
    JOIN = Facts("join")
    MAKE_DEFAULT = Facts("make default")
    PUT_BACK = Facts("put back")
    REMOVE = Facts("remove")
    REQUIRE_NEW_PASSWORD = Facts("require new password")
    RESEND_INVITATION = Facts("resend invitation")
    RETRY_MAIL = Facts("retry mail")
    RETRY_MAILS = Facts("retry mails")
    REVISE = Facts("revise")
    REVOKE_INVITATION = Facts("revoke invitation")
    SEND_RESET_LINK = Facts("send reset link")
    SEND_TEST_MAIL = Facts("send test mail")
    SET_PASSWORD = Facts("set password")
    SIGN_OUT = Facts("sign out")
    VIEW_AS = Facts("view as role")

    @property
    def label(self) -> Any:
        return self.removesuffix(" text").capitalize()

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Return the action that is stored so; None for a name of another version."""
        try:
            return cls(name)
        except ValueError:
            return None

    @classmethod
    def of(cls, group: Group) -> list[Self]:
        return [action for action in cls if action.facts.group is group]

    def audience(self, noun: str) -> str | None:
        """Return who reads of it when done to such a thing; None: administrators alone."""
        group = self.facts.group
        return group.audience if noun in group.nouns else None

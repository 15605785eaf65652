"""The acts that the log knows, and who reads of them besides administrators."""

EVERYBODY, STAFF = "everybody", "staff"  # who reads an act of moderation
PEOPLE = {"ban", "change role", "clean up", "deactivate", "delete", "end role", "give notice"}
PEOPLE |= {"keep role", "lift sanction", "reactivate", "reinstate sanction", "silence", "suspend"}
PEOPLE |= {"undo clean up", "warn"}
TEXTS = {"approve text", "close comments", "decline text", "edit text", "hide", "hold text"}
TEXTS |= {"open comments", "remove text", "restore"}
MODERATION = {  # what the public log shows, of each group: the acts, and on what they are done
    "People": (PEOPLE, {"user"}),
    "Posts and comments": (TEXTS, {"post", "comment"}),
    "Reports": ({"dismiss reports", "reopen reports", "uphold reports"}, {"case"}),
    "Appeals": ({"accept appeal", "decline appeal", "reopen appeal"}, {"appeal"}),
}
FOR_STAFF = {"add note": "user", "remove note": "user", "add word": "word", "remove word": "word"}
FOR_STAFF |= {"answer appeal": "appeal"}
ACTS = set(FOR_STAFF).union(*(acts for acts, _ in MODERATION.values()))
ACTS |= {
    "accept request",
    "approve",
    "change",
    "change address",
    "confirm address",
    "create",
    "decline",
    "decline request",
    "drop mail",
    "edit",
    "end view as role",
    "export people",
    "import people",
    "invite",
    "join",
    "make default",
    "put back",
    "remove",
    "require new password",
    "resend invitation",
    "retry mail",
    "retry mails",
    "revise",
    "revoke invitation",
    "send reset link",
    "send test mail",
    "set password",
    "sign out",
    "view as role",
}


def audience_of(action, noun):
    """Return who may read of an act on such a thing, besides administrators: None is nobody."""
    if any(action in acts and noun in nouns for acts, nouns in MODERATION.values()):
        return EVERYBODY
    return STAFF if FOR_STAFF.get(action) == noun else None

"""Differences between two access maps, a sentence for each."""

from ..access.map import LET_IN
from .access_files import KNOWN, ROLE

FACTS = {
    "methods": "methods were {}, are {}",
    "urls": "addresses were {}, are {}",
    "policy": "policy was {}, is {}",
}
PEOPLE = {
    "visitor": "visitors",
    "unconfirmed": "unconfirmed newcomers",
    "suspended": "suspended members",
}
NEW = {
    "open": "everyone can open it",
    "readers": "readers can open it: everyone or members, depending on the settings",
    "visitors only": "visitors can open it",
    "signed in": "members can open it",
    "own content": "members can open their own content",
}


def differences(saved, now):
    """Return the sentences: roles first, then the endpoints in the order of their names."""
    then = {row["endpoint"]: row for row in saved}
    here = {row["endpoint"]: row for row in now}
    old, new = roles_of(saved), roles_of(now)
    found = [f"The role {name} is new." for name in new if name not in old]
    found += [f"The role {name} was removed." for name in old if name not in new]
    both = ["visitor", "unconfirmed", "suspended", *(ROLE + name for name in new if name in old)]
    for endpoint in sorted(then | here):
        if endpoint not in here:
            found.append(f"{endpoint} was removed.")
        elif endpoint not in then:
            found.append(f"{endpoint} is new: {who_may(here[endpoint]['policy'])}.")
        else:
            found += changes_of(then[endpoint], here[endpoint], both)
    return found


def roles_of(rows):
    return [column.removeprefix(ROLE) for column in rows[0] if column not in KNOWN]


def who_may(policy):
    return NEW.get(policy) or f"{policy.removeprefix('own content with ')} can open it"


def changes_of(then, now, people):
    endpoint = now["endpoint"]
    for fact, words in FACTS.items():
        if then[fact] != now[fact]:
            yield f"{endpoint}: {words.format(then[fact], now[fact])}."
    for person in people:
        if then.get(person, now[person]) != now[person]:
            yield f"{endpoint} {change_for(person, then[person], now[person])}."


def change_for(person, then, now):
    name = PEOPLE.get(person) or person.removeprefix(ROLE)
    if now in LET_IN and then in LET_IN:
        return f"is still open to {name}, in another way: was {then}, now {now}"
    if now in LET_IN:
        own = ", for their own content" if now != LET_IN[0] else ""
        return f"can now be opened by {name}{own}"
    if then in LET_IN:
        return f"can no longer be opened by {name}: {now}"
    return f"is still closed to {name}: was {then}, now {now}"

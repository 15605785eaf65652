"""What the cells of one line ask for, and whether any person could be like that."""

import re
from functools import lru_cache

from ..text.names import (
    canonical_address,
    has_hidden_characters,
    hidden_in_words,
    is_reserved,
    problem_with_username,
    username_from,
)

NAMES = ("first_name", "last_name", "location")
LABELS = {"first_name": "first name", "last_name": "last name", "location": "location"}
LONGEST = 64
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
canonical = lru_cache(maxsize=2048)(canonical_address)


def address_in(cells, errors):
    """Return the address as it would be stored; without one the line says what is wrong."""
    text = cells["email"].strip()
    try:
        if not text:
            raise ValueError("There is no address.")
        if len(text) > 254:
            raise ValueError("It is too long.")
        if has_hidden_characters(text):
            raise ValueError(f"It holds {hidden_in_words(text)}.")
        return canonical(text)
    except ValueError as error:
        errors.append(f"Address: {error}")
        return text[:254].lower()


def names_in(cells):
    """Return the names and the place as far as the file has such columns."""
    return {name: cells[name] for name in NAMES if name in cells}


def check_text(name, text, errors):
    """Return a name or place as it would be stored."""
    if has_hidden_characters(text):
        errors.append(f"The {LABELS[name]} holds {hidden_in_words(text)}.")
    if len(text.strip()) > LONGEST:
        errors.append(f"The {LABELS[name]} is too long: {LONGEST} characters at most.")
    return text.strip()


def check_username(name, errors):
    if problem := problem_with_username(name):
        errors.append(f"Username: {problem}")
    elif is_reserved(name):
        errors.append(f"The username {name} is reserved.")


def switch_in(cells, column, errors):
    """Return True for yes, False for no, None for an empty cell or no such column."""
    word = cells.get(column, "").strip().lower()
    if word and word not in YES + NO:
        errors.append(f"{column}: write yes or no, not “{word[:40]}”.")
    return word in YES if word in YES + NO else None


def new_username(email):
    """Return what to call somebody by their address, as `flask users create` does.

    A name that would pass for staff gets the domain's first word behind it: info_acme.
    """
    base = username_from(email)
    if is_reserved(base):
        first = re.sub(r"[^a-z0-9]", "", email.partition("@")[2].partition(".")[0])
        base = f"{base[:20]}_{first[:35]}"
    return base

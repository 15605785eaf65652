"""Cells of a line: what they ask for, and whether it is valid."""

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
    """Return the email as it would be stored. Without a valid one, the line gets an error."""
    text = cells["email"].strip()
    try:
        if not text:
            raise ValueError("It is empty.")
        if len(text) > 254:
            raise ValueError("It is too long.")
        if has_hidden_characters(text):
            raise ValueError(f"It contains {hidden_in_words(text)}.")
        return canonical(text)
    except ValueError as error:
        errors.append(f"Email: {error}")
        return text[:254].lower()


def names_in(cells):
    """Return the names and the location, as far as the file has these columns."""
    return {name: cells[name] for name in NAMES if name in cells}


def check_text(name, text, errors):
    """Return a name or location as it would be stored."""
    if has_hidden_characters(text):
        errors.append(f"The {LABELS[name]} contains {hidden_in_words(text)}.")
    if len(text.strip()) > LONGEST:
        errors.append(f"The {LABELS[name]} is too long. The limit is {LONGEST} characters.")
    return text.strip()


def check_username(name, errors):
    if problem := problem_with_username(name):
        errors.append(f"Username: {problem}")
    elif is_reserved(name):
        errors.append(f"The username {name} is reserved.")


def switch_in(cells, column, errors):
    """Return True for yes, False for no, None if the cell is empty or missing."""
    word = cells.get(column, "").strip().lower()
    if word and word not in YES + NO:
        errors.append(f"{column}: use yes or no, not “{word[:40]}”.")
    return word in YES if word in YES + NO else None


def new_username(email):
    """Return a username made from an email, as `flask users create` does.

    A name that would pass for staff gets the domain's first word behind it: info_acme.
    """
    base = username_from(email)
    if is_reserved(base):
        first = re.sub(r"[^a-z0-9]", "", email.partition("@")[2].partition(".")[0])
        base = f"{base[:20]}_{first[:35]}"
    return base

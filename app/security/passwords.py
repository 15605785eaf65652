"""Passwords: hashing with argon2id, a few at a time, and a check of their strength.

Werkzeug's hashes verify too, for imported accounts.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Any
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, current_app
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.security import check_password_hash
from zxcvbn import matching, zxcvbn

SHORTEST, LONGEST = 8, 256
GOOD_ENOUGH = 3  # of zxcvbn's 0 to 4: more than 10^8 guesses
WORDS = ("Far too easy to guess", "Very easy to guess", "Easy to guess", "Good", "Very good")
WAIT = 2  # seconds to wait for a free slot
SITE_WORDS = ["offbrand", "flask", "flasky"]
MOST_SPELLINGS = 8  # readings of a l33t word; zxcvbn tries hundreds, which takes seconds
judging = Lock()  # zxcvbn keeps `user_inputs` in a dictionary shared by all threads
every_spelling = matching.enumerate_l33t_subs
matching.enumerate_l33t_subs = lambda table: every_spelling(table)[:MOST_SPELLINGS]


class Hashing:
    """The hasher of one application, with a limit on concurrent hashes."""

    def __init__(self, parameters: dict[str, Any], slots: int) -> None:
        self.hasher = PasswordHasher(**parameters)
        self.slots = BoundedSemaphore(slots)
        self.nobody = self.hasher.hash("nobody has this password")

    @contextmanager
    def slot(self) -> Iterator[PasswordHasher]:
        if not self.slots.acquire(timeout=WAIT):
            raise ServiceUnavailable("Too many people are signing in right now.", retry_after=WAIT)
        try:
            yield self.hasher
        finally:
            self.slots.release()


def init_app(app: Flask) -> None:
    if app.config["ARGON2"]["memory_cost"] < 12288 and not app.testing:
        raise RuntimeError("Passwords must be hashed with at least 12 MiB outside of tests.")
    app.extensions["passwords"] = Hashing(app.config["ARGON2"], app.config["PASSWORD_SLOTS"])


def normalized(password: str) -> str:
    """Return the password as it is hashed: in NFC, since keyboards differ in how they send é."""
    return normalize("NFC", password)


def is_too_long(password: str) -> bool:
    return min(len(password), len(normalized(password))) > LONGEST


def hash_password(password: str) -> str:
    with _hashing().slot() as hasher:
        return hasher.hash(normalized(password))


def verify(stored: str | None, password: str) -> bool:
    """Return whether the password matches the hash. None takes as long and never does (R-68).

    Older hashes of passwords that were not normalized match too.
    """
    if is_too_long(password):
        return False
    spellings = dict.fromkeys([normalized(password), password, normalize("NFD", password)])
    with _hashing().slot():
        return any(_verify(stored, spelling) for spelling in spellings)


def needs_rehash(stored: str, password: str) -> bool:
    """Return whether the hash, which the password matches, is in an older form than today's."""
    if not stored.startswith("$argon2") or _hashing().hasher.check_needs_rehash(stored):
        return True
    if password.isascii():
        return False
    with _hashing().slot():
        return not _verify(stored, normalized(password))


def _verify(stored: str | None, spelling: str) -> bool:
    if stored and not stored.startswith("$argon2"):
        return _verify_werkzeug(stored, spelling)
    hashing = _hashing()
    try:
        return hashing.hasher.verify(stored or hashing.nobody, spelling) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def problem_with(password: str, names: Iterable[str] = ()) -> str | None:
    """Return a sentence on why the password is refused; None if it is not (ASVS 6.2.1, 6.2.4)."""
    password = normalized(password)
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    score, words = strength(password, names)
    return None if score >= GOOD_ENOUGH else words


def strength(password: str, names: Iterable[str] = ()) -> tuple[int, str]:
    """Return zxcvbn's score, 0 to 4, and advice; an attacker is assumed to know the `names`."""
    if not password:  # zxcvbn raises an error for it
        return 0, f"{WORDS[0]}."
    guesses = {guess for name in names if name for guess in (name, name.partition("@")[0])}
    with judging:
        told = zxcvbn(normalized(password)[:72], user_inputs=[*SITE_WORDS, *guesses])
    hints = [told["feedback"]["warning"].strip(), *told["feedback"]["suggestions"]]
    hint = next((hint.rstrip(".") for hint in hints if hint), "Add another word or two")
    score = told["score"]
    if told["guesses"] > 10**8:  # zxcvbn's own limit is 10^8 + 5, which 8 characters never reach
        score = max(score, GOOD_ENOUGH)
    return score, f"{WORDS[score]}." if score >= GOOD_ENOUGH else f"{WORDS[score]}. {hint}."


def _verify_werkzeug(stored: str, password: str) -> bool:
    try:
        return check_password_hash(stored, password)
    except ValueError:  # an unknown method
        return False


def _hashing() -> Hashing:
    return current_app.extensions["passwords"]

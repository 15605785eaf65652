"""Usernames and email addresses: what is valid, and the form in which they are compared."""

import re
import unicodedata
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from werkzeug.routing import Map

from .domains import readable_domain

# Dots only between other characters: the period of "Ask @ann." is not part of the name
NAME = r"[A-Za-z](?:[A-Za-z0-9_]|[.](?=[A-Za-z0-9_])){0,63}+"
USERNAME = re.compile(NAME)
# Characters without width, or drawn over letters: selectors, fillers, overlays
UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
RANGES = [(0x180B, 0x180F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F)]
RANGES += [(0xFE20, 0xFE2F), (0xE0000, 0xE007F), (0xE0100, 0xE01EF)]
UNSEEN += "".join(chr(n) for first, last in RANGES for n in range(first, last + 1))
UNSEEN += "".join(c for c in map(chr, range(0x20000)) if unicodedata.category(c) == "Cf")
WITHOUT_UNSEEN = dict.fromkeys(map(ord, UNSEEN))  # for `str.translate`
ELSEWHERE = ".example.com"
NOT_AN_EMAIL = "Enter a valid email, such as name@example.com."
EMPTY_SIGNS = "\u2800\ufffc\U0001d159"  # an empty Braille cell, an object, a note without a head
JOINERS = "\u200c\u200d"  # Persian names and emoji need them
RESERVED = frozenset(
    [
        "abuse",
        "account",
        "admin",
        "administration",
        "administrator",
        "all",
        "anonymous",
        "api",
        "bot",
        "contact",
        "deleted",
        "everybody",
        "everyone",
        "guest",
        "help",
        "hostmaster",
        "info",
        "login",
        "logout",
        "mail",
        "mailbox",
        "me",
        "member",
        "mod",
        "moderator",
        "moderators",
        "mods",
        "nobody",
        "noreply",
        "null",
        "offbrand",
        "official",
        "operator",
        "owner",
        "postmaster",
        "register",
        "root",
        "security",
        "signin",
        "signup",
        "site",
        "staff",
        "super",
        "superuser",
        "support",
        "system",
        "team",
        "undefined",
        "user",
        "users",
        "webmaster",
        "www",
    ]
)


def without_unseen(text: str) -> str:
    """Return the text as readers see it: without invisible characters, in NFKC form.

    So a word broken up by invisible characters is one word.
    """
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKC", text.translate(WITHOUT_UNSEEN))
    return letters.translate(WITHOUT_UNSEEN)


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing that a reader can see."""
    seen = (c for c in without_unseen(text) if c not in EMPTY_SIGNS)
    return not any(unicodedata.category(c)[0] in "LNPS" for c in seen)


def username_key(name: str) -> str:
    """Return the key that must be unique: names that differ only in case or NFKC form share it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def problem_with_username(name: str) -> str | None:
    """Return a sentence that says why this is no valid username; None if it is."""
    if not USERNAME.fullmatch(name):
        return (
            "Start with a letter, then use letters, numbers, underscores, and single dots."
            " Use at most 64 characters."
        )
    return None


def is_reserved(name: str) -> bool:
    """Return whether the name, ignoring case, dots and digits, is that of staff or of a page."""
    name = _bare(name)
    reserved = RESERVED | _names_of_pages(current_app.url_map)
    return name in reserved or name.removesuffix("s") in reserved


@lru_cache(maxsize=1)
def _names_of_pages(url_map: Map) -> set[str]:
    """Return the first segments of the paths of the site, such as `static`."""
    return {_bare(re.split("[/<]", rule.rule)[1]) for rule in url_map.iter_rules()} - {""}


def _bare(name: str) -> str:
    return re.sub(r"[._]", "", username_key(name)).rstrip("0123456789")


def canonical_address(text: str) -> str:
    """Return the address as it is stored: in lower case, its domain in ASCII (R-31).

    Raise ValueError, with words for the person who typed it, if it is invalid. Local domains such
    as `localhost` are valid only with LOCAL_ADDRESSES.
    """
    is_local = current_app and current_app.config["LOCAL_ADDRESSES"]
    below = ELSEWHERE if is_local else ""  # where names such as localhost are nothing special
    try:
        valid = validate_email(
            text.strip() + below, check_deliverability=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise ValueError(NOT_AN_EMAIL) from None
    address = (valid.ascii_email or "").lower()
    if "=?" in address:  # an encoded word: some servers would decode it to another one
        raise ValueError("We can’t send email to this address.")
    return address.removesuffix(below)


def readable_address(address: str) -> str:
    """Return the address with its domain in Unicode letters instead of punycode."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{readable_domain(domain)}" if "xn--" in domain else address


def username_from(email: str) -> str:
    """Return a valid username from the local part of an address; the caller makes it unique."""
    name = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9_.]", "", email.partition("@")[0])
    return re.sub(r"[.]{2,}", ".", name)[:56].rstrip(".") or "member"


def address_or_none(text: str) -> str | None:
    try:
        return canonical_address(text)
    except ValueError:
        return None


def name_key(first_name: str, last_name: str) -> str:
    """Return a full name without case, accents and extra spaces; "" if a part is missing."""
    if not (first_name.strip() and last_name.strip()):
        return ""
    letters = unicodedata.normalize("NFKD", f"{first_name} {last_name}".casefold())
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(letters.split())[:130]


def address_key(email: str) -> str:
    """Return the key of addresses that often share one mailbox: without dots and a +tag."""
    local, _, domain = email.partition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def has_hidden_characters(text: str) -> bool:
    """Return whether the text has control characters, direction marks or other invisible ones."""
    if text.isascii() and text.isprintable():
        return False  # the usual case, quickly: imports check fifty thousand lines
    return any(map(is_hidden, text))


def hidden_in_words(text: str) -> str:
    """Return what the invisible characters of a text are called, such as “a line break”."""
    if re.search(r"[\r\n\v\f\x85\u2028\u2029]", text):
        return "a line break"
    return "a tab" if "\t" in text else "characters that cannot be seen"


def is_hidden(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and character not in JOINERS

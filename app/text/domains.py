"""Domain names: the form in which they are compared, and the ones that HTML links to."""

import re
from collections.abc import Iterator
from html import unescape
from unicodedata import name, normalize
from urllib.parse import unquote

from idna import IDNAError, uts46_remap

from .disguises import unmasked

LONGEST = 253
MOST_LABELS = 8  # only the last ones are compared
HREF = re.compile(r'href="([^"]*)"')
WEB = re.compile(r"https?:/*([^/?#]*)", re.IGNORECASE)  # browsers take any number of slashes
MAIL = re.compile(r"mailto:[^@?]*@([^?&,;]*)", re.IGNORECASE)
DOMAIN = re.compile(r"[a-z0-9-]+(?:[.][a-z0-9-]+)+")
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


def domain_key(host: str) -> str:
    """Return the domain in lower case and ASCII: as it is compared, and as browsers request it.

    Other characters are mapped by UTS 46, which keeps ß and ss apart. Names that no registry
    accepts, such as emoji, have a key too.
    """
    if len(host) > LONGEST:
        return host.lower().strip(".")
    try:
        host = uts46_remap(host, std3_rules=False)
    except IDNAError:
        host = normalize("NFKC", host.translate(DOTS)).lower()
    return ".".join(map(_in_ascii, host.strip(".").split(".")))


def _in_ascii(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


def readable_domain(domain: str) -> str:
    """Return the domain in Unicode letters; labels that mix scripts stay in punycode."""
    return ".".join(map(_in_letters, domain.split(".")))


def _in_letters(label: str) -> str:
    try:
        letters = label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label
    is_one = label.startswith("xn--") and domain_key(letters) == label
    return letters if is_one and _is_of_one_script(letters) else label


def _is_of_one_script(word: str) -> bool:
    """Return whether all letters are Latin, or none is Latin and not all look Latin."""
    scripts = {name(letter, "?").split()[0] for letter in word if letter.isalpha()}
    return scripts == {"LATIN"} or ("LATIN" not in scripts and not unmasked(word).isascii())


def domain_of(text: str) -> str | None:
    """Return the key of a domain that somebody typed, possibly within a URL; None if it is none."""
    text = text.strip()
    host = linked_host(text) or text.partition("/")[0]
    key = domain_key(host).removeprefix("www.")
    is_one = DOMAIN.fullmatch(key) and len(key) <= LONGEST and key.count(".") < MOST_LABELS
    return key if is_one else None


def linked_host(href: str) -> str | None:
    """Return the host of a web or mail link; None if the link stays on this site."""
    match = WEB.match(href) or MAIL.match(href)
    if match is None:
        return None
    return domain_key(unquote(match[1].rpartition("@")[2]).partition(":")[0])


def hosts_linked(html: str) -> set[str]:
    """Return the hosts that HTML from our own renderer links to."""
    hosts = (linked_host(unescape(href)) for href in HREF.findall(html))
    return {host for host in hosts if host}


def ends_of(host: str) -> Iterator[str]:
    """Yield the domain and its parent domains: a.b.example, b.example, example."""
    labels = host.split(".")[-MOST_LABELS:]
    for first in range(len(labels)):
        yield ".".join(labels[first:])

"""Autolinks: bare web and mail addresses become links, without the punctuation around them.

Two rules for the parser in markdown.py. Web addresses are parsed before emphasis, so `_` and `*`
in them stay literal. Both rules take time linear in the length of the text.
"""

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from .search_words import MARKS

LETTER = rf"[^\W_]|[{MARKS}]"
HOST = rf"[^\W_](?:[\w-]|[{MARKS}]|[.](?=\w))*(?::\d{{1,5}}(?!\w))?"
LABEL = rf"[^\W_](?:(?:[\w-]|[{MARKS}]){{0,61}}(?:{LETTER}))?"
START = re.compile(
    rf"(?<![A-Za-z0-9])https?://(?=[^\W_])|(?<![A-Za-z0-9@/.-])www[.](?={LABEL}[.][^\W_])",
    re.IGNORECASE,
)
USER = r"(?:[^\s@/?#<>()\[\]{}\"'`|\\]{1,100}@)?"
AUTHORITY = re.compile(rf"{USER}{HOST}(?:[.](?=[/?#]))?")
# A path ends at white space, characters no address contains, and punctuation of other scripts
REST = re.compile(
    r"[/?#][^\s<>\"`\\|^\u00a1\u00ab\u00bb\u00bf\u2018-\u201f\u2026\u2039\u203a"
    r"\u060c\u061b\u061f\u0964\u0965\u0589\u1362\u104a\u104b\u2014\u2022\u2192\u203c\u2047\ufe52\u2e2e"
    r"\u3000-\u3003\u3008-\u3011\u3014-\u301f\uff01\uff08\uff09\uff0c\uff0e\uff1a\uff1b\uff1f\uff5e-\uff64]{0,4001}+"
)
CLOSES = {")": "(", "]": "[", "}": "{"}
BRACKET = re.compile(r"[()\[\]{}]")
LONGEST = 4_000  # characters of a path; a longer one is not scanned and becomes no link
TRAILING = "?!.,:;*_~'\u2013\u00b7"
ENTITY = re.compile(r"&#?\w+;\Z")
LONGEST_ENTITY = 34
MAIL = re.compile(
    rf"(?<![\w.+%@/=-])[A-Za-z0-9](?:[A-Za-z0-9_.+-]{{0,62}}[A-Za-z0-9_+-])?"
    rf"@(?:{LABEL}[.])+[^\W\d_]{{2,63}}+(?![\w@/-]|[:.]\w)"
)
EITHER = re.compile(f"{START.pattern}|{MAIL.pattern}", re.IGNORECASE)


def init_markdown(markdown: MarkdownIt) -> None:
    """Add both rules to a Markdown parser."""
    terminators = markdown.inline.terminator_re.pattern
    stop = re.compile(f"{terminators}|{START.pattern}", re.IGNORECASE)

    def text(state: StateInline, silent: bool) -> bool:
        found = stop.search(state.src, state.pos, state.posMax)
        end = found.start() if found else state.posMax
        if end == state.pos:
            return False
        if not silent:
            state.append_pending(state.src[state.pos : end])
        state.pos = end
        return True

    markdown.inline.ruler.at("text", text)
    markdown.inline.ruler.after("text", "web_address", _web_address)
    markdown.core.ruler.after("text_join", "mail_address", _mail_addresses)


def addresses_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield (start, address) for each bare address in a plain text."""
    at = 0
    while found := EITHER.search(text, at):
        start, mail = found.start(), MAIL.match(text, found.start())
        if address := mail[0] if mail else address_at(text, start, len(text)):
            yield start, address
        at = max(found.end(), start + len(address))


def href_of(address: str) -> str:
    """Return the URL of a bare address, with https:// or mailto: added; not yet normalized."""
    if "://" in address:
        return address
    return f"https://{address}" if START.match(address) else f"mailto:{address}"


def address_at(text: str, start: int, limit: int) -> str:
    """Return the web address that starts at `start` and ends before `limit`, or ""."""
    begun = START.match(text, start, limit)
    host = begun and AUTHORITY.match(text, begun.end(), limit)
    if host is None:
        return ""
    rest = REST.match(text, host.end(), limit)
    if rest and len(rest[0]) > LONGEST:
        return ""
    if rest is None:
        return text[start : host.end()].rstrip("_-")
    return text[start : host.end()] + _without_punctuation(rest[0])


def _without_punctuation(path: str) -> str:
    opened = []
    for bracket in BRACKET.finditer(path):
        sign, at = bracket[0], bracket.start()
        if sign not in CLOSES:
            opened.append(at)
        elif opened and path[opened[-1]] == CLOSES[sign]:
            opened.pop()
        else:
            path = path[:at]
            break
    path = path[: opened[0]] if opened else path
    end = len(path)
    while end and path[end - 1] in TRAILING:
        entity = ENTITY.search(path, max(0, end - LONGEST_ENTITY), end)
        end = entity.start() if entity else end - 1
    return path[:end]


def _web_address(state: StateInline, silent: bool) -> bool:
    if state.linkLevel or not (address := address_at(state.src, state.pos, state.posMax)):
        return False
    shown = unescapeAll(address)  # &amp; is a sign here as it is in all other text
    href = state.md.normalizeLink(href_of(shown))
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = shown
        state.push("link_close", "a", -1)
    state.pos += len(address)
    return True


def _mail_addresses(state: StateCore) -> None:
    for token in state.tokens:
        if token.children and "@" in token.content:
            token.children = list(_with_mail_links(token.children, state.md))


def _with_mail_links(children: Iterable[Token], markdown: MarkdownIt) -> Iterator[Token]:
    depth = 0
    for child in children:
        depth += child.nesting if child.type.startswith("link_") else 0
        if depth or child.type != "text" or "@" not in child.content:
            yield child
            continue
        text, at = child.content, 0
        for match in MAIL.finditer(text):
            href = markdown.normalizeLink(href_of(match[0]))
            if markdown.validateLink(href):
                yield Token("text", "", 0, content=text[at : match.start()])
                yield Token("link_open", "a", 1, attrs={"href": href})
                yield Token("text", "", 0, content=match[0])
                yield Token("link_close", "a", -1)
                at = match.end()
        yield Token("text", "", 0, content=text[at:])

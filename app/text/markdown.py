"""Markdown to safe HTML: the renderer makes no unsafe HTML, and a sanitizer checks it again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from itertools import chain
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, urlsplit

import mdurl
import nh3
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, link
from markdown_it.token import Token
from markupsafe import Markup, escape

from . import autolinks
from .domains import domain_key
from .names import NAME, is_blank, username_key
from .search_words import MARKS

Named = tuple[str, int, int]  # @name or #tag, and where it starts and ends in its token
RENDERER = 4  # version; raise it when the rules change, and stored HTML is rendered again
LINK = re.compile(r"(https?://|mailto:|/(?!/))[!-\[\]-~]*", re.IGNORECASE)  # as in web/requests.py
REL = "nofollow ugc noopener"
LINKED = Markup('<a href="{}" rel="{}">{}</a>')
LETTER = rf"[\w{MARKS}]"
NO_NAME = rf"(?<![\w{MARKS}@/.#&-])"  # else it is part of an address or a path
MENTION = re.compile(rf"{NO_NAME}@({NAME})(?!{LETTER}|@)")
# Also node.js, e-mail, .net, c++ and c#; with more after it, as in #at&t, it is no tag
TAG_WORD = re.compile(rf"[.]?(?:{LETTER}|[-.](?={LETTER})){{1,50}}+(?:[+]{{2}}|\#)?+")
TAG = re.compile(rf"{NO_NAME}#({TAG_WORD.pattern})(?!{LETTER}|[+#]|&{LETTER})")
LANGUAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#._-]{0,29}")  # of a block of code
LANGUAGE_CLASS = re.compile(rf"language-{LANGUAGE.pattern}")
NEAR = 20  # emphasis delimiters before a name that are checked
MOST_NAMED = 20  # people, and tags, that one text can name; the rest is ignored
DEEPEST = 6  # level of headings
MOST_CELLS = 15_000  # of all tables; short rows are filled up, so few characters make many
MOST_LINKED = 200_000  # characters of all links; a long reference can be used many times
TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}
TAGS |= {"h2", "h3", "h4", "h5", "h6"}
TAGS |= {"div", "table", "tbody", "td", "th", "thead", "tr"}


def render(text: str) -> Markup:
    """Return HTML with headings from h2 down, and links to http, https, mailto or a local path.

    Takes time linear in the length of the text, whatever it contains (R-20).
    """
    environment: dict[str, Any] = {}
    tokens = markdown.parse(text, environment)
    _tame(tokens)
    html = markdown.renderer.render(tokens, markdown.options, environment)
    return Markup(fence.clean(html))


def linked(text: str) -> Markup:
    """Return a plain text as HTML in which bare addresses are links."""
    parts, at = [], 0
    for start, address in autolinks.addresses_in(text):
        href = markdown.normalizeLink(autolinks.href_of(address))
        if is_allowed(href):
            parts += [escape(text[at:start]), LINKED.format(href, REL, address)]
            at = start + len(address)
    return Markup("").join([*parts, escape(text[at:])])


class Text:
    """A member's Markdown, parsed once: its mentions, its tags and its HTML.

    Names and tags in code and links do not count. `mentions` are username keys; `called` are the
    ones outside of quotations, whose people are notified. `tags` are in lower case. Each list is in
    order of appearance, with `called` first, and has at most MOST_NAMED items.
    """

    def __init__(self, text: str) -> None:
        self._environment: dict[str, Any] = {}
        self._tokens = markdown.parse(text, self._environment)
        names = list(_names_of(self._tokens))
        words = [tag_key(name[1:]) for name, _ in names if name[0] == "#"]
        people = [(username_key(name[1:]), quoted) for name, quoted in names if name[0] == "@"]
        self.called = _few(key for key, quoted in people if not quoted)
        self.mentions = _few([*self.called, *(key for key, _ in people)])
        self.tags = _few(filter(None, words))

    def html(self, people: Mapping[str, str]) -> Markup:
        """Return HTML with links to the tags and to `people`, username by key. Call it once."""
        links = {key: f"/user/{name}" for key, name in people.items() if key in self.mentions}
        links |= {f"#{tag}": f"/tag/{quote(tag)}" for tag in self.tags}
        for token in self._tokens:
            if token.children:
                token.children = list(_with_links(token.children, links))
        _tame(self._tokens)
        return Markup(fence.clean(markdown.renderer.render(self._tokens, markdown.options, {})))


def tag_key(word: str) -> str | None:
    """Return the tag as it is stored; None for a word without a letter, as in #1."""
    word = normalize("NFC", normalize("NFC", word).casefold()).strip("_-")
    return word if len(word) <= 50 and any(c.isalpha() for c in word) else None


def tag_of(text: str) -> str | None:
    """Return the whole text as a tag as it is stored; None if it is no tag."""
    return tag_key(text) if TAG_WORD.fullmatch(text) else None


def _few(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MOST_NAMED]


def _names_of(tokens: Iterable[Token]) -> Iterator[tuple[str, bool]]:
    """Yield each name and tag of a text, and whether it is in a quotation."""
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("blockquote_") else 0
        for _, names in _named_in(token.children or ()):
            yield from ((name, depth > 0) for name, *_ in names)


def _named_in(children: Iterable[Token]) -> Iterator[tuple[Token, list[Named]]]:
    """Yield each token with the names and tags in it; links have none.

    The character before a token counts, whatever its emphasis: a*b*@example.org has no name.
    """
    depth, before = 0, ""
    for child in children:
        depth += child.nesting if child.type.startswith("link_") else 0
        plain = child.type == "text" and depth == 0
        yield child, list(_names_in(child.content, before)) if plain else []
        before = "\n" if child.type.endswith("break") else child.content[-1:] or before


def _names_in(text: str, before: str) -> Iterator[Named]:
    if "@" not in text and "#" not in text:
        return
    whole, shift = before + text, len(before)
    found = chain(MENTION.finditer(whole, shift), TAG.finditer(whole, shift))
    for match in sorted(found, key=lambda match: match.start()):
        yield match[0], match.start() - shift, match.end() - shift


def _with_links(children: Iterable[Token], links: Mapping[str, str]) -> Iterator[Token]:
    """Yield the tokens, with links around the names in `links`."""
    for child, names in _named_in(children):
        if not names:
            yield child
            continue
        text, at = child.content, 0
        for name, start, end in names:
            key = username_key(name[1:]) if name[0] == "@" else f"#{tag_key(name[1:])}"
            if href := links.get(key):
                yield Token("text", "", 0, content=text[at:start])
                yield Token("link_open", "a", 1, attrs={"href": href})
                yield Token("text", "", 0, content=name)
                yield Token("link_close", "a", -1)
                at = end
        yield Token("text", "", 0, content=text[at:])


def is_allowed(link: str) -> bool:
    """Return whether links may lead to a normalized address (R-15)."""
    return LINK.fullmatch(link) is not None and (link.startswith("/") or _has_place(link))


def _has_place(link: str) -> bool:
    """Return whether its port is valid, and its host if that looks like IPv4 (WHATWG URL)."""
    try:
        split = urlsplit(link)
        host = split.hostname or ""
        _ = split.port  # ValueError where it is too large
        return not host.rpartition(".")[2].isdecimal() or bool(ip_address(host))
    except ValueError:
        return False


def _tame(tokens: Sequence[Token]) -> None:
    """Shift headings below the title of the page, and remove all attributes but our own."""
    heading, linked = 1, 0
    for token in _all(tokens):
        if token.type == "heading_open":
            heading = min(int(token.tag[1]) + 1, heading + 1, DEEPEST)  # no level is skipped
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{heading}"
        elif token.type == "link_open":
            href = str(token.attrs["href"])
            linked += len(href)
            token.attrs = _link(href) if linked <= MOST_LINKED else {}
        elif token.type in ("th_open", "td_open"):
            token.attrs = {"scope": "col"} if token.tag == "th" else {}
        elif token.type == "fence":
            language = LANGUAGE.fullmatch(token.info.strip().partition(" ")[0])
            token.info = language[0] if language else ""


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _link(href: str) -> dict[str, str | int | float]:
    return {"href": href} if href.startswith("/") else {"href": href, "rel": REL}


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table, unless the text has MOST_CELLS already."""
    had = state.env.get("cells", 0)
    if had > MOST_CELLS or not table(state, start, end, True):
        return False
    if silent:
        return True
    header = state.src[state.bMarks[start] : state.eMarks[start]]
    rows = next((line for line in range(start, end) if state.isEmpty(line)), end) - start
    state.env["cells"] = had + rows * (header.count("|") + 1)
    return state.env["cells"] <= MOST_CELLS and table(state, start, end, False)


def _keep_escaped(state: StateCore) -> None:
    r"""Keep \@ and \# as separate tokens, so that they start no name or tag."""
    for child in _all(state.tokens):
        if child.type == "text_special" and child.content in ("@", "#"):
            child.type = "escaped"


def _escaped(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    return tokens[index].content


def _name(state: StateInline, silent: bool) -> bool:
    """Parse a name or a tag before emphasis, which would split one such as @a._b_c.

    An underscore at its end closes emphasis that is open, as in _Dear @ann_.
    """
    if state.src[state.pos] not in "@#":
        return False
    found = MENTION.match(state.src, state.pos) or TAG.match(state.src, state.pos)
    if found is None:
        return False
    has_begun = any(d.marker == ord("_") and d.open for d in state.delimiters[-NEAR:])
    name = found[0].rstrip("_") if has_begun else found[0]
    if not silent:
        state.append_pending(name)
    state.pos += len(name)
    return True


def _picture(state: StateInline, silent: bool) -> bool:
    """Render an image as a link to it; inside a link, as its alternative text."""
    start = len(state.tokens)
    state.pos += 1
    if state.src[state.pos - 1 : state.pos + 1] != "![" or not link(state, silent):
        state.pos -= 1
        return False
    if state.linkLevel and not silent:
        for token in (state.tokens[start], state.tokens[-1]):
            token.type, token.tag, token.nesting = "text", "", 0
    return True


def _name_links(state: StateCore) -> None:
    """Give links without visible text their address as text."""
    for token in state.tokens:
        if token.children:
            token.children = list(_with_named_links(token.children))


def _with_named_links(children: Iterable[Token]) -> Iterator[Token]:
    href, words = "", ""
    for child in children:
        words += child.content
        if child.type == "link_open":
            href, words = str(child.attrs["href"]), ""
        elif child.type == "link_close" and is_blank(words):
            yield Token("text", "", 0, content=markdown.normalizeLinkText(href))
        yield child


def _normalized(address: str) -> str:
    """Return the address as it stands in a link, its domain mapped as browsers do (UTS 46)."""
    if not address.isascii():
        parsed = mdurl.parse(address, slashes_denote_host=True)
        if parsed.hostname:
            address = mdurl.format(parsed._replace(hostname=domain_key(parsed.hostname)))
    return normalizeLink(address)


def _open_table(renderer: RendererHTML, *rest: Any) -> str:
    return "<div><table>\n"  # wide tables scroll within the div


def _close_table(renderer: RendererHTML, *rest: Any) -> str:
    return "</table></div>\n"


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return value if LANGUAGE_CLASS.fullmatch(value) else None
    return value if attribute != "href" or is_allowed(value) else None


markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
markdown.enable(["strikethrough", "table"])
markdown.inline.ruler.at("image", _picture)
markdown.inline.ruler.before("strikethrough", "name", _name)
markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
markdown.core.ruler.before("text_join", "escaped", _keep_escaped)
markdown.add_render_rule("escaped", _escaped)
markdown.add_render_rule("table_open", _open_table)
markdown.add_render_rule("table_close", _close_table)
markdown.core.ruler.after("text_join", "named_links", _name_links)
markdown.normalizeLink = _normalized  # type: ignore[assignment,method-assign]
markdown.validateLink = is_allowed  # type: ignore[assignment,method-assign]
autolinks.init_markdown(markdown)
fence = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}, "code": {"class"}, "ol": {"start"}},
    tag_attribute_values={"a": {"rel": {REL}}, "th": {"scope": {"col"}}},
    attribute_filter=_keep,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)

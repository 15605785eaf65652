"""Words of a text as the search knows them, and excerpts in which they are marked.

Both databases store and compare what is made here, so both find the same: words in small letters,
without accents, of letters and digits only. Scripts that write no spaces give pairs of letters.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category, normalize

from markupsafe import Markup, escape

LONGEST_WORD = 64
LONGEST_QUESTION = 200  # characters that are looked at
MOST_WORDS = 10  # that a question may have
PREFIX_FROM = 3  # letters that the last word needs to stand for all that begin with it
EXCERPT = 240  # characters
LEAD = 70  # of those before the first word that was found

# What goes on or under letters, but for the selectors that follow emoji
MARKS = "".join(c for c in map(chr, range(0x300, 0xFE00)) if category(c) in ("Mn", "Mc"))
WORD = re.compile(rf"[^\W_](?:(?!_)[\w{MARKS}])*")
# Han, kana, Thai, Lao, Burmese, Khmer
UNSPACED = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
SEGMENT = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
PLAIN = dict(zip("øłđħıŧðþæœ", ["o", "l", "d", "h", "i", "t", "d", "th", "ae", "oe"], strict=True))
PLAIN = str.maketrans(PLAIN)
ENDS = " .,;:–—-"  # what an ellipsis does not stand behind
CUT_OFF = re.compile(r"(<[^>]*|&[^;\s]*)\Z")  # half a tag, half a sign
CONTROLS = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Term:
    """One word that is looked for; or, as a beginning, all words that begin so."""

    word: str
    beginning: bool = False

    def matches(self, word):
        return word.startswith(self.word) if self.beginning else word == self.word


def words_of(text):
    """Return the words of a text, each once, as one line for an index."""
    return " ".join(dict.fromkeys(word for _, _, word in _pieces(composed(text))))


def in_order(text, *, asked=False):
    """Return all words of a text as they follow each other; `asked`: of what is sought."""
    return [word for _, _, word in _pieces(composed(text), asked)]


def terms_of(question):
    """Return what to look for; all of it must be there. Nothing for a question without words."""
    question = composed(question[:LONGEST_QUESTION])
    pieces = list(_pieces(question, asked=True))[:MOST_WORDS]
    terms = [Term(word, _is_lone(word)) for _, _, word in pieces]
    if terms and len(terms[-1].word) >= PREFIX_FROM:
        terms[-1] = Term(terms[-1].word, beginning=True)
    return list(dict.fromkeys(terms))


@lru_cache(maxsize=20_000)
def folded(text):
    """Return the text in small letters and without accents."""
    if text.isascii():
        return text.lower()
    text = ACCENTS.sub("", normalize("NFKD", normalize("NFKC", text).casefold()))
    return normalize("NFC", text.casefold().translate(PLAIN))


def composed(text):
    """Return the text with letters and what is on them in one, where Unicode has that."""
    return text if text.isascii() else normalize("NFC", text)


def plain(html):
    """Return the text of HTML that we made: without tags, in one line."""
    return Markup(html).striptags()


def plain_start(html):
    """Return the text of the first so many characters of such HTML, wherever that was cut."""
    return plain(CUT_OFF.sub("", html))


def without_controls(text):
    """Leave out what no XML may hold."""
    return CONTROLS.sub("", text)


def beginning(text, length):
    """Return the first words of a text, with an ellipsis where it goes on."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > length // 2 else cut).rstrip(ENDS) + "…"


def excerpt(text, terms, length=EXCERPT):
    """Return the part of a plain text where the terms stand, as HTML: they are in <mark>."""
    text = composed(text)
    found = _found(text, terms)
    start = _start_of(text, found, length)
    end = min(len(text), start + length)
    if end < len(text) and (space := text.rfind(" ", start + length // 2, end)) > 0:
        end = space
    parts, at = ["…" if start else ""], start
    for first, last in found:
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [escape(text[at:first]), Markup("<mark>{}</mark>").format(text[first:last])]
            at = last
    rest = text[at:end]
    parts += [escape(rest.rstrip(ENDS)), "…"] if end < len(text) else [escape(rest)]
    return Markup("").join(parts)


def marked(text, terms):
    """Return a short text whole, as HTML with the terms in <mark>."""
    return excerpt(text, terms, max(1, len(text)))


def _pieces(text, asked=False):
    """Yield each word with where it stands: start, end, word.

    Of a run without spaces, its pairs; and, where nobody asks, its last letter, so that a letter
    alone is found as the beginning of a pair.
    """
    for match in WORD.finditer(text):
        for segment in SEGMENT.finditer(match[0]):
            start = match.start() + segment.start()
            if segment[1] is None:
                for word in WORD.findall(folded(segment[0])):
                    yield start, match.start() + segment.end(), word[:LONGEST_WORD]
                continue
            run = segment[0]
            for i in range(len(run) - (asked and len(run) > 1)):
                if pair := folded(run[i : i + 2]).replace(" ", ""):
                    yield start + i, start + min(i + 2, len(run)), pair


def _is_lone(word):
    return len(word) == 1 and SEGMENT.match(word)[1] is not None


def _found(text, terms):
    """Return where the terms stand in the text, in order and without overlaps."""
    spans = []
    for start, end, word in _pieces(text):
        for term in terms:
            if term.matches(word):
                end = start + 1 if _is_lone(term.word) else end
                if spans and start <= spans[-1][1] - 1:
                    spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                else:
                    spans.append((start, end))
                break
    return spans


def _start_of(text, found, length):
    """Where to begin, so that as much as possible of what was found is seen."""
    if len(text) <= length or not found:
        return 0
    first = max(found[:50], key=lambda span: _seen_from(span[0], found, length - LEAD))[0]
    start = min(first - LEAD, len(text) - length)
    if start <= 0:
        return 0
    space = text.find(" ", start, first - LEAD // 2)
    return space + 1 if space > 0 else start


def _seen_from(start, found, length):
    return sum(start <= first and last <= start + length for first, last in found[:100])

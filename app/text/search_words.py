"""Search words: the words of a text as the search stores them, and excerpts that mark them.

Both databases store and compare these words, so both find the same. They are in lower case,
without accents, of letters and digits only. Scripts without spaces are split into pairs of letters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log
from unicodedata import category, normalize

from markupsafe import Markup, escape

LONGEST_WORD = 64
LONGEST_QUESTION = 200  # characters; the rest is ignored
MOST_WORDS = 10  # of a question; the rest is ignored
PREFIX_FROM = 2  # letters; from this length on, the last word also matches as a prefix
APOSTROPHES = "'\u2019"
AS_LETTERS = str.maketrans("+#", "\uff0b\uff03")  # which the indexes treat as letters
APART = "\uff0b"  # separates words that are not adjacent; no question can contain it
Span = tuple[int, int]  # where something starts and ends in a text
EXCERPT = 240  # characters
LEAD = 70  # of those come before the first match

# Combining marks, except the variation selectors after emoji
MARKS = "".join(c for c in map(chr, range(0x300, 0xFE00)) if category(c) in ("Mn", "Mc"))
WORD = re.compile(rf"[^\W_](?:(?!_)[\w{MARKS}])*")
# Han, kana, Thai, Lao, Burmese, Khmer
UNSPACED = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
SEGMENT = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
PLAIN = str.maketrans(
    dict(zip("øłđħıŧðþæœ", ["o", "l", "d", "h", "i", "t", "d", "th", "ae", "oe"], strict=True))
)
SIGNS_BEHIND = re.compile(r"(?:\+\+|#)(?![\w+#])")
CHUNK = re.compile(
    r"(?<!\S)(?P<minus>[-\u2212](?=\S))?"
    r"(?:[\"\u201c\u201e](?P<quoted>[^\"\u201c\u201d]*)[\"\u201c\u201d]?|(?P<bare>\S+))"
    r"|(?P<rest>\S+)"
)
ENDS = " .,;:–—-"  # removed before an ellipsis
CUT_OFF = re.compile(r"(<[^>]*|&[^;\s]*)\Z")  # half a tag or half an entity
CONTROLS = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Term:
    """One word of a question; with `beginning`, a prefix of the words that match."""

    word: str
    beginning: bool = False

    def matches(self, word: str) -> bool:
        return word.startswith(self.word) if self.beginning else word == self.word


@dataclass
class Question:
    """A parsed search: phrases, each of one term or of several adjacent ones.

    A text matches if it has all `phrases` and none of those `excluded`. `ignored` is the part of
    the input that is not searched for.
    """

    phrases: list[tuple[Term, ...]] = field(default_factory=list)
    excluded: list[tuple[Term, ...]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def terms(self) -> list[Term]:
        return list(dict.fromkeys(term for phrase in self.phrases for term in phrase))

    def is_met_by(self, words: Sequence[str]) -> bool:
        """Return whether a text matches, given its words in order; see `words_of`."""
        has_all = all(_count(words, phrase) for phrase in self.phrases)
        return has_all and not any(_count(words, phrase) for phrase in self.excluded)


def words_of(text: str) -> str:
    """Return the words of a text in order, as one line for an index.

    After them, separated by APART, come the parts of words with an apostrophe: for l'amour, l and
    amour.
    """
    pieces = list(_pieces(composed(text)))
    words = [piece.word for piece in pieces if not piece.is_part]
    parts = dict.fromkeys(piece.word for piece in pieces if piece.is_part)
    return " ".join([*words, *([APART, *parts] if parts else [])])


def in_order(text: str, *, asked: bool = False) -> list[str]:
    """Return the words of a text in order, without signs such as + and #."""
    return [word for _, _, word in _plain_pieces(composed(text), asked)]


def question_of(text: str) -> Question:
    """Parse what somebody typed: words, "phrases" and -excluded ones."""
    question, count = Question(), 0
    if rest := text[LONGEST_QUESTION:].strip():
        question.ignored.append(beginning(rest, 40))
    chunks = list(CHUNK.finditer(composed(text[:LONGEST_QUESTION])))
    for chunk in chunks:
        minus, quoted = chunk.group("minus", "quoted")
        bare = chunk["bare"] or chunk["rest"]
        words = [p.word for p in _pieces(quoted or bare or "", asked=True) if not p.is_part]
        terms = tuple(Term(word, _is_lone(word)) for word in words)
        if not terms or count + len(terms) > MOST_WORDS and count:
            question.ignored.append(chunk[0].strip())
            continue
        terms, count = terms[:MOST_WORDS], count + len(terms)
        if bare and not minus and chunk is chunks[-1] and len(terms[-1].word) >= PREFIX_FROM:
            terms = (*terms[:-1], Term(terms[-1].word, beginning=True))
        found = [terms] if quoted else [(term,) for term in terms]
        (question.excluded if minus else question.phrases).extend(found)
    question.phrases = list(dict.fromkeys(question.phrases))
    return question


def relevance(words: Sequence[str], question: Question) -> float:
    """Return how well a text, given its words in order, answers the question: 0 or more.

    Repeated matches count more, each less than the one before. Matches in short texts and adjacent
    words in the order of the question count more too.
    """
    single = sum(1 - 0.5 ** _count(words, phrase) for phrase in question.phrases)
    together = question.phrases[0] if len(question.phrases) == 1 else tuple(question.terms)
    follow = len(together) > 1 and _count(words, together) > 0
    return (single + 2 * follow) / (1 + log(1 + len(words)))


def _count(words: Sequence[str], phrase: Sequence[Term]) -> int:
    """Return how often the phrase occurs in a text."""
    starts = [n for n, word in enumerate(words) if phrase[0].matches(word)]
    rest = list(enumerate(phrase))[1:]
    return sum(
        all(start + n < len(words) and term.matches(words[start + n]) for n, term in rest)
        for start in starts
    )


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return the text in lower case and without accents."""
    if text.isascii():
        return text.lower()
    text = ACCENTS.sub("", normalize("NFKD", normalize("NFKC", text).casefold()))
    return normalize("NFC", text.casefold().translate(PLAIN))


def composed(text: str) -> str:
    """Return the text in NFC: letters with accents as one character where Unicode has it."""
    return text if text.isascii() else normalize("NFC", text)


def plain(html: str) -> str:
    """Return the text of HTML from our own renderer, without tags, in one line."""
    return Markup(html).striptags()


def plain_start(html: str) -> str:
    """Return the text of HTML that was cut off anywhere, without the half tag at its end."""
    return plain(CUT_OFF.sub("", html))


def without_controls(text: str) -> str:
    """Return the text without characters that XML forbids."""
    return CONTROLS.sub("", text)


def beginning(text: str, length: int) -> str:
    """Return the first words of a text, up to `length` characters with the ellipsis."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > length // 2 else cut).rstrip(ENDS) + "…"


def excerpt(text: str, terms: Iterable[Term], length: int = EXCERPT) -> Markup:
    """Return the part of a plain text with most matches, as HTML with the terms in <mark>."""
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


def marked(text: str, terms: Iterable[Term]) -> Markup:
    """Return a whole text as HTML with the terms in <mark>."""
    return excerpt(text, terms, max(1, len(text)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A word and its place in a text; with `is_part`, a part of a longer word at the same place."""

    start: int
    end: int
    word: str
    is_part: bool = False


def _pieces(text: str, asked: bool = False) -> Iterator[Piece]:
    """Yield the words as the search stores them: don't as dont, and C++ and C# as words."""
    run: list[Piece] = []
    for start, end, word in _plain_pieces(text, asked):
        if run and not _goes_on(text, run[-1], start, word):
            yield from _together(run, text)
            run = []
        run.append(Piece(start, end, word))
    if run:
        yield from _together(run, text)


def _goes_on(text: str, last: Piece, start: int, word: str) -> bool:
    """Return whether only an apostrophe separates two words of a script with spaces."""
    spaced = not (_is_unspaced(last.word) or _is_unspaced(word))
    return spaced and start == last.end + 1 and text[last.end] in APOSTROPHES


def _together(run: list[Piece], text: str) -> Iterator[Piece]:
    """Yield a run as one word with the signs after it; then its parts, if it has several."""
    first, last = run[0], run[-1]
    signs = SIGNS_BEHIND.match(text, last.end)
    word, end = "".join(piece.word for piece in run), last.end
    if signs and word.isalpha() and (signs[0] == "++" or len(word) <= 2):
        word, end = word + signs[0].translate(AS_LETTERS), signs.end()
    yield Piece(first.start, end, word[:LONGEST_WORD])
    if len(run) > 1:
        for piece in run:
            yield replace(piece, is_part=True)


def _plain_pieces(text: str, asked: bool = False) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, word) for each word.

    A run without spaces yields its pairs of letters. For an index (not `asked`) it also yields its
    last letter, so that a search for one letter finds it as a prefix.
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


def _is_unspaced(word: str) -> bool:
    """Whether a word begins in a script that is written without spaces."""
    segment = SEGMENT.match(word)
    return segment is not None and segment[1] is not None


def _is_lone(word: str) -> bool:
    return len(word) == 1 and _is_unspaced(word)


def _found(text: str, terms: Iterable[Term]) -> list[Span]:
    """Return the spans of the terms in the text, in order and without overlaps."""
    spans: list[Span] = []
    for piece in _pieces(text):
        for term in terms:
            if term.matches(piece.word):
                start = piece.start
                end = start + 1 if _is_lone(term.word) else piece.end
                if spans and start <= spans[-1][1] - 1:
                    spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                else:
                    spans.append((start, end))
                break
    return spans


def _start_of(text: str, found: list[Span], length: int) -> int:
    """Return where an excerpt starts so that it shows as many matches as possible."""
    if len(text) <= length or not found:
        return 0
    first = max(found[:50], key=lambda span: _seen_from(span[0], found, length - LEAD))[0]
    start = min(first - LEAD, len(text) - length)
    if start <= 0:
        return 0
    space = text.find(" ", start, first - LEAD // 2)
    return space + 1 if space > 0 else start


def _seen_from(start: int, found: list[Span], length: int) -> int:
    return sum(start <= first and last <= start + length for first, last in found[:100])

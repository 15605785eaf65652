"""Words of a text as the search knows them, and excerpts in which they are marked.

Both databases store and compare what is made here, so both find the same: words in small letters,
without accents, of letters and digits only. Scripts that write no spaces give pairs of letters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log
from unicodedata import category, normalize

from markupsafe import Markup, escape

LONGEST_WORD = 64
LONGEST_QUESTION = 200  # characters that are looked at
MOST_WORDS = 10  # that a question may have
PREFIX_FROM = 2  # letters that the last word needs to stand for all that begin with it
APOSTROPHES = "'\u2019"
AS_LETTERS = str.maketrans("+#", "\uff0b\uff03")  # which the indexes take for letters
APART = "\uff0b"  # stands between words that do not follow each other; nobody can ask for it
Span = tuple[int, int]  # where something starts and ends in a text
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
PLAIN = str.maketrans(
    dict(zip("øłđħıŧðþæœ", ["o", "l", "d", "h", "i", "t", "d", "th", "ae", "oe"], strict=True))
)
SIGNS_BEHIND = re.compile(r"(?:\+\+|#)(?![\w+#])")
CHUNK = re.compile(
    r"(?<!\S)(?P<minus>[-\u2212](?=\S))?"
    r"(?:[\"\u201c\u201e](?P<quoted>[^\"\u201c\u201d]*)[\"\u201c\u201d]?|(?P<bare>\S+))"
    r"|(?P<rest>\S+)"
)
ENDS = " .,;:–—-"  # what an ellipsis does not stand behind
CUT_OFF = re.compile(r"(<[^>]*|&[^;\s]*)\Z")  # half a tag, half a sign
CONTROLS = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Term:
    """One word that is looked for; or, as a beginning, all words that begin so."""

    word: str
    beginning: bool = False

    def matches(self, word: str) -> bool:
        return word.startswith(self.word) if self.beginning else word == self.word


@dataclass
class Question:
    """What is looked for: phrases, each of one term or of several that follow each other.

    All of them must be in a text, and none of those that are excluded. `ignored` is what was typed
    and is not looked for.
    """

    phrases: list[tuple[Term, ...]] = field(default_factory=list)
    excluded: list[tuple[Term, ...]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def terms(self) -> list[Term]:
        return list(dict.fromkeys(term for phrase in self.phrases for term in phrase))

    def is_met_by(self, words: Sequence[str]) -> bool:
        """Whether a text has what is asked for, by its words in their order, see `words_of`."""
        has_all = all(_count(words, phrase) for phrase in self.phrases)
        return has_all and not any(_count(words, phrase) for phrase in self.excluded)


def words_of(text: str) -> str:
    """Return the words of a text in their order, as one line for an index.

    Behind them, and apart, stand the parts of words with an apostrophe: of l'amour, l and amour.
    """
    pieces = list(_pieces(composed(text)))
    words = [piece.word for piece in pieces if not piece.is_part]
    parts = dict.fromkeys(piece.word for piece in pieces if piece.is_part)
    return " ".join([*words, *([APART, *parts] if parts else [])])


def in_order(text: str, *, asked: bool = False) -> list[str]:
    """Return all words of a text as they follow each other, none of them with signs."""
    return [word for _, _, word in _plain_pieces(composed(text), asked)]


def question_of(text: str) -> Question:
    """Read what somebody typed: words, "phrases", and what is -excluded."""
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
    """Return how much a text has of what is asked for, by its words in their order: 0 or more.

    What it says often counts more, though less and less, and more in a short text than in a long
    one. So do words that follow each other as they were asked for.
    """
    single = sum(1 - 0.5 ** _count(words, phrase) for phrase in question.phrases)
    together = question.phrases[0] if len(question.phrases) == 1 else tuple(question.terms)
    follow = len(together) > 1 and _count(words, together) > 0
    return (single + 2 * follow) / (1 + log(1 + len(words)))


def _count(words: Sequence[str], phrase: Sequence[Term]) -> int:
    """Return how often the phrase stands in a text."""
    starts = [n for n, word in enumerate(words) if phrase[0].matches(word)]
    rest = list(enumerate(phrase))[1:]
    return sum(
        all(start + n < len(words) and term.matches(words[start + n]) for n, term in rest)
        for start in starts
    )


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return the text in small letters and without accents."""
    if text.isascii():
        return text.lower()
    text = ACCENTS.sub("", normalize("NFKD", normalize("NFKC", text).casefold()))
    return normalize("NFC", text.casefold().translate(PLAIN))


def composed(text: str) -> str:
    """Return the text with letters and what is on them in one, where Unicode has that."""
    return text if text.isascii() else normalize("NFC", text)


def plain(html: str) -> str:
    """Return the text of HTML that we made: without tags, in one line."""
    return Markup(html).striptags()


def plain_start(html: str) -> str:
    """Return the text of the first so many characters of such HTML, wherever that was cut."""
    return plain(CUT_OFF.sub("", html))


def without_controls(text: str) -> str:
    """Leave out what no XML may hold."""
    return CONTROLS.sub("", text)


def beginning(text: str, length: int) -> str:
    """Return the first words of a text, with an ellipsis where it goes on."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > length // 2 else cut).rstrip(ENDS) + "…"


def excerpt(text: str, terms: Iterable[Term], length: int = EXCERPT) -> Markup:
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


def marked(text: str, terms: Iterable[Term]) -> Markup:
    """Return a short text whole, as HTML with the terms in <mark>."""
    return excerpt(text, terms, max(1, len(text)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, and where it stands in a text. A part is of a longer word that stands there too."""

    start: int
    end: int
    word: str
    is_part: bool = False


def _pieces(text: str, asked: bool = False) -> Iterator[Piece]:
    """Yield the words as the search knows them: don't is dont, and C++ and C# are words."""
    run: list[Piece] = []
    for start, end, word in _plain_pieces(text, asked):
        if run and not _goes_on(text, run[-1], start, word):
            yield from _together(run, text)
            run = []
        run.append(Piece(start, end, word))
    if run:
        yield from _together(run, text)


def _goes_on(text: str, last: Piece, start: int, word: str) -> bool:
    """Whether nothing but an apostrophe is between two words of a script that writes spaces."""
    spaced = not (_is_unspaced(last.word) or _is_unspaced(word))
    return spaced and start == last.end + 1 and text[last.end] in APOSTROPHES


def _together(run: list[Piece], text: str) -> Iterator[Piece]:
    """Yield the one word that a run is, with the signs that belong to it; then its parts."""
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


def _is_unspaced(word: str) -> bool:
    """Whether a word begins in a script that is written without spaces."""
    segment = SEGMENT.match(word)
    return segment is not None and segment[1] is not None


def _is_lone(word: str) -> bool:
    return len(word) == 1 and _is_unspaced(word)


def _found(text: str, terms: Iterable[Term]) -> list[Span]:
    """Return where the terms stand in the text, in order and without overlaps."""
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
    """Where to begin, so that as much as possible of what was found is seen."""
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

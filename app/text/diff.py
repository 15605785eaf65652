"""Differences between two texts: line by line, and word by word in the lines that changed."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from rapidfuzz.distance import LCSseq

from .search_words import MARKS, UNSPACED

# Spaces, a letter of a script that is written without them, a word, or a sign
WORD = re.compile(rf"\s+|[{UNSPACED}][{MARKS}]*|(?:[^\W{UNSPACED}][{MARKS}]*)+|[^\w\s]")
Part = tuple[str, str]  # a kind, and a text
Block = tuple[list[str], list[str], list[str]]  # only in the old, only in the new, in both
AROUND = 200  # characters that are shown around a change
MOST_COMPARED = 200_000_000  # pairs of words or lines; larger blocks are taken as a whole


def difference(old: str, new: str) -> Iterator[Part]:
    """Yield pairs of a kind and a text: `same`, `out` is in the old one only, `in` in the new."""
    for kind, parts in groupby(_by_lines(old, new), key=itemgetter(0)):
        yield kind, "".join(text for _, text in parts)


def shortened(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts of a difference, of what stayed the same only what is around the changes.

    A `gap` stands where something was left out.
    """
    parts = list(parts)
    for number, (kind, text) in enumerate(parts):
        if kind != "same" or len(text) <= 3 * AROUND:
            yield kind, text
            continue
        if number > 0:
            yield "same", text[:AROUND].rpartition(" ")[0] or text[:AROUND]
        yield "gap", "…"
        if number < len(parts) - 1:
            yield "same", text[-AROUND:].partition(" ")[2] or text[-AROUND:]


def _by_lines(old: str, new: str) -> Iterator[Part]:
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for before, after, same in _blocks(*lines):
        yield from _by_words("".join(before), "".join(after))
        yield from _parts("same", same)


def _by_words(old: str, new: str) -> Iterator[Part]:
    """The same of words; a space between two changed words is not worth a mention."""
    out: list[str] = []
    into: list[str] = []
    for before, after, same in _blocks(WORD.findall(old), WORD.findall(new)):
        out += before
        into += after
        if out and into and "".join(same).isspace() and "\n" not in "".join(same):
            out += same
            into += same
            continue
        yield from _settled(out, into)
        yield from _parts("same", same)
        out, into = [], []
    yield from _settled(out, into)


def _settled(out: list[str], into: list[str]) -> Iterator[Part]:
    """What is at the end of both, such as a space, is the same after all."""
    same: list[str] = []
    while out and into and out[-1] == into[-1]:
        same.insert(0, out.pop())
        into.pop()
    yield from _parts("out", out)
    yield from _parts("in", into)
    yield from _parts("same", same)


def _parts(kind: str, words: list[str]) -> Iterator[Part]:
    if words:
        yield kind, "".join(words)


def _blocks(old: list[str], new: list[str]) -> Iterator[Block]:
    """Yield what only the old has, what only the new has, and what both have after that."""
    start = _length_in_common(old, new)
    end = _length_in_common(old[start:][::-1], new[start:][::-1])
    head, tail = old[:start], old[len(old) - end :]
    if head:
        yield [], [], head
    middle = old[start : len(old) - end], new[start : len(new) - end]
    yield from _compared(*middle)
    if tail:
        yield [], [], tail


def _length_in_common(old: list[str], new: list[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))


def _compared(old: list[str], new: list[str]) -> Iterator[Block]:
    """The same as `_blocks`, by way of the longest that both have in common."""
    if len(old) * len(new) > MOST_COMPARED:
        yield old, new, []
        return
    before: list[str] = []
    after: list[str] = []
    for step in LCSseq.opcodes(old, new):
        out, into = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        if step.tag == "equal":
            yield before, after, out
            before, after = [], []
            continue
        before, after = before + out, after + into
    if before or after:
        yield before, after, []

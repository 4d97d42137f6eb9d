"""The text splitter: whole sentences, packed into chunks of even length.

A langchain `TextSplitter`, imported only where documents are split. langchain's recursive splitter
breaks up what is longer than a chunk; its greedy merge, which leaves crumbs (a long chunk, then
one of 40 characters), is replaced by the packing of least total cost, found by dynamic
programming as paragraphs are broken into lines (Knuth and Plass 1981).
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

from rag.core.types import Language
from rag.ingest.sentences import Span, sentences

# What it costs to end a chunk after a piece; emptiness costs (free share of the chunk)².
_AFTER_SECTION, _AFTER_PARAGRAPH, _AFTER_SENTENCE, _IN_SENTENCE = -0.5, 0.0, 0.25, 0.8
# Pieces below this share of a chunk join a neighbour, which bounds the search over packings.
_GRAINS = 32
_CLAUSES = [r"[;:]\s+", r",\s+", r"\s+", ""]
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_HEADING_CHARS = 120
# More headings than this in a row are a list or a poem.
_HEADINGS = 3
_HEADING = re.compile(r"[\"'“‘«(¿¡]*[A-ZÀ-Þ0-9]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch that stays whole: most often a sentence, with the heading above it."""

    start: int
    end: int
    end_cost: float  # of ending a chunk after it


class PassageSplitter(TextSplitter):
    """Splits text at paragraph and sentence ends into evenly filled chunks."""

    def __init__(self, language: Language, size: int, overlap: int) -> None:
        """`size` and `overlap` in code points, `overlap` < `size`."""
        super().__init__(chunk_size=size, chunk_overlap=overlap, strip_whitespace=False)
        self._language: Language = language
        self._limit = size - overlap
        # Finer than a chunk, so that the packing has a choice of where to cut a long sentence.
        self._breaker = RecursiveCharacterTextSplitter(
            _CLAUSES,
            keep_separator="end",
            is_separator_regex=True,
            chunk_size=max(1, self._limit // 4),
            chunk_overlap=0,
            strip_whitespace=False,
        )

    def split_text(self, text: str) -> list[str]:
        """The chunks as text, without blanks around them."""
        return [text[start:end] for start, end in self.spans(text)]

    def spans(self, text: str, by_line: bool = False) -> list[Span]:
        """The chunks as spans of `text`, starts strictly increasing; `by_line`: of lines."""
        pieces = _grains(self._pieces(text, by_line), self._limit // _GRAINS, self._limit)
        starts = [piece.start for piece in pieces]
        found: list[Span] = []
        for first, last in _pack(pieces, self._limit):
            start = pieces[first].start
            if self._chunk_overlap and found:
                start = self._reach_back(text, start, found[-1][0] + 1, starts)
            found.append((start, pieces[last - 1].end))
        return found

    def _pieces(self, text: str, by_line: bool) -> Iterator[_Piece]:
        """Sentences, headings joined to what follows, in pieces no longer than a chunk."""
        if by_line:
            spans = [match.span() for match in _LINE.finditer(text)]
        else:
            spans = _join_headings(text, sentences(text, self._language), self._limit)
        for (start, end), following in itertools.zip_longest(spans, spans[1:]):
            cost = _end_cost(text, end, following[0] if following else len(text))
            parts = [(start, end)] if end - start <= self._limit else self._break(text, start, end)
            for part in parts[:-1]:
                yield _Piece(*part, _IN_SENTENCE)
            yield _Piece(*parts[-1], cost)

    def _break(self, text: str, start: int, end: int) -> list[Span]:
        """The parts of an overlong sentence, located one after the other."""
        found: list[Span] = []
        for part in self._breaker.split_text(text[start:end]):
            at = text.index(part, start, end)
            start = at + len(part)
            if stripped := part.strip():
                at += len(part) - len(part.lstrip())
                found.append((at, at + len(stripped)))
        return found

    def _reach_back(self, text: str, start: int, earliest: int, starts: list[int]) -> int:
        """Where the overlap begins: at a piece, else at a word, else nowhere before `start`."""
        earliest = max(earliest, start - self._chunk_overlap)
        nearest = starts[bisect.bisect_left(starts, earliest)]
        if nearest < start:
            return nearest
        word = re.search(r"\s(?=\S)", text[earliest:start])
        return earliest + word.end() if word else start


def _join_headings(text: str, spans: list[Span], limit: int) -> list[Span]:
    """Spans in which each heading has become the beginning of the one after it."""
    joined: list[Span] = []
    pending, headings = -1, 0
    for index, (start, end) in enumerate(spans):
        begin = start if pending < 0 else pending
        if pending >= 0 and end - begin > limit >= end - start:
            joined.append((pending, spans[index - 1][1]))
            begin, headings = start, 0
        if index + 1 < len(spans) and headings < _HEADINGS and is_heading(text, start, end):
            pending, headings = begin, headings + 1
            continue
        joined.append((begin, end))
        pending, headings = -1, 0
    return joined


def is_heading(text: str, start: int, end: int) -> bool:
    """Whether a sentence span reads as a heading: a short line of its own without a full stop."""
    if end - start > _HEADING_CHARS:
        return False
    line = text[start:end]
    if line.startswith("#"):
        return True
    alone = (start == 0 or text[start - 1] == "\n") and text[end : end + 1] in ("", "\n")
    return alone and bool(_HEADING.match(line)) and line[-1] not in ".;,!…»”"


def _end_cost(text: str, end: int, following: int) -> float:
    if "\n" not in text[end:following]:
        return _AFTER_SENTENCE
    newline = text.find("\n", following, following + _HEADING_CHARS + 1)
    stop = newline if newline >= 0 else following + _HEADING_CHARS + 1
    line = text[following:stop].rstrip()
    if stop < len(text) and line and is_heading(text, following, following + len(line)):
        return _AFTER_SECTION
    return _AFTER_PARAGRAPH


def _grains(pieces: Iterable[_Piece], least: int, limit: int) -> list[_Piece]:
    """Pieces of at least `least` code points, where neighbours allow it."""
    grains: list[_Piece] = []
    for piece in pieces:
        last = grains[-1] if grains else None
        small = last and min(last.end - last.start, piece.end - piece.start) < least
        if last and small and piece.end - last.start <= limit:
            grains[-1] = _Piece(last.start, piece.end, piece.end_cost)
        else:
            grains.append(piece)
    return grains


def _pack(pieces: list[_Piece], limit: int) -> list[Span]:
    """Runs of pieces (first, last; last exclusive) of least total cost, each within `limit`."""
    best = [0.0]
    begin = [0]
    for last in range(1, len(pieces) + 1):
        end = pieces[last - 1].end
        least, chosen = math.inf, last - 1
        for first in range(last - 1, -1, -1):
            length = end - pieces[first].start
            if length > limit:
                break
            cost = best[first] + (1 - length / limit) ** 2
            if cost < least:
                least, chosen = cost, first
        best.append(least + (pieces[last - 1].end_cost if last < len(pieces) else 0.0))
        begin.append(chosen)
    runs: list[Span] = []
    last = len(pieces)
    while last:
        runs.append((begin[last], last))
        last = begin[last]
    return runs[::-1]

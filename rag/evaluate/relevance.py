"""When is a chunk relevant? The one rule from gold spans to relevance judgements (qrels).

A chunk is *relevant* to a gold span when it holds at least half of the span's characters, or at
least `ENOUGH` of them; it has grade 2 when it holds the whole span, else 1. So when a boundary of
the splitter falls inside a span, both neighbours count if both hold a real part of it, each with
grade 1, and a stray last word does not count. Of two halves the larger is always relevant: a
judgement cannot be lost by splitting in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.core.types import Chunk
from rag.evaluate.locate import Need, Span

ENOUGH = 30
WHOLE, PART = 2, 1

Grades = dict[str, int]
"""Unit (chunk or document id) -> grade; what is not named has grade 0."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the document at `path`: a chunk, or the quote of a citation."""

    path: str
    start: int
    end: int


def overlap(span: Span, shown: Interval) -> int:
    """How many characters of the span `shown` holds."""
    if span.path != shown.path:
        return 0
    return max(0, min(span.end, shown.end) - max(span.start, shown.start))


def grade(span: Span, shown: Interval) -> int:
    """2: `shown` holds the whole span, 1: a real part of it, 0: not enough (see the module)."""
    held = overlap(span, shown)
    if held == span.length:
        return WHOLE
    return PART if held and (held * 2 >= span.length or held >= ENOUGH) else 0


def grade_any(needs: Sequence[Need], shown: Interval) -> int:
    """The best grade that `shown` has for any span of any need."""
    return max((grade(span, shown) for need in needs for span in need), default=0)


def coverage(span: Span, shown: Iterable[Interval]) -> float:
    """Share of the span's characters that all of `shown` hold together, in [0, 1]."""
    pieces = sorted(
        (max(span.start, one.start), min(span.end, one.end))
        for one in shown
        if overlap(span, one) > 0
    )
    held, reached = 0, span.start
    for start, end in pieces:
        held += max(0, end - max(start, reached))
        reached = max(reached, end)
    return held / span.length


def first_characters(shown: Iterable[Interval], budget: int) -> list[Interval]:
    """The first pieces of `shown`, the last one cut, that hold `budget` characters together."""
    kept: list[Interval] = []
    for one in shown:
        if budget <= 0:
            break
        end = min(one.end, one.start + budget)
        kept.append(Interval(one.path, one.start, end))
        budget -= end - one.start
    return kept


def needs_coverage(needs: Sequence[Need], shown: Sequence[Interval]) -> float:
    """Mean over the needs of the best covered alternative of each, in [0, 1]."""
    return sum(max(coverage(span, shown) for span in need) for need in needs) / len(needs)


def needs_met(needs: Sequence[Need], shown: Sequence[Interval]) -> float:
    """Share of the needs of which some piece of `shown` is relevant to a span, in [0, 1]."""
    met = sum(any(grade(span, one) for span in need for one in shown) for need in needs)
    return met / len(needs)


def judge(needs: Sequence[Need], chunks: Mapping[str, Sequence[Chunk]]) -> tuple[Grades, ...]:
    """For each need the grades of the relevant chunks; `chunks` by the path of their document."""
    judged = []
    for need in needs:
        grades: Grades = {}
        for span in need:
            for chunk in chunks.get(span.path, ()):
                best = grade(span, Interval(span.path, chunk.start, chunk.end))
                if best > grades.get(chunk.chunk_id, 0):
                    grades[chunk.chunk_id] = best
        judged.append(grades)
    return tuple(judged)

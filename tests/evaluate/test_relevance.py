"""The rule from gold spans to relevance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.locate import Span
from rag.evaluate.relevance import (
    ENOUGH,
    PART,
    WHOLE,
    Interval,
    coverage,
    first_characters,
    grade,
    needs_coverage,
    needs_met,
    overlap,
)
from tests.evaluate.conftest import build

SPAN = Span("a.txt", 100, 200)


def shown(start: int, end: int, path: str = "a.txt") -> Interval:
    return Interval(path, start, end)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (100, 200, WHOLE),
        (0, 900, WHOLE),
        (0, 199, PART),
        (0, 150, PART),
        (0, 100 + ENOUGH, PART),
        (0, 99 + ENOUGH, 0),  # less than half, and less than enough
        (0, 100, 0),  # only touches
        (200, 300, 0),
    ],
)
def test_grades(start: int, end: int, expected: int) -> None:
    assert grade(SPAN, shown(start, end)) == expected


def test_another_document_is_never_relevant() -> None:
    assert grade(SPAN, shown(0, 900, "b.txt")) == 0
    assert overlap(SPAN, shown(0, 900, "b.txt")) == 0


@given(st.integers(1, 300), st.data())
def test_a_span_split_in_two_keeps_a_relevant_part(length: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, length))
    span = Span("a.txt", 0, length)
    grades = {grade(span, shown(-50, cut)), grade(span, shown(cut, length + 50))}
    assert max(grades) >= PART


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 120)), max_size=6))
def test_coverage_is_that_of_the_union(pieces: list[tuple[int, int]]) -> None:
    intervals = [shown(start, start + length) for start, length in pieces]
    held = {at for one in intervals for at in range(one.start, one.end) if 100 <= at < 200}
    assert coverage(SPAN, intervals) == pytest.approx(len(held) / 100)


def test_needs_take_the_best_alternative_and_average_over_what_is_needed() -> None:
    other = Span("a.txt", 300, 400)
    cited = [shown(300, 400)]
    assert needs_coverage([(SPAN, other)], cited) == 1.0
    assert needs_coverage([(SPAN,), (other,)], cited) == 0.5
    assert needs_met([(SPAN,), (other,)], cited) == 0.5
    assert needs_met([(SPAN,), (other,)], []) == 0.0


@pytest.mark.parametrize("size", [37, 60, 64, 100, 1000])
def test_rechunking_never_loses_a_judgement(size: int) -> None:
    world = build(size)
    for item in world.items:
        assert all(grades for grades in item.judged), f"{item.id} lost its gold at {size}"


def test_both_sides_of_a_boundary_count_but_whole_is_better() -> None:
    text = " ".join(["parola"] * 40)
    span = Span("a.txt", 60, 140)
    assert len(text) > 200
    assert [grade(span, shown(at, at + 100)) for at in (0, 100)] == [PART, PART]
    assert grade(span, shown(50, 150)) == WHOLE


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(0, 200))
def test_the_first_characters_are_as_many_as_asked_for(lengths: list[int], budget: int) -> None:
    pieces = [shown(1000 * at, 1000 * at + length) for at, length in enumerate(lengths)]
    kept = first_characters(pieces, budget)
    assert sum(one.end - one.start for one in kept) == min(budget, sum(lengths))
    assert [one.start for one in kept] == [one.start for one in pieces[: len(kept)]]

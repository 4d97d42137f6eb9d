"""Convex fusion, held by its properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.fuse import convex, normalise

scores = st.dictionaries(st.integers(1, 40), st.floats(-1, 50, allow_nan=False), max_size=20)


@given(scores, scores, st.floats(0, 1))
def test_scores_are_bounded_ordered_and_complete(
    dense: dict[int, float], lexical: dict[int, float], weight: float
) -> None:
    fused = convex(dense, lexical, weight)
    assert {key for key, _ in fused} == dense.keys() | lexical.keys()
    values = [score for _, score in fused]
    assert values == sorted(values, reverse=True)
    assert all(0.0 <= value <= 1.0 + 1e-9 for value in values)


@given(scores)
def test_all_weight_on_one_side_keeps_its_order(lexical: dict[int, float]) -> None:
    positive = {key: score for key, score in lexical.items() if score > 0}
    expected = sorted(positive, key=lambda key: (-positive[key], key))
    top = max(positive.values(), default=1.0)
    distinct = {round(score / top, 9) for score in positive.values()}
    if len(distinct) == len(positive):
        assert [key for key, _ in convex({}, positive, 0.0)] == expected


@given(scores, scores, st.floats(0, 1), st.randoms())
def test_the_order_of_the_inputs_does_not_matter(
    dense: dict[int, float], lexical: dict[int, float], weight: float, random: object
) -> None:
    items = list(lexical.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert convex(dense, dict(items), weight) == convex(dense, lexical, weight)


def test_by_hand() -> None:
    fused = convex({1: 0.8, 2: 0.4}, {2: 10.0, 3: 5.0}, 0.5)
    assert fused == [(2, 0.75), (1, 0.5), (3, 0.25)]


def test_nothing_above_the_floor_counts_nothing() -> None:
    assert normalise({1: -0.3, 2: 0.0}, 0.0) == {1: 0.0, 2: 0.0}
    assert convex({}, {}, 0.5) == []


def test_a_weight_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        convex({}, {}, 1.5)

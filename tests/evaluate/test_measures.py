"""ir-measures computes; what we hand it is what was shown."""

from __future__ import annotations

from math import log2

import pytest

from rag.evaluate.measures import retrieval


def test_ndcg_with_grades_by_hand() -> None:
    judged = {"q": ({"whole": 2, "part": 1},)}
    found = retrieval(judged, {"q": ["part", "no", "whole"]})["q"]
    ideal = 2 / log2(2) + 1 / log2(3)
    assert found["nDCG@10"] == pytest.approx((1 / log2(2) + 2 / log2(4)) / ideal)
    assert found["RR@10"] == 1.0


def test_order_is_the_order_shown_whatever_the_ids() -> None:
    for first, second in (("a", "b"), ("b", "a")):
        found = retrieval({"q": ({first: 1},)}, {"q": [first, second]})["q"]
        assert found["nDCG@10"] == 1.0
        found = retrieval({"q": ({second: 1},)}, {"q": [first, second]})["q"]
        assert found["RR@10"] == 0.5


def test_recall_counts_needs_not_passages_that_say_the_same() -> None:
    judged = {"one": ({"a": 2, "b": 2, "c": 2},), "two": ({"a": 2}, {"b": 2})}
    found = retrieval(judged, {"one": ["a"], "two": ["a", "x", "b"]})
    assert found["one"]["R@1"] == 1.0
    assert found["two"]["R@1"] == 0.5
    assert found["two"]["R@2"] == 0.5
    assert found["two"]["R@3"] == 1.0


def test_a_passage_that_meets_two_needs_meets_both() -> None:
    found = retrieval({"q": ({"a": 2}, {"a": 1, "b": 2})}, {"q": ["a"]})["q"]
    assert found["R@1"] == 1.0


def test_a_question_without_ranking_and_one_without_relevant_unit_score_zero() -> None:
    found = retrieval({"none": ({"a": 1},), "lost": ({},)}, {"lost": ["a"]})
    assert set(found) == {"none", "lost"}
    for values in found.values():
        assert set(values) == {"nDCG@10", "RR@10", *(f"R@{k}" for k in range(1, 11))}
        assert set(values.values()) == {0.0}


def test_reciprocal_rank_ends_at_ten() -> None:
    units = [f"u{number:02d}" for number in range(20)]
    assert retrieval({"q": ({"u09": 1},)}, {"q": units})["q"]["RR@10"] == pytest.approx(0.1)
    assert retrieval({"q": ({"u10": 1},)}, {"q": units})["q"]["RR@10"] == 0.0

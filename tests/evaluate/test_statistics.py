"""Intervals, tests and curves, against slow and plain versions of themselves."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.statistics import (
    auroc,
    calibration_error,
    estimate,
    mean_estimates,
    percentile,
    randomisation_test,
    reliability,
)

PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9]), st.booleans()), min_size=2)


@given(PAIRS)
def test_auroc_is_the_share_of_ordered_pairs(pairs: list[tuple[float, bool]]) -> None:
    scores = np.asarray([score for score, _ in pairs])
    labels = np.asarray([float(label) for _, label in pairs])
    good = [score for score, label in pairs if label]
    bad = [score for score, label in pairs if not label]
    found = auroc(scores, labels)
    if not good or not bad:
        assert np.isnan(found)
        return
    wins = [1.0 if g > b else 0.5 if g == b else 0.0 for g, b in product(good, bad)]
    assert found == pytest.approx(sum(wins) / len(wins))


def test_an_interval_holds_its_mean_and_narrows_with_more_questions() -> None:
    widths = []
    for n in (20, 2000):
        values = np.asarray([[float(i % 2)] for i in range(n)])
        (found,) = mean_estimates(values, [str(i) for i in range(n)])
        assert found.low < 0.5 == found.value < found.high
        assert found.n == n
        widths.append(found.high - found.low)
    # The standard error of a fair coin, times 1.96 on each side.
    assert widths[1] == pytest.approx(2 * 1.96 * 0.5 / 2000**0.5, rel=0.1)
    assert widths[0] > 8 * widths[1]


def test_two_wordings_of_one_fact_do_not_count_as_two_facts() -> None:
    values = np.asarray([[float(i % 3 == 0)] for i in range(60) for _ in range(2)])
    alone = mean_estimates(values, [str(i) for i in range(120)])[0]
    paired = mean_estimates(values, [str(i // 2) for i in range(120)])[0]
    assert paired.value == alone.value
    assert paired.high - paired.low > 1.25 * (alone.high - alone.low)


def test_the_same_input_gives_the_same_digits() -> None:
    values = np.random.default_rng(1).random((50, 2))
    clusters = [str(i % 30) for i in range(50)]
    assert mean_estimates(values, clusters) == mean_estimates(values, clusters)
    labels = (values[:, 1] > 0.5).astype(float)
    first = estimate(auroc, values[:, 0], labels, clusters)
    assert first == estimate(auroc, values[:, 0], labels, clusters)
    differences = np.random.default_rng(2).normal(0.1, 1.0, 50)
    assert randomisation_test(differences, clusters) == randomisation_test(differences, clusters)


def test_one_question_has_an_interval_of_no_width() -> None:
    (found,) = mean_estimates(np.asarray([[0.7]]), ["a"])
    assert (found.value, found.low, found.high) == (0.7, 0.7, 0.7)


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=9))
def test_the_randomisation_test_is_exact_when_it_can_be(differences: list[float]) -> None:
    signs = list(product((-1, 1), repeat=len(differences)))
    observed = abs(sum(differences))
    totals = [abs(sum(s * d for s, d in zip(row, differences, strict=True))) for row in signs]
    expected = sum(total >= observed - 1e-9 for total in totals) / len(signs)
    clusters = [str(number) for number in range(len(differences))]
    assert randomisation_test(np.asarray(differences), clusters) == pytest.approx(expected)


def test_the_randomisation_test_tells_a_difference_from_none() -> None:
    noise = np.random.default_rng(3).normal(0.0, 1.0, 200)
    clusters = [str(number) for number in range(200)]
    assert randomisation_test(noise - noise.mean(), clusters) > 0.9
    assert randomisation_test(noise + 0.5, clusters) < 0.001
    assert randomisation_test(noise + 0.5, clusters) > 0.0
    assert randomisation_test(np.zeros(200), clusters) == 1.0


def test_reliability_of_a_perfect_and_of_a_boastful_confidence() -> None:
    confidence = np.repeat([0.05, 0.95], 100)
    honest = np.asarray([0.0] * 95 + [1.0] * 5 + [1.0] * 95 + [0.0] * 5)
    assert calibration_error(confidence, honest) == pytest.approx(0.0)
    assert calibration_error(np.ones(100), np.asarray([1.0, 0.0] * 50)) == pytest.approx(0.5)
    curve = reliability(confidence, honest)
    assert [(one.low, one.n) for one in curve] == [(0.0, 100), (0.9, 100)]
    assert [one.share for one in curve] == pytest.approx([0.05, 0.95])


def test_percentiles() -> None:
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert percentile([], 0.95) == 0.0

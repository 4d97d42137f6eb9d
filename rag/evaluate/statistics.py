"""Intervals, tests and curves: pure functions of arrays, the same to the last digit every time.

Questions that ask one fact in two languages are not independent, so resampling is by cluster (the
fact), never by question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20_251_121
RESAMPLES = 2_000
BLOCK = 100  # resamples held in memory at a time
PERMUTATIONS = 10_000
EXACT_UP_TO = 13  # 2**13 sign patterns: fewer than PERMUTATIONS, so try them all

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over `n` questions with its 95% interval."""

    value: float
    low: float
    high: float
    n: int


def mean_estimates(values: Floats, clusters: Sequence[str]) -> list[Estimate]:
    """Column means of (n, m) values, each with a percentile bootstrap interval (Efron 1979)."""
    membership, size = _membership(clusters)
    sums = np.zeros((size, values.shape[1]))
    np.add.at(sums, membership, values)
    sizes = np.bincount(membership, minlength=size)
    means = np.concatenate([(c @ sums) / (c @ sizes)[:, None] for c in _draws(size)])
    return [
        _estimate(float(np.mean(column)), drawn, len(column))
        for column, drawn in zip(values.T, means.T, strict=True)
    ]


def estimate(
    statistic: Callable[[Floats, Floats], float],
    scores: Floats,
    labels: Floats,
    clusters: Sequence[str],
) -> Estimate:
    """`statistic(scores, labels)` of (n,) arrays with its interval, by resampling the clusters.

    Resamples in which the statistic is undefined (NaN, say one class only) are left out.
    """
    membership, size = _membership(clusters)
    drawn = []
    for counts in _draws(size):
        for row in counts:
            times = row[membership]
            drawn.append(statistic(np.repeat(scores, times), np.repeat(labels, times)))
    finite = np.asarray([value for value in drawn if not np.isnan(value)], dtype=np.float64)
    return _estimate(statistic(scores, labels), finite, len(scores))


def _membership(clusters: Sequence[str]) -> tuple[Ints, int]:
    names, membership = np.unique(np.asarray(clusters), return_inverse=True)
    return membership.astype(np.intp), len(names)


def _draws(size: int) -> Iterator[Ints]:
    """How often each of `size` clusters is drawn: (BLOCK, size) at a time, RESAMPLES in all."""
    generator = np.random.default_rng(SEED)
    for _ in range(RESAMPLES // BLOCK):
        yield generator.multinomial(size, np.full(size, 1.0 / size), size=BLOCK).astype(np.intp)


def _estimate(value: float, draws: Floats, n: int) -> Estimate:
    if not len(draws):
        return Estimate(value, value, value, n)
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)


def auroc(scores: Floats, labels: Floats) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney U), ties counting half; NaN for one class."""
    positives = int(np.sum(labels > 0.5))
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2.0)[inverse]
    rank_sum = float(np.sum(ranks[labels > 0.5]))
    return (rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives)


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions whose confidence lies in [low, high): how many, stated and true share."""

    low: float
    high: float
    n: int
    confidence: float
    share: float


def reliability(confidence: Floats, labels: Floats, bins: int = 10) -> list[Bin]:
    """The reliability curve over `bins` equal stretches of [0, 1]; empty ones are left out."""
    which = np.minimum((confidence * bins).astype(np.intp), bins - 1)
    curve = []
    for number in range(bins):
        inside = which == number
        if np.any(inside):
            curve.append(
                Bin(
                    low=number / bins,
                    high=(number + 1) / bins,
                    n=int(np.sum(inside)),
                    confidence=float(np.mean(confidence[inside])),
                    share=float(np.mean(labels[inside])),
                )
            )
    return curve


def calibration_error(confidence: Floats, labels: Floats) -> float:
    """Expected calibration error over ten bins (Naeini et al. 2015), in [0, 1]."""
    curve = reliability(confidence, labels)
    total = sum(one.n for one in curve)
    return sum(one.n * abs(one.confidence - one.share) for one in curve) / total if total else 0.0


def randomisation_test(differences: Floats, clusters: Sequence[str]) -> float:
    """Two-sided p-value that paired differences (n,) have mean 0 (Smucker et al. 2007).

    Signs are flipped cluster by cluster: every pattern when there are few clusters, else
    PERMUTATIONS seeded draws with the (b + 1) / (m + 1) estimate, which is never 0.
    """
    names, membership = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(membership, weights=differences, minlength=len(names))
    sums = sums[sums != 0.0]
    if not len(sums):
        return 1.0
    observed = abs(float(np.sum(sums)))
    if len(sums) <= EXACT_UP_TO:
        patterns = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1
        return float(np.mean(_as_extreme((patterns * 2 - 1) @ sums, observed)))
    generator = np.random.default_rng(SEED)
    signs = generator.integers(0, 2, size=(PERMUTATIONS, len(sums))) * 2 - 1
    return (int(np.sum(_as_extreme(signs @ sums, observed))) + 1) / (PERMUTATIONS + 1)


def _as_extreme(totals: Floats, observed: float) -> NDArray[np.bool_]:
    # The sums run in another order than the observed one: allow for rounding.
    return np.abs(totals) >= observed - 1e-9


def percentile_estimate(values: Floats, share: float) -> Estimate:
    """The `share` (0..1) percentile of (n,) values with its bootstrap interval."""
    generator = np.random.default_rng(SEED)
    size = len(values)
    drawn = [
        np.percentile(values[generator.integers(0, size, (BLOCK, size))], share * 100, axis=1)
        for _ in range(RESAMPLES // BLOCK)
    ]
    return _estimate(percentile(values.tolist(), share), np.concatenate(drawn), size)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, linearly interpolated; 0 for none."""
    return float(np.percentile(np.asarray(values), share * 100)) if values else 0.0

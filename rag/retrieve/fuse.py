"""Fusion of a dense and a lexical list by a convex combination of normalised scores.

Reciprocal rank fusion throws the scores away, so a weak list drags a strong one down. A convex
combination keeps them: each list is scaled to [0, 1] between the score function's own lower bound
and the list's best score, then mixed with one weight (Bruch, Gai and Ingber, "An Analysis of Fusion
Functions for Hybrid Retrieval", 2022, their TM2C2).
"""

from __future__ import annotations

from collections.abc import Mapping

DENSE_FLOOR = 0.0  # a cosine under 0 says as little as 0
LEXICAL_FLOOR = 0.0  # BM25 is never negative


def normalise(scores: Mapping[int, float], floor: float) -> dict[int, float]:
    """Scores scaled to [0, 1]: `floor` (or less) becomes 0 and the best score 1."""
    top = max(scores.values(), default=floor)
    if top <= floor:
        return dict.fromkeys(scores, 0.0)
    return {key: max(score - floor, 0.0) / (top - floor) for key, score in scores.items()}


def convex(
    dense: Mapping[int, float], lexical: Mapping[int, float], weight: float
) -> list[tuple[int, float]]:
    """(key, score) best first, score = weight·dense + (1 - weight)·lexical, in [0, 1].

    `weight` in [0, 1] is the dense share. A key absent from a list counts 0 there. Ties go to the
    smaller key, so that the order never depends on how the lists were gathered.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"fusion weight {weight} is not in [0, 1]")
    by_dense = normalise(dense, DENSE_FLOOR)
    by_lexical = normalise(lexical, LEXICAL_FLOOR)
    fused = {
        key: weight * by_dense.get(key, 0.0) + (1.0 - weight) * by_lexical.get(key, 0.0)
        for key in by_dense.keys() | by_lexical.keys()
    }
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))

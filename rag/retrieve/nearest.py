"""The dense side of a search: how close each passage is to a question, as a whole and in its best
sentence.

One vector for a passage blurs what its single sentences say, and one for a sentence does not know
what the passage is about. The mean of the passage's cosine and of the best of its sentences' is
better than either (docs/decisions/0005). FAISS finds the passages by their own vectors; the vectors
of the sentences then rank what it found, so that the index stays as small as the passages are many.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rag.indexing.snapshot import Snapshot

_DIGITS = 6  # the last bits depend on what else is multiplied


def nearest(
    snapshot: Snapshot,
    vector: NDArray[np.float32],
    depth: int,
    allowed: NDArray[np.int64] | None,
    also: Iterable[int] = (),
) -> dict[int, float]:
    """Key -> closeness in [-1, 1], of the `depth` passages nearest to a question's unit `vector`
    (d,), among the `allowed`, and of those under the keys `also`.
    """
    keys, cosines = snapshot.dense.search(vector, depth, allowed)
    known = set(keys.tolist())
    more = np.array(sorted(set(also) - known), dtype=np.int64)
    if len(more):
        keys = np.concatenate([keys, more])
        cosines = np.concatenate([cosines, snapshot.dense.scores(vector, more)])
    sentences, counts = snapshot.sentences(keys.tolist())
    # Not `@`, which would wake the threads of the BLAS for this.
    best = best_of(np.einsum("ij,j->i", sentences, vector), counts, cosines)
    closeness = np.round((cosines + best) / 2, _DIGITS)
    return dict(zip(keys.tolist(), closeness.tolist(), strict=True))


def best_of(
    scores: NDArray[np.float32], counts: NDArray[np.int64], otherwise: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The best of each run of `counts` neighbouring scores; `otherwise` where the run is empty."""
    best = otherwise.astype(np.float32)
    held = np.flatnonzero(counts)
    if len(held):
        starts = np.cumsum(counts) - counts
        best[held] = np.maximum.reduceat(scores, starts[held])
    return best

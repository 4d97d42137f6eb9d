"""Inner-product search over unit vectors. The only module that knows FAISS.

Exact (flat) up to EXACT_LIMIT vectors, HNSW (Malkov and Yashunin 2016) above; where that lies was
measured: benchmarks/dense.md. A search among allowed keys is exact at every size.

Rows are in the order of their keys, which only grow, so that ties by row are ties by key.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

VECTORS: Final = "vectors.faiss"
KEYS: Final = "keys.npy"
EXACT_LIMIT: Final = 50_000  # vectors; above, HNSW
HNSW_NEIGHBOURS: Final = 32
HNSW_BUILD_EFFORT: Final = 80  # efConstruction
HNSW_SEARCH_EFFORT: Final = 256  # efSearch, at least
_DEAD_SHARE: Final = 0.2  # of rows; beyond, the graph is built anew without them
_DIGITS: Final = (
    6  # scores are rounded here: equal vectors in other rows may differ in the last bit
)
_SLACK: Final = 32

_NONE: Final = np.empty(0, dtype=np.int64)


class DenseIndex:
    """Vectors of one dimension by integer key. Made empty, or with `open`."""

    def __init__(self, dimension: int, *, exact_limit: int = EXACT_LIMIT) -> None:
        self._faiss = _faiss()
        self._exact_limit = exact_limit
        self._index: Any = self._faiss.IndexFlatIP(dimension)
        self._keys = _NONE
        self._dead = np.zeros(0, dtype=np.bool_)

    @classmethod
    def open(cls, folder: Path, *, exact_limit: int = EXACT_LIMIT) -> DenseIndex:
        """Read what `save` wrote. The caller has checked the files' checksums."""
        self = cls.__new__(cls)
        self._faiss = _faiss()
        self._exact_limit = exact_limit
        self._index = self._faiss.read_index(str(folder / VECTORS))
        signed = np.load(folder / KEYS, allow_pickle=False)
        self._keys, self._dead = np.abs(signed), signed < 0
        return self

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    @property
    def exact(self) -> bool:
        """Whether every search is exact (flat), not only filtered ones."""
        return isinstance(self._index, self._faiss.IndexFlat)

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys, ascending."""
        return self._keys[~self._dead]

    def __len__(self) -> int:
        return int(np.count_nonzero(~self._dead))

    def add(self, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors (n, d) under keys (n,) that ascend and exceed all those here."""
        if len(keys) == 0:
            return
        if vectors.shape != (len(keys), self.dimension):
            raise ValueError(f"vectors of shape {vectors.shape} for {len(keys)} keys")
        last = self._keys[-1] if len(self._keys) else 0
        if keys[0] <= last or np.any(np.diff(keys) <= 0):
            raise ValueError("keys must ascend")
        self._keys = np.concatenate([self._keys, keys.astype(np.int64)])
        self._dead = np.concatenate([self._dead, np.zeros(len(keys), dtype=np.bool_)])
        if self.exact and len(self._keys) > self._exact_limit:
            self._rebuild(vectors)
        else:
            self._one_thread()
            self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def remove(self, keys: NDArray[np.int64]) -> None:
        """Remove the vectors under those keys; unknown keys are ignored."""
        gone = np.isin(self._keys, keys)
        if not gone.any():
            return
        self._dead |= gone
        alive = int(np.count_nonzero(~self._dead))
        share = 1 - alive / len(self._dead)
        if self.exact or share > _DEAD_SHARE or alive <= self._exact_limit:
            self._rebuild(np.empty((0, self.dimension), dtype=np.float32))

    def save(self, folder: Path) -> None:
        """Write the index to two files in `folder`."""
        self._faiss.write_index(self._index, str(folder / VECTORS))
        # A dead row keeps its key, made negative: HNSW cannot forget a vector.
        np.save(folder / KEYS, np.where(self._dead, -self._keys, self._keys), allow_pickle=False)

    def vectors(self) -> NDArray[np.float32]:
        """All vectors, in the order of `keys`: (n, d)."""
        alive: NDArray[np.float32] = self._matrix()[~self._dead]
        return alive

    def scores(self, vector: NDArray[np.float32], keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """The inner products of `vector` (d,) with the vectors under `keys`: (n,), in that order.

        Raises KeyError for an unknown key.
        """
        rows = self._rows(np.asarray(keys, dtype=np.int64))
        if len(rows) != len(keys):
            raise KeyError("a key is not in the index")
        # Not `@`, which would wake the threads of the BLAS for this.
        products: NDArray[np.float32] = np.einsum("ij,j->i", self._matrix()[rows], vector)
        return np.round(products, _DIGITS)

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """At most `k` keys and their inner products with `vector` (d,), best first, ties by key.

        With `allowed`, exactly the best among those keys.
        """
        rows = None if allowed is None else self._rows(np.unique(allowed))
        available = len(self) if rows is None else len(rows)
        k = min(k, available)
        if k < 1:
            return _NONE, np.empty(0, dtype=np.float32)
        return self._nearest(vector, k, rows, available)

    def _nearest(
        self, vector: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None, available: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Search with slack, widened until a tie across the cut is seen whole."""
        self._one_thread()
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        index = self._index if rows is None else self._flat()
        alive = np.flatnonzero(~self._dead) if rows is None and self._dead.any() else rows
        selector = None if alive is None else _selector(self._faiss, alive, len(self._keys))
        reach = k
        while True:
            reach = min(reach + _SLACK, available)
            scores, found = index.search(
                query, reach, params=self._parameters(index, reach, selector)
            )
            found, scores = found[0], np.round(scores[0], _DIGITS)
            scores, found = scores[found >= 0], found[found >= 0]
            if reach == available or len(found) <= k or scores[-1] < scores[k - 1]:
                break
            reach *= 2
        order = np.lexsort((found, -scores))[:k]
        return self._keys[found[order]], scores[order].astype(np.float32)

    def _parameters(self, index: Any, reach: int, selector: Any) -> Any:
        if isinstance(index, self._faiss.IndexFlat):
            return self._faiss.SearchParameters(sel=selector)
        effort = max(HNSW_SEARCH_EFFORT, 4 * reach)
        return self._faiss.SearchParametersHNSW(sel=selector, efSearch=effort)

    def _rows(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of those keys, in the order given; unknown and dead ones left out."""
        if len(self._keys) == 0:
            return _NONE
        rows = np.searchsorted(self._keys, keys)
        rows[rows == len(self._keys)] = 0
        found: NDArray[np.int64] = rows[(self._keys[rows] == keys) & ~self._dead[rows]]
        return found

    def _flat(self) -> Any:
        """The flat index, or the one inside the graph, which holds its vectors."""
        return self._index if self.exact else self._faiss.downcast_index(self._index.storage)

    def _matrix(self) -> NDArray[np.float32]:
        """The vectors as FAISS holds them: (rows, d), a view, valid until the next change."""
        flat = self._flat()
        if flat.ntotal == 0:
            return np.empty((0, self.dimension), dtype=np.float32)
        count = flat.ntotal * flat.d
        values: NDArray[np.float32] = self._faiss.rev_swig_ptr(flat.get_xb(), count)
        return values.reshape(flat.ntotal, flat.d)

    def _rebuild(self, more: NDArray[np.float32]) -> None:
        """Make the index anew from the live rows and `more`, whose keys are already noted."""
        old = self._matrix()
        vectors = np.concatenate([old[~self._dead[: len(old)]], more])
        self._keys = self._keys[~self._dead]
        self._dead = np.zeros(len(self._keys), dtype=np.bool_)
        self._index = _empty(self._faiss, self.dimension, len(vectors) > self._exact_limit)
        self._one_thread()
        self._index.add(np.ascontiguousarray(vectors))

    def _one_thread(self) -> None:
        # The setting belongs to the calling thread, so it is made where the work is done. FAISS
        # spreads queries, not vectors, over threads: one question gains nothing from more, and
        # idle ones would spin. Building a graph with one thread gives the same graph every time.
        self._faiss.omp_set_num_threads(1)


def _empty(faiss: Any, dimension: int, large: bool) -> Any:
    if not large:
        return faiss.IndexFlatIP(dimension)
    index = faiss.IndexHNSWFlat(dimension, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = HNSW_BUILD_EFFORT
    return index


def _selector(faiss: Any, rows: NDArray[np.int64], total: int) -> Any:
    """A selector of rows; as a bitmap, its cost does not grow with the number of rows."""
    wanted = np.zeros(total, dtype=np.bool_)
    wanted[rows] = True
    return faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))


def _faiss() -> Any:
    # Read by the OpenMP runtime when it is loaded: waiting threads sleep instead of spinning.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import faiss

    return faiss

"""Flat or HNSW: where the crossover lies. Prints the table of benchmarks/dense.md.

    python -m benchmarks.dense [--sizes 1000,10000] [--dimension 384]

Times are of one thread's processor, so that other work on the machine counts little. The vectors
are clustered, as those of passages are (uniform ones are the worst case for a graph,
and unlike any text): unit vectors around one centre for every 50.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from pathlib import Path
from time import thread_time

import numpy as np
from numpy.typing import NDArray

from rag.indexing.dense import DenseIndex

QUERIES = 200
K = 100  # what the hybrid search asks for


def passages(count: int, dimension: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Clustered unit vectors: (count, dimension)."""
    centres = rng.standard_normal((max(count // 50, 1), dimension))
    rows = centres[rng.integers(len(centres), size=count)]
    rows = (rows + 0.9 * rng.standard_normal((count, dimension))).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def timed(index: DenseIndex, queries: NDArray[np.float32]) -> tuple[float, list[set[int]]]:
    """Median milliseconds for one question, and the keys found for each."""
    spent, found = [], []
    for query in queries:
        start = thread_time()
        keys, _ = index.search(query, K)
        spent.append(thread_time() - start)
        found.append(set(keys.tolist()))
    return 1000 * float(np.median(spent)), found


def measure(count: int, dimension: int) -> str:
    """One row of the table."""
    rng = np.random.default_rng(count)
    rows = passages(count + QUERIES, dimension, rng)
    queries, rows, keys = rows[:QUERIES], rows[QUERIES:], np.arange(1, count + 1)
    flat = DenseIndex(dimension, exact_limit=count)
    flat.add(keys, rows)
    start = thread_time()
    graph = DenseIndex(dimension, exact_limit=0)
    graph.add(keys, rows)
    build = thread_time() - start
    flat_ms, truth = timed(flat, queries)
    graph_ms, found = timed(graph, queries)
    recall = np.mean([len(a & b) / len(a) for a, b in zip(truth, found, strict=True)])
    allowed = keys[rng.random(count) < 0.1]
    start = thread_time()
    for query in queries[:20]:
        graph.search(query, K, allowed)
    filtered_ms = 1000 * (thread_time() - start) / 20
    with tempfile.TemporaryDirectory() as folder:
        flat.save(Path(folder))
        start = thread_time()
        DenseIndex.open(Path(folder))
        load_ms = 1000 * (thread_time() - start)
        content = (Path(folder) / "vectors.faiss").read_bytes()
    start = thread_time()
    zlib.crc32(content)
    crc_ms = 1000 * (thread_time() - start)
    return (
        f"| {count:,} | {flat_ms:.2f} | {graph_ms:.2f} | {recall:.3f} | {filtered_ms:.2f} "
        f"| {build:.1f} | {load_ms:.0f} | {crc_ms:.0f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,5000,10000,20000,50000,100000")
    parser.add_argument("--dimension", type=int, default=384)
    options = parser.parse_args()
    print(
        "| vectors | flat, ms | HNSW, ms | recall@100 | HNSW, filtered 10%, ms | build, s ", end=""
    )
    print("| open, ms | CRC, ms |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in options.sizes.split(","):
        print(measure(int(size), options.dimension), flush=True)


if __name__ == "__main__":
    main()

"""The bundled embedder by itself: speed, memory, size, and what shorter or coarser vectors cost.

    python -m benchmarks.embedding [--embedder bundled] [--threads 2]

Speed is that of a warm process; loading and memory are those of a fresh one. Quality is dense
nDCG@10 on the public benchmark's development half, whole paragraphs as passages.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import read_passages, read_questions, save
from rag.embed import BUNDLED, Embedder, load_embedder

QUESTION = "Quando è iniziata la crisi petrolifera del 1973?"
FRESH = """
import re, sys, time
start = time.perf_counter()
from rag.embed import load_embedder
model = load_embedder(sys.argv[1], threads=2)
loaded = time.perf_counter()
model.embed_queries([sys.argv[2]])
# Not ru_maxrss: on Linux it starts at what the parent process held.
status = open("/proc/self/status").read()
print(loaded - start, int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024)
"""
Vectors = NDArray[np.float32]


def speed(embedder: Embedder, texts: list[str]) -> dict[str, float]:
    """Milliseconds a question (median and 95th percentile), passages of 800 characters a second."""
    took = []
    for _ in range(200):
        start = perf_counter()
        embedder.embed_queries([QUESTION])
        took.append(1000 * (perf_counter() - start))
    passages = [(text + " ") * 8 for text in texts]
    passages = [text[:800] for text in passages][:512]
    start = perf_counter()
    embedder.embed_passages(passages)
    seconds = perf_counter() - start
    return {
        "question_ms_p50": round(float(np.percentile(took, 50)), 2),
        "question_ms_p95": round(float(np.percentile(took, 95)), 2),
        "passages_of_800_characters_a_second": round(len(passages) / seconds, 1),
    }


def fresh(spec: str) -> dict[str, float]:
    """Seconds to import and load, and resident memory after one question, in a new process."""
    runs = []
    for _ in range(5):
        command = [sys.executable, "-c", FRESH, spec, QUESTION]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        runs.append([float(number) for number in done.stdout.split()])
    seconds, memory = np.median(runs, axis=0)
    return {"load_seconds": round(float(seconds), 3), "memory_mb": round(float(memory), 1)}


def ndcg(rows: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """nDCG@10 of ranked rows (n, 10) with one right row each."""
    gain = 1 / np.log2(np.arange(2, 2 + rows.shape[1]))
    return round(float(((rows == right[:, None]) * gain).sum(axis=1).mean()), 4)


def variants() -> dict[str, tuple[int, Callable[[int], faiss.Index]]]:
    """Name -> (numbers kept of each vector, index over that many)."""
    inner = faiss.METRIC_INNER_PRODUCT

    def eight_bits(width: int) -> faiss.Index:
        return faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, inner)

    return {
        "384 float": (384, faiss.IndexFlatIP),
        "384 int8": (384, eight_bits),
        "256 float": (256, faiss.IndexFlatIP),
        "256 int8": (256, eight_bits),
        "128 float": (128, faiss.IndexFlatIP),
    }


def quality(embedder: Embedder, passages: dict[str, str]) -> dict[str, dict[str, float]]:
    """nDCG@10 of each language's questions for each variant of the vectors."""
    place = {key: number for number, key in enumerate(passages)}
    vectors = embedder.embed_passages(list(passages.values()))
    figures: dict[str, dict[str, float]] = {}
    for language in ("it", "en"):
        questions = [q for q in read_questions() if q.language == language]
        asked = embedder.embed_queries([q.text for q in questions])
        right = np.array([place[q.passage] for q in questions])
        for name, (kept, make) in variants().items():
            index = make(kept)
            short = _unit(vectors[:, :kept])
            index.train(short)
            index.add(short)
            _, rows = index.search(_unit(asked[:, :kept]), 10)
            figures.setdefault(name, {})[language] = ndcg(rows, right)
    return figures


def _unit(vectors: Vectors) -> Vectors:
    return np.ascontiguousarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def main() -> None:
    """Measure everything and write benchmarks/results/embedding.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    passages = read_passages()
    embedder = load_embedder(given.embedder, threads=given.threads)
    figures: dict[str, Any] = {"model": embedder.name, "threads": given.threads}
    if given.embedder == "bundled":
        size = sum(path.stat().st_size for path in BUNDLED.iterdir())
        figures["megabytes_on_disk"] = round(size / 1e6, 1)
    figures |= speed(embedder, list(passages.values())) | fresh(given.embedder)
    figures["ndcg"] = quality(embedder, passages)
    save("embedding", figures, f"python -m benchmarks.embedding --embedder {given.embedder}")


if __name__ == "__main__":
    main()

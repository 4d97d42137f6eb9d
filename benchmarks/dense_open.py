"""What the index costs around the search: build, open, notice changes, read passages.

    python -m benchmarks.dense_open [--documents 2000]

Documents of ten passages each, drawn from a made-up vocabulary; vectors are random, so that no
model is timed. Times are of the process's processor (all threads), the best of five.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from rag.core.types import Filters
from rag.indexing.build import pending, sync
from rag.indexing.snapshot import Snapshot

SIZES = {"chunk_size": 800, "chunk_overlap": 0, "max_bytes": 50_000_000}


class RandomEmbedder:
    """Unit vectors that cost nothing; the same text always gets the same one."""

    name = "random"
    dimension = 384

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, (n, 384)."""
        rows = [
            np.random.default_rng(len(t) * 7919 + ord(t[0])).standard_normal(384) for t in texts
        ]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), 384)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """The same."""
        del progress
        return self.embed_queries(texts)


def write_documents(folder: Path, count: int) -> None:
    """Text files of ten paragraphs of about 700 characters."""
    rng = np.random.default_rng(0)
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "are", "ento")]
    words = ["".join(rng.choice(syllables, 3)) for _ in range(20_000)]
    frequency = 1 / np.arange(1, len(words) + 1)
    for number in range(count):
        text = rng.choice(words, 10 * 90, p=frequency / frequency.sum())
        parts = [" ".join(text[n * 90 : n * 90 + 90]).capitalize() + "." for n in range(10)]
        path = folder / f"{number % 100:02d}" / f"{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Documento {number}\n\n" + "\n\n".join(parts), encoding="utf-8")


def best(what: str, call: Callable[[], object], times: int = 5) -> None:
    """Print the least milliseconds of several calls."""
    spent = []
    for _ in range(times):
        start = process_time()
        call()
        spent.append(process_time() - start)
    print(f"| {what} | {1000 * min(spent):.2f} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as base:
        docs, folder = Path(base) / "docs", Path(base) / "index"
        write_documents(docs, count)
        report = sync(folder, docs, RandomEmbedder(), **SIZES)
        seconds = ", ".join(f"{stage} {s:.1f}" for stage, s in report.seconds.items())
        print(f"{len(report.added):,} documents, {report.chunks:,} chunks; seconds: {seconds}\n")
        print("| | ms |\n| --- | --- |")
        best("notice that nothing changed", lambda: pending(folder, docs, **SIZES))
        best("open", lambda: Snapshot.open(folder).close())
        with Snapshot.open(folder) as snapshot:
            keys = snapshot.dense.keys
            hundred = np.random.default_rng(1).choice(keys, 100, replace=False).tolist()
            best("read 100 passages", lambda: snapshot.chunks(hundred))
            ids = [chunk.doc_id for chunk in snapshot.chunks(hundred)]
            best("their documents' facts", lambda: [snapshot.info(i) for i in ids], 1)
            best("the same again", lambda: [snapshot.info(i) for i in ids])
            best("filter by language", lambda: snapshot.allowed(Filters(languages=("it",))))
            best("is it stale", snapshot.stale)
        path = next(docs.rglob("*.txt"))
        path.write_text("Un documento cambiato.", encoding="utf-8")
        best("update one document", lambda: sync(folder, docs, RandomEmbedder(), **SIZES), 1)


if __name__ == "__main__":
    main()

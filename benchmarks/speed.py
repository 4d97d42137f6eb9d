"""How fast and how small: index, first answer, warm question, memory.

    python -m benchmarks.speed

Indexes 2,000 passages of 50 words (cut from the public benchmark's paragraphs), asks questions of
them in one process, with both cores free and with another process keeping them busy, and times
`rag ask` on the seeds from process start to printed answer.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import HERE, read_passages, read_questions, save

RAG = [sys.executable, "-m", "rag.app.cli"]
SEEDS = HERE.parent / "seeds"
QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
# Run in a process of its own, so that memory is that of a searching process alone.
SEARCHING = """
import json, resource, sys, time
from rag import Library
library = Library.open(sys.argv[1], update=False)
questions = [line.rstrip("\\n") for line in open(sys.argv[2], encoding="utf-8")]
for question in questions[:20]:
    library.search(question, 10)
times = []
for question in questions:
    start = time.perf_counter()
    library.search(question, 10)
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps({
    "ms": times,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "heavy": [m for m in ("torch", "sentence_transformers") if m in sys.modules],
}))
"""


def fifty_word_passages(count: int) -> list[str]:
    """`count` passages of exactly 50 words, in the order of the benchmark's paragraphs."""
    words = itertools.chain.from_iterable(text.split() for text in read_passages().values())
    return [" ".join(itertools.islice(words, 50)) for _ in range(count)]


def timed(command: list[str], **options: Any) -> float:
    """Seconds of wall clock that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, **options)
    return time.perf_counter() - start


def percentiles(ms: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles(ms, n=100)
    return {
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
    }


def _spin() -> None:
    while True:
        sum(range(10_000))


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other work on the machine: `processes` that compute without pause."""
    others = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(processes)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.terminate()


def searching(index: Path, questions: Path) -> dict[str, Any]:
    """Question times (ms), peak memory (MB) and heavy modules of a process that searches."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", SEARCHING, str(index), str(questions)],
        check=True,
        capture_output=True,
        text=True,
        cwd=HERE.parent,
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure everything and write benchmarks/results/speed.json."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        questions = folder / "questions.txt"
        chosen = [q.text for q in read_questions() if q.language == "en"][:200]
        chosen += [q.text for q in read_questions() if q.language == "it"][:200]
        questions.write_text("\n".join(chosen), encoding="utf-8")
        for count in (1000, 2000):
            sources = folder / f"docs{count}"
            sources.mkdir()
            for number, text in enumerate(fifty_word_passages(count)):
                (sources / f"{number:05}.txt").write_text(text + "\n", encoding="utf-8")
            index = folder / f"index{count}"
            seconds = timed([*RAG, "index", str(sources), "--index", str(index), "-q"])
            figures[f"index_{count}_passages_s"] = round(seconds, 1)
            run = searching(index, questions)
            figures[f"question_{count}"] = percentiles(run["ms"])
            with busy(os.cpu_count() or 1):
                figures[f"question_{count}_machine_busy"] = percentiles(
                    searching(index, questions)["ms"]
                )
        seeds = folder / "seeds"
        figures["index_seeds_s"] = round(
            timed([*RAG, "index", str(SEEDS), "--index", str(seeds), "-q"]), 2
        )
        ask = [*RAG, "ask", QUESTION, "--index", str(seeds)]
        cold = [timed(ask) for _ in range(11)]
        figures["ask_process_start_to_answer_s"] = {
            "median": round(statistics.median(cold), 3),
            "worst": round(max(cold), 3),
        }
        run = searching(seeds, questions)
        figures["seeds_question"] = percentiles(run["ms"])
        figures["seeds_searching_process_peak_mb"] = round(run["peak_mb"])
        figures["torch_loaded"] = bool(run["heavy"])
    save("speed", figures, "python -m benchmarks.speed")


if __name__ == "__main__":
    main()

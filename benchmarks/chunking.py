"""How long should chunks be? Sizes and overlaps, compared at an equal amount of text shown.

    python -m benchmarks.chunking [--articles 24] [--sample 4] [--sizes 400/0 800/0 …]

The public benchmark's development half has paragraphs of some 750 characters, which leaves nothing
to split; so the paragraphs of each article are joined into one document (24 documents, up to
90,000 characters), which is indexed by the product with each size and overlap. A chunk is right
when it holds the first judged answer's exact span. Because long chunks hold more of everything,
sizes are compared by how often the answer is within the first 800, 2,400 and 4,800 characters of
the ranked passages (text shown twice counts twice), besides the reciprocal rank.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import BENCH, read_rows, save
from rag import Library
from rag.core.types import ScoredChunk

SIZES = ["300/0", "500/0", "650/0", "800/0", "800/160", "1000/0", "1200/0"]
BUDGETS = (800, 2400, 4800)  # characters
DEPTH = 20  # chunks


@dataclass(frozen=True, slots=True)
class Judged:
    """A question and the span of its answer in the document of its article."""

    language: str
    text: str
    path: str
    start: int
    end: int


def read(sources: Path, articles: int, every: int) -> list[Judged]:
    """Write the first `articles` as documents; all English, every n-th Italian question."""
    paths: dict[str, str] = {}
    places: dict[str, tuple[str, int]] = {}
    lengths: dict[str, int] = defaultdict(int)
    for row in read_rows(BENCH / "squad-it-dev.passages.jsonl.gz"):
        if row["title"] not in paths and len(paths) == articles:
            continue
        path = paths.setdefault(row["title"], f"{len(paths):03}.txt")
        places[row["id"]] = (path, lengths[path])
        with (sources / path).open("a", encoding="utf-8") as stream:
            stream.write(row["text"] + "\n\n")
        lengths[path] += len(row["text"]) + 2
    judged: list[Judged] = []
    seen = 0
    for row in read_rows(BENCH / "squad-it-dev.questions.jsonl.gz"):
        if not row["answers"] or row["passage"] not in places:
            continue
        seen += row["lang"] == "it"
        if row["lang"] == "it" and seen % every:
            continue
        path, at = places[row["passage"]]
        start = at + row["answers"][0]["start"]
        end = start + len(row["answers"][0]["text"])
        judged.append(Judged(row["lang"], row["question"], path, start, end))
    return judged


def holds(hit: ScoredChunk, question: Judged) -> bool:
    """Whether a passage holds the answer's span."""
    chunk = hit.chunk
    return hit.path == question.path and chunk.start <= question.start <= question.end <= chunk.end


def shown_until(hits: Sequence[ScoredChunk], question: Judged) -> tuple[int, int] | None:
    """(rank, characters up to and with it) of the first passage that holds the answer."""
    shown = 0
    for rank, hit in enumerate(hits, start=1):
        shown += len(hit.chunk.text)
        if holds(hit, question):
            return rank, shown
    return None


def measure(sources: Path, questions: list[Judged], size: int, overlap: int) -> dict[str, Any]:
    """Index with one size and overlap, ask everything, and count."""
    with tempfile.TemporaryDirectory() as index:
        started = time.perf_counter()
        library = Library.open(index, sources, chunk_size=size, chunk_overlap=overlap)
        figures: dict[str, Any] = {"index_seconds": round(time.perf_counter() - started, 1)}
        figures["chunks"] = library.status()["chunks"]
        for language in ("it", "en"):
            asked = [question for question in questions if question.language == language]
            results = library.search_many([question.text for question in asked], DEPTH)
            found = [
                shown_until(getattr(result, "results", ()), question)
                for result, question in zip(results, asked, strict=True)
            ]
            figures[language] = {
                "questions": len(asked),
                "RR@20": round(sum(1 / hit[0] for hit in found if hit) / len(asked), 4),
                **{
                    f"answer_in_{budget}": round(
                        sum(hit is not None and hit[1] <= budget for hit in found) / len(asked), 4
                    )
                    for budget in BUDGETS
                },
            }
    return figures


def main() -> None:
    """Measure every size and write benchmarks/results/chunking.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=4, help="every n-th Italian question")
    parser.add_argument("--articles", type=int, default=24, help="how many of the 24 articles")
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="SIZE/OVERLAP")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        sources = Path(name)
        questions = read(sources, given.articles, given.sample)
        for setting in given.sizes:
            size, overlap = map(int, setting.split("/"))
            figures[setting] = measure(sources, questions, size, overlap)
            print(setting, figures[setting], flush=True)
    options = f"--sample {given.sample} --articles {given.articles} --sizes {' '.join(given.sizes)}"
    save("chunking", figures, f"python -m benchmarks.chunking {options}")


if __name__ == "__main__":
    main()

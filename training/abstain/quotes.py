"""How good the extractive answer is, and which mix of scores picks the best sentences.

    python -m training.abstain.quotes [--questions 300] [--search]

For the benchmark's development half and eval/: the share of answerable questions whose quotes hold
the answer, how many quotes are shown, and the share of quotes that hold it. With --search, tries
mixes of the sentence scores on the benchmark (rag.answer.evidence has the one in force).
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rag.answer import evidence as scoring
from rag.answer.assistant import Assistant
from rag.answer.evidence import Candidate, Evidence
from rag.answer.extract import choose
from rag.core.config import load_settings
from rag.embed import load_embedder
from rag.retrieve.search import HybridSearcher
from training.abstain.bench import index, open_bench, read_questions
from training.abstain.examples import _locate, _quotes, sample
from training.settings import ROOT, Settings

Holds = Callable[[Candidate], bool]
Asked = tuple[str, Evidence, Holds]  # the set's name, what was found, what answers


def gather(settings: Settings, count: int) -> list[Asked]:
    """Evidence for answerable questions, and how to tell whether a sentence answers."""
    product = load_settings()
    embedder = load_embedder(product.embedder, threads=2)
    asked: list[Asked] = []
    bench = open_bench(settings, embedder)
    seeds = index(settings.workspace("abstain") / "seeds-index", ROOT / "seeds", embedder)
    for snapshot in (bench, seeds):
        searcher = HybridSearcher(
            snapshot, embedder, dense_weight=product.dense_weight, candidates=product.candidates
        )
        assistant = Assistant(searcher, snapshot, embedder, translator=snapshot.lexical.table)
        if snapshot is bench:
            for question in sample(read_questions(settings), count):

                def says(
                    candidate: Candidate,
                    path: str = question.path,
                    answers: Sequence[str] = question.answers,
                ) -> bool:
                    return candidate.hit.path == path and any(
                        answer in candidate.terms.text for answer in answers
                    )

                asked.append(
                    (f"bench {question.language}", assistant.evidence(question.text), says)
                )
            continue
        texts = {info.path: snapshot.document(info.doc_id).text for info in snapshot.documents()}
        lines = (ROOT / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        for item in map(json.loads, lines):
            spans = [span for quote in _quotes(item) for span in _locate(quote, texts)]
            if spans:

                def overlaps(
                    candidate: Candidate, spans: list[tuple[str, int, int]] = spans
                ) -> bool:
                    return any(
                        candidate.hit.path == path
                        and candidate.start < end
                        and start < candidate.end
                        for path, start, end in spans
                    )

                asked.append(
                    (f"eval {item['lang']}", assistant.evidence(item["question"]), overlaps)
                )
    return asked


def mixed(found: Evidence, mix: Sequence[float]) -> Evidence:
    """The evidence with its candidates scored by (coverage, cosine, rank, type) shares."""
    top = max((hit.score for hit in found.hits), default=0.0) or 1.0
    again = [
        replace(
            c,
            score=mix[0] * c.reach
            + mix[1] * c.cosine
            + mix[2] * max(0.0, c.hit.score / top)
            + mix[3] * c.fit
            + (scoring.SOUGHT if c.hit.chunk.kind != "prose" else 0.0),
        )
        for c in found.candidates
    ]
    again.sort(key=lambda c: (-c.score, c.rank, c.start))
    return replace(found, candidates=tuple(again))


def figures(asked: Sequence[Asked], mix: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """By set: first quote right, any quote right, quotes shown, share of quotes that are right."""
    table: dict[str, list[tuple[float, ...]]] = {}
    for name, found, holds in asked:
        chosen = choose(mixed(found, mix))
        right = [holds(candidate) for candidate in chosen]
        row = (
            float(bool(right) and right[0]),
            float(any(right)),
            float(len(chosen)),
            float(np.mean(right)) if right else 0.0,
        )
        table.setdefault(name, []).append(row)
    return {
        name: tuple(round(float(v), 3) for v in np.mean(rows, axis=0))
        for name, rows in table.items()
    }


def main() -> None:
    """Measure, and with --search compare mixes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--search", action="store_true")
    given = parser.parse_args()
    asked = gather(Settings(), given.questions)
    mixes = [(scoring.COVERAGE, scoring.COSINE, scoring.RANK, scoring.TYPE)]
    if given.search:
        mixes += itertools.product(
            (0.35, 0.5, 0.65), (0.2, 0.35, 0.6, 1.0), (0.2, 0.3), (0.15, 0.25)
        )
    rows = [(mix, figures(asked, mix)) for mix in mixes]
    rows.sort(key=lambda r: -sum(v[0] for k, v in r[1].items() if k.startswith("bench")))
    for mix, table in rows[:12] if given.search else rows:
        print(mix, "  ".join(f"{name} {values}" for name, values in table.items()))


if __name__ == "__main__":
    main()

"""Does it find the passage? nDCG@10 of lexical, dense and hybrid search, and the fusion curve.

    python -m benchmarks.retrieval [--embedder bundled]

Indexes the 1,020 Italian paragraphs of the public benchmark's development half as documents, with
the product's own ingest and index, asks all 4,013 Italian and 458 English questions, and judges by
paragraph (a paragraph ranks where its best chunk ranks). ir-measures computes nDCG@10 and R@10.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

from benchmarks.common import Question, read_passages, read_questions, save
from rag import Library
from rag.retrieve.fuse import convex
from rag.retrieve.nearest import nearest

MEASURES = [nDCG @ 10, R @ 1, R @ 10, RR @ 10]
WEIGHTS = [round(w, 2) for w in np.arange(0.0, 1.01, 0.05)]
DEPTH = 100

Run = dict[str, dict[str, float]]


def make_index(folder: Path, **settings: Any) -> Library:
    """The benchmark's paragraphs, one file each, indexed as a user's documents would be."""
    sources = folder / "paragraphs"
    sources.mkdir()
    for name, text in read_passages().items():
        (sources / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    return Library.open(folder / "index", sources, **settings)


def by_paragraph(
    ranked: list[tuple[int, float]], paragraph_of: Mapping[int, str]
) -> dict[str, float]:
    """Scores of the ten best paragraphs; the first (best) chunk of each counts."""
    best: dict[str, float] = {}
    for key, score in ranked:
        best.setdefault(paragraph_of[key], score)
        if len(best) == 10:
            break
    return best


def gather(
    library: Library, questions: list[Question]
) -> list[tuple[dict[int, float], dict[int, float]]]:
    """For each question its (dense, lexical) scores by chunk key, as hybrid search sees them."""
    snapshot, embedder = library.snapshot, library.embedder
    scores = []
    for question in questions:
        vector = embedder.embed_queries([question.text])[0]
        hits = snapshot.lexical.search(question.text, question.language, DEPTH, None)
        lexical = {hit.key: hit.score for hit in hits}
        dense = nearest(snapshot, vector, DEPTH, None, lexical)
        scores.append((dense, lexical))
    return scores


def judge(questions: list[Question], run: Run) -> dict[str, float]:
    """The measures over all questions; one without results counts zero."""
    qrels = {q.id: {q.passage: 1} for q in questions}
    found = ir_measures.calc_aggregate(MEASURES, qrels, run)
    return {str(measure): round(found[measure], 4) for measure in MEASURES}


def main() -> None:
    """Measure everything and write benchmarks/results/retrieval.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--sample", type=int, default=0, help="every n-th Italian question only")
    parser.add_argument("--name", default="retrieval")
    given = parser.parse_args()
    figures: dict[str, Any] = {"embedder": given.embedder}
    with tempfile.TemporaryDirectory() as name:
        library = make_index(Path(name), embedder=given.embedder)
        snapshot = library.snapshot
        keys = snapshot.allowed(None)
        keys = snapshot.dense.keys if keys is None else keys
        names = {d.doc_id: Path(d.path).stem for d in library.documents()}
        chunks = snapshot.chunks(keys.tolist())
        paragraph_of = {int(k): names[c.doc_id] for k, c in zip(keys, chunks, strict=True)}
        figures["chunks"] = len(chunks)
        figures["model"] = library.embedder.name
        for language in ("it", "en"):
            questions = [q for q in read_questions() if q.language == language]
            if given.sample and language == "it":
                questions = questions[:: given.sample]
            scores = gather(library, questions)
            curve = {}
            for weight in WEIGHTS:
                run = {
                    q.id: by_paragraph(convex(dense, lexical, weight), paragraph_of)
                    for q, (dense, lexical) in zip(questions, scores, strict=True)
                }
                curve[weight] = judge(questions, run)
            figures[language] = {
                "questions": len(questions),
                "lexical": curve[0.0],
                "dense": curve[1.0],
                "hybrid": curve[library.settings.dense_weight],
                "weight": library.settings.dense_weight,
                "ndcg_by_dense_weight": {str(w): c["nDCG@10"] for w, c in curve.items()},
            }
    save(given.name, figures, f"python -m benchmarks.retrieval --embedder {given.embedder}")


if __name__ == "__main__":
    main()

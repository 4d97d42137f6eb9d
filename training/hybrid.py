"""What a model is worth beside the lexical index: nDCG@10 of their fusion, for every dense weight.

    python -m training.hybrid [--model bundled|FOLDER] [--sample 0]

Whole paragraphs of the benchmark's development half are the passages, the product's own lexical
index and fusion do the rest. ``benchmarks/retrieval.py`` measures the product with its chunks.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from rag.indexing.lexical import LexicalIndex
from rag.retrieve.fuse import convex
from training import data
from training.evaluate import encoder, ndcg
from training.settings import Settings

DEPTH = 100
WEIGHTS = [round(weight, 1) for weight in np.arange(0.0, 1.01, 0.1)]


def curves(model: str, settings: Settings, sample: int) -> dict[str, dict[float, float]]:
    """Language -> dense weight -> nDCG@10."""
    encode = encoder(model, settings.threads)
    passages = data.json_lines(settings.data / "bench" / "squad-it-dev.passages.jsonl.gz")
    questions = data.json_lines(settings.data / "bench" / "squad-it-dev.questions.jsonl.gz")
    place = {p["id"]: number for number, p in enumerate(passages)}
    texts = [str(p["text"]) for p in passages]
    vectors = encode(texts)
    found: dict[str, dict[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        index = LexicalIndex.create(Path(folder) / "lexical")
        index.add(range(1, len(texts) + 1), texts, ["it"] * len(texts))
        index.commit()
        for language in ("it", "en"):
            asked = [q for q in questions if q["lang"] == language]
            asked = asked[::sample] if sample and language == "it" else asked
            ranks: dict[float, list[int]] = {weight: [] for weight in WEIGHTS}
            scores = encode([str(q["question"]) for q in asked]) @ vectors.T
            for question, row in zip(asked, scores, strict=True):
                hits = index.search(str(question["question"]), language, DEPTH, None)
                lexical = {hit.key - 1: hit.score for hit in hits}  # keys start at 1
                near = {*np.argsort(-row)[:DEPTH].tolist(), *lexical}
                dense = {key: float(row[key]) for key in near}
                for weight in WEIGHTS:
                    order = [key for key, _ in convex(dense, lexical, weight)]
                    right = place[question["passage"]]
                    ranks[weight].append(order.index(right) + 1 if right in order else 10**6)
            found[language] = {w: round(ndcg(np.array(r)), 4) for w, r in ranks.items()}
        index.close()
    return found


def main() -> None:
    """Print the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bundled", help="bundled or a folder")
    parser.add_argument("--sample", type=int, default=0, help="every n-th Italian question; 0: all")
    given = parser.parse_args()
    for language, curve in curves(given.model, Settings(), given.sample).items():
        print(language, " ".join(f"{weight}:{value:.4f}" for weight, value in curve.items()))


if __name__ == "__main__":
    main()

"""What a model is worth: retrieval on the public benchmark and on text held back, and matching.

    python -m training.evaluate [--model bundled|FOLDER|teacher] [--sample 0] [--json FILE]

The benchmark's development half is read for measuring and for choosing settings, never trained on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.ingest.sentences import several
from training import data
from training.settings import Settings, teacher_path

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


def ranks(queries: Vectors, passages: Vectors, right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank (from 1) of each query's one right passage by inner product; ties count against it."""
    found = []
    for start in range(0, len(queries), 1024):
        part = slice(start, start + 1024)
        found.append(ranks_of(queries[part] @ passages.T, right[part]))
    return np.concatenate(found)


def ranks_of(scores: Vectors, right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank (from 1) of the right column of each row of scores; ties count against it."""
    own = scores[np.arange(len(scores)), right][:, None]
    ranked: NDArray[np.int64] = (scores >= own).sum(axis=1)
    return ranked


def ndcg(rank: NDArray[np.int64], depth: int = 10) -> float:
    """Mean nDCG with one right answer each: 1/log2(1 + rank) within ``depth``."""
    return float(np.where(rank <= depth, 1 / np.log2(1 + rank), 0.0).mean())


def bench(encode: Encode, path: Path, sample: int = 0, keep: int | None = None) -> dict[str, float]:
    """nDCG@10 for Italian and English questions; ``keep`` cuts vectors to their first numbers."""
    passages = data.json_lines(path / "bench" / "squad-it-dev.passages.jsonl.gz")
    questions = data.json_lines(path / "bench" / "squad-it-dev.questions.jsonl.gz")
    place = {p["id"]: number for number, p in enumerate(passages)}
    texts = [str(p["text"]) for p in passages]
    vectors = cut(encode(texts), keep)
    parts = [several(text, "it") or [text] for text in texts]
    sentences = cut(encode([sentence for part in parts for sentence in part]), keep)
    starts = np.cumsum([0, *map(len, parts[:-1])])
    figures = {}
    for language in ("it", "en"):
        asked = [q for q in questions if q["lang"] == language]
        if sample and language == "it":
            asked = asked[:: max(1, len(asked) // sample)]
        right = np.array([place[q["passage"]] for q in asked])
        queries = cut(encode([str(q["question"]) for q in asked]), keep)
        figures[f"bench.{language}"] = ndcg(ranks(queries, vectors, right))
        # As the product ranks: the mean of the passage and of its best sentence.
        best = np.maximum.reduceat(queries @ sentences.T, starts, axis=1)
        found = ranks_of((queries @ vectors.T + best) / 2, right)
        figures[f"bench.sentences.{language}"] = ndcg(found)
    return figures


def cut(vectors: Vectors, keep: int | None) -> Vectors:
    """The first ``keep`` numbers of each row, at length one again."""
    if keep is None:
        return vectors
    short = vectors[:, :keep]
    return short / np.linalg.norm(short, axis=1, keepdims=True)


def matching(encode: Encode, path: Path, count: int = 1000) -> dict[str, float]:
    """Share of held-back sentences whose translation is the nearest of ``count``, each way."""
    _, held = data.split_segments(path)
    seen: set[str] = set()
    chosen = []
    for segment in held:
        keys = {segment.english.lower(), segment.italian.lower()}
        if 5 <= len(segment.english.split()) <= 60 and not keys & seen:
            chosen.append(segment)
            seen |= keys
    order = np.random.default_rng(7).permutation(len(chosen))[:count]
    english = encode([chosen[i].english for i in order])
    italian = encode([chosen[i].italian for i in order])
    right = np.arange(len(order))
    return {
        "match.en-it": float((ranks(english, italian, right) == 1).mean()),
        "match.it-en": float((ranks(italian, english, right) == 1).mean()),
    }


def cloze(path: Path, size: int = 5) -> tuple[list[data.Segment], list[tuple[str, str]]]:
    """Held-back sentences and the passages (English, Italian) they were taken out of.

    The inverse cloze task (Lee, Chang, Toutanova 2019): the question is the longest sentence of a
    passage of ``size`` consecutive segments, and the passage is what is left.
    """
    _, held = data.split_segments(path)
    asked, passages = [], []
    for _, group in groupby(held, key=lambda s: s.source):
        run = [s for s in group if len(s.english.split()) >= 4]
        for start in range(0, len(run) - size + 1, size):
            window = run[start : start + size]
            longest = max(window, key=lambda s: len(s.english))
            rest = [s for s in window if s is not longest]
            asked.append(longest)
            passages.append((" ".join(s.english for s in rest), " ".join(s.italian for s in rest)))
    return asked, passages


def cloze_figures(encode: Encode, path: Path) -> dict[str, float]:
    """nDCG@10 of the cloze task for every pair of question and passage language."""
    asked, passages = cloze(path)
    right = np.arange(len(asked))
    question = {"en": encode([s.english for s in asked]), "it": encode([s.italian for s in asked])}
    passage = {"en": encode([p[0] for p in passages]), "it": encode([p[1] for p in passages])}
    return {
        f"cloze.{q}-{p}": ndcg(ranks(question[q], passage[p], right))
        for q in ("en", "it")
        for p in ("en", "it")
    }


def figures(encode: Encode, path: Path, sample: int = 0) -> dict[str, float]:
    """Every figure, rounded to four places."""
    found = bench(encode, path, sample) | matching(encode, path) | cloze_figures(encode, path)
    return {name: round(value, 4) for name, value in found.items()}


def encoder(model: str, threads: int) -> Encode:
    """The encoding function of the bundled model, a folder, or the teacher."""
    from rag.embed import load_embedder

    embedder = load_embedder(str(teacher_path()) if model == "teacher" else model, threads=threads)
    return embedder.embed_passages


def main() -> None:
    """Print the figures of one model, and write them when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bundled", help="bundled, teacher, or a folder")
    parser.add_argument("--sample", type=int, default=0, help="Italian questions; 0: all")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    settings = Settings()
    start = time.perf_counter()
    found = figures(encoder(given.model, settings.threads), settings.data, given.sample)
    for name, value in found.items():
        print(f"{name:18} {value:.4f}")
    print(f"{time.perf_counter() - start:.0f} s")
    if given.json:
        given.json.write_text(json.dumps({"model": given.model} | found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()

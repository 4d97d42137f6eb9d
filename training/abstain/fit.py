"""Fit when to say "the documents do not hold the answer".

    python -m training.abstain.fit [--each 250] [--dry] [--again]

A logistic regression over the signals of `rag.answer.abstain`, fitted on the benchmark's
development half and on eval/, with articles (or questions) kept whole between folds. Prints
cross-validated AUROC, refused answerable and refused unanswerable questions by set and language,
and writes `rag/answer/abstain.json` and `training/results/abstain.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from rag.answer.abstain import SIGNALS
from rag.core.config import load_settings
from rag.embed import load_embedder
from rag.retrieve.search import HybridSearcher
from training.abstain.bench import index, open_bench, read_questions
from training.abstain.examples import Example, Reader, from_bench, from_eval, off_topic, sample
from training.settings import ROOT, Settings

FOLDS = 6
STRENGTH = 0.05  # inverse regularisation (L1, so that only signals that matter keep a weight)
REFUSED = 0.05  # of answerable questions that may be refused
# What each kind of example weighs in total: real documents' questions and public ones alike.
SHARES = {
    "bench": 1.0,
    "bench-swap": 0.4,
    "eval": 0.8,
    "eval-out": 0.1,
    "eval-swap": 0.3,
    "off": 0.3,
}

FIGURES, FIGURES_END = "<!-- figures -->", "<!-- /figures -->"
MEANING = {
    "bench": "benchmark, the answering paragraph taken out",
    "bench-swap": "benchmark, about another name or year",
    "eval": "eval/, written to sound answerable",
    "eval-out": "eval/, the answering passages taken out",
    "eval-swap": "eval/, about another name or year",
    "off": "about something else altogether",
}


def gather(settings: Settings, each: int) -> list[Example]:
    """All examples, with the product's own search and reading."""
    product = load_settings()
    embedder = load_embedder(product.embedder, threads=1)
    examples: list[Example] = []
    bench = open_bench(settings, embedder)
    seeds = index(settings.workspace("abstain") / "seeds-index", ROOT / "seeds", embedder)
    for snapshot in (bench, seeds):
        searcher = HybridSearcher(
            snapshot,
            embedder,
            dense_weight=product.dense_weight,
            candidates=product.candidates,
        )
        reader = Reader(snapshot, searcher, embedder, snapshot.lexical.table)
        if snapshot is bench:
            questions = sample(read_questions(settings), each)
            examples += from_bench(reader, questions)
        else:
            examples += from_eval(reader, ROOT / "eval" / "questions.jsonl", snapshot)
            others = [(q.text, q.language) for q in questions[:: max(1, len(questions) // 120)]]
            examples += off_topic(reader, others)
    return examples


def weights(examples: Sequence[Example]) -> np.ndarray:
    """Every set and label counts by its share, whatever its size; languages likewise."""
    keys = [(e.source, e.answerable, e.language) for e in examples]
    counts = {key: keys.count(key) for key in set(keys)}
    labels = {
        label: sum(SHARES[source] for source, kind, _ in counts if kind == label)
        for label in (True, False)
    }
    return np.array([SHARES[k[0]] / counts[k] / labels[k[1]] * len(keys) for k in keys])


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Any:
    """The regression on standardised signals."""
    model = LogisticRegression(C=STRENGTH, l1_ratio=1.0, solver="liblinear", max_iter=2000)
    return model.fit(x, y, sample_weight=weight)


def figures(
    examples: Sequence[Example], confidence: np.ndarray, threshold: float
) -> dict[str, dict[str, float]]:
    """By set and language: AUROC, refused answerable and unanswerable questions, and counts."""
    table = {}
    for source in SHARES:
        for language in ("it", "en"):
            # What was taken out or swapped is told from the set's own answerable questions.
            own = {"off": "eval"}.get(source, source.partition("-")[0])
            chosen = [
                (e.answerable, c)
                for e, c in zip(examples, confidence, strict=True)
                if e.language == language
                and (e.source == source or (e.source == own and e.answerable))
            ]
            yes = np.array([c for label, c in chosen if label])
            no = np.array([c for label, c in chosen if not label])
            if not len(yes) or not len(no):
                continue
            area = roc_auc_score([label for label, _ in chosen], [c for _, c in chosen])
            table[f"{source} {language}"] = {
                "auroc": round(float(area), 3),
                "answerable refused": round(float(np.mean(yes < threshold)), 3),
                "unanswerable refused": round(float(np.mean(no < threshold)), 3),
                "answerable": len(yes),
                "unanswerable": len(no),
            }
    return table


def main() -> None:
    """Gather, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=250, help="benchmark questions by language")
    parser.add_argument("--again", action="store_true", help="from the signals gathered last")
    parser.add_argument("--dry", action="store_true", help="report only")
    given = parser.parse_args()
    settings = Settings()
    kept = settings.workspace("abstain") / "examples.json"
    if given.again:
        examples = [Example(**record) for record in json.loads(kept.read_text(encoding="utf-8"))]
    else:
        examples = gather(settings, given.each)
        kept.write_text(json.dumps([asdict(e) for e in examples]), encoding="utf-8")
    raw = np.array([[e.signals[name] for name in SIGNALS] for e in examples])
    y = np.array([e.answerable for e in examples])
    weight = weights(examples)
    mean, scale = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
    x = (raw - mean) / scale
    confidence = np.zeros(len(y))
    groups = np.array([f"{e.source[:4]}:{e.group}" for e in examples])
    for train, test in GroupKFold(FOLDS).split(x, y, groups):
        model = fit(x[train], y[train], weight[train])
        confidence[test] = model.predict_proba(x[test])[:, 1]
    threshold = working_point(examples, confidence)
    table = figures(examples, confidence, threshold)
    for name, row in table.items():
        print(f"{name:14}", "  ".join(f"{key} {value}" for key, value in row.items()))
    model = fit(x, y, weight)
    for name, value in sorted(zip(SIGNALS, model.coef_[0], strict=True), key=lambda p: -abs(p[1])):
        print(f"{value:+.3f} {name}")
    print("threshold", threshold)
    if not given.dry:
        write(settings, model, mean, scale, threshold, table)


def working_point(examples: Sequence[Example], confidence: np.ndarray) -> float:
    """The highest threshold that refuses at most REFUSED of the answerable, of each set's mean."""
    limits = []
    for source in ("bench", "eval"):
        yes = [
            c
            for e, c in zip(examples, confidence, strict=True)
            if e.answerable and e.source == source
        ]
        if yes:
            limits.append(float(np.quantile(yes, REFUSED)))
    return round(float(np.mean(limits)), 4)


def write(
    settings: Settings,
    model: Any,
    mean: np.ndarray,
    scale: np.ndarray,
    threshold: float,
    table: dict[str, Any],
) -> None:
    """The file that the product reads, and the figures."""
    stored = {
        "about": "confidence = 1 / (1 + exp(-(intercept + sum(weight * (signal - mean) / scale))))",
        "intercept": round(float(model.intercept_[0]), 4),
        "threshold": threshold,
        "signals": {
            name: {
                "weight": round(float(w), 4),
                "mean": round(float(m), 4),
                "scale": round(float(s), 4),
            }
            for name, w, m, s in sorted(
                zip(SIGNALS, model.coef_[0], mean, scale, strict=True), key=lambda r: -abs(r[1])
            )
            if abs(w) >= 0.001
        },
        "cross_validated": table,
    }
    text = json.dumps(stored, indent=2, ensure_ascii=False) + "\n"
    (ROOT / "rag" / "answer" / "abstain.json").write_text(text, encoding="utf-8")
    settings.results.mkdir(exist_ok=True)
    (settings.results / "abstain.json").write_text(text, encoding="utf-8")
    page = ROOT / "docs" / "answers.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(FIGURES)
    _, _, after = rest.partition(FIGURES_END)
    shown = f"{before}{FIGURES}\n{as_markdown(table)}{FIGURES_END}{after}"
    page.write_text(shown, encoding="utf-8")


def as_markdown(table: dict[str, Any]) -> str:
    """The figures as docs/answers.md shows them."""
    lines = [
        "| questions without an answer | language | AUROC | answerable refused | refused rightly |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in table.items():
        source, language = name.split()
        lines.append(
            f"| {MEANING[source]} | {language} | {row['auroc']:.2f} "
            f"| {row['answerable refused']:.1%} | {row['unanswerable refused']:.0%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

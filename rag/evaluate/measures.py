"""The measures: what each is called, which way is better, and those that ir-measures computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rag.core.errors import EvalError
from rag.evaluate.relevance import Grades

DEPTH = 10
RECALL_AT = (1, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that is a mean over questions. `population` says over which."""

    name: str
    label: str
    population: str
    explained: str
    better: Literal["higher", "lower"] = "higher"

    @property
    def worst(self) -> float:
        """What a question that failed with an error counts as."""
        return 0.0 if self.better == "higher" else 1.0


def _recall(k: int) -> Measure:
    return Measure(
        f"R@{k}",
        f"Recall@{k}",
        "answerable",
        f"share of what the answer needs that is among the first {k} passages",
    )


RETRIEVAL = (
    Measure(
        "nDCG@10",
        "nDCG@10",
        "answerable",
        "gain of the ten first passages, discounted by rank, against the best possible order",
    ),
    *(_recall(k) for k in RECALL_AT),
    Measure("RR@10", "MRR@10", "answerable", "1 / rank of the first relevant passage, 0 after 10"),
)
BUDGET = 3000  # characters: about what one reads, or hands to a model
SHOWN_TEXT = Measure(
    "gold_in_3000",
    "Gold in 3,000 characters",
    "answerable",
    "share of the gold span's characters in the first 3,000 characters of passages; the figure to "
    "compare passages of different lengths by",
)
ANSWERS = (
    Measure(
        "answer_correct",
        "Answers with the gold",
        "answerable",
        "share of what the answer needs that its quotes show (relevant by the span rule)",
    ),
    Measure(
        "answer_complete",
        "Answers with all of it",
        "answerable",
        "1 when the quotes hold a gold span whole for everything the answer needs",
    ),
    Measure(
        "answer_coverage",
        "Gold shown",
        "answerable",
        "share of the gold span's characters that the answer's quotes show",
    ),
    Measure(
        "citation_precision",
        "Citation precision",
        "answered",
        "share of an answer's citations that are relevant to a gold span",
    ),
    Measure(
        "unsupported",
        "Unsupported statements",
        "answered",
        "statements per answer that no source supports",
        "lower",
    ),
)
ABSTENTION = (
    Measure(
        "answered_wrong",
        "Answered wrongly",
        "unanswerable",
        "share of the questions without an answer that were answered",
        "lower",
    ),
    Measure(
        "refused_wrong",
        "Refused wrongly",
        "answerable",
        "share of the questions with an answer that were refused",
        "lower",
    ),
    Measure("coverage", "Coverage", "all", "share of all questions that were answered"),
    Measure(
        "selective_accuracy",
        "Accuracy when answering",
        "answered",
        "share of what was answered, of all questions, whose quotes show the gold",
    ),
)
# Not means over questions: computed over all questions of a slice (see `figures`).
AUROC = Measure(
    "AUROC",
    "AUROC",
    "all",
    "chance that an answerable question has a higher confidence than an unanswerable one",
)
CALIBRATION = Measure(
    "ECE",
    "Calibration error",
    "all",
    "mean distance of the stated confidence from the share that was answerable (ten bins)",
    "lower",
)
MEANS = (*RETRIEVAL, SHOWN_TEXT, *ANSWERS, *ABSTENTION)
MEASURES = {measure.name: measure for measure in (*MEANS, AUROC, CALIBRATION)}


def require_ir_measures() -> Any:
    """The ir_measures module. Raises EvalError with the remedy when it is not installed."""
    try:
        import ir_measures
        import pytrec_eval  # noqa: F401 (the provider of nDCG and recall)
    except ImportError as error:
        raise EvalError(
            f"Evaluation needs the package {error.name}.",
            "Install it with: pip install 'fonte[eval]'",
        ) from None
    return ir_measures


def retrieval(
    judged: Mapping[str, Sequence[Grades]], rankings: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """nDCG@10, R@k for every k to 10 and RR@10 of each judged question, by ir-measures.

    `judged[q]` are the grades of the units for each need of question q, `rankings[q]` the units
    found, best first; a question without ranking scores 0. nDCG and RR see a unit's best grade for
    any need. Recall counts needs, not units: it is the mean over the needs of Success@k, so three
    passages that say the same do not make one of them a third of the answer.
    """
    ir = require_ir_measures()
    whole = {query: _merge(needs) for query, needs in judged.items()}
    by_need = {
        f"{query}\t{number}": grades
        for query, needs in judged.items()
        for number, grades in enumerate(needs)
    }
    values: dict[str, dict[str, float]] = {query: {} for query in judged}
    run = {query: _descending(units) for query, units in rankings.items()}
    for metric in ir.iter_calc([ir.nDCG @ DEPTH, ir.RR @ DEPTH], _padded(whole), run):
        values[metric.query_id][str(metric.measure)] = float(metric.value)
    need_run = {name: run.get(name.split("\t")[0], {}) for name in by_need}
    totals: dict[tuple[str, str], float] = {}
    successes = [ir.Success @ k for k in range(1, DEPTH + 1)]
    for metric in ir.iter_calc(successes, _padded(by_need), need_run):
        key = (metric.query_id.split("\t")[0], f"R@{metric.measure['cutoff']}")
        totals[key] = totals.get(key, 0.0) + float(metric.value)
    for (query, name), total in totals.items():
        values[query][name] = total / len(judged[query])
    return values


def _merge(needs: Sequence[Grades]) -> Grades:
    merged: Grades = {}
    for grades in needs:
        for unit, value in grades.items():
            merged[unit] = max(value, merged.get(unit, 0))
    return merged


def _descending(units: Sequence[str]) -> dict[str, float]:
    # Ranks, not scores: trec_eval reads scores as 32-bit floats and breaks ties by id, which would
    # not be the order that was shown.
    return {unit: float(len(units) - rank) for rank, unit in enumerate(units)}


def _padded(qrels: Mapping[str, Grades]) -> dict[str, Grades]:
    # A need that no unit meets (its document lost its chunks) must score 0, not vanish from the
    # mean; trec_eval skips a query without relevant units, so give it one that cannot be found.
    return {query: grades or {"\tnone": PADDING} for query, grades in qrels.items()}


PADDING = 1

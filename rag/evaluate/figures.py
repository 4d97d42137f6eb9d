"""From records to figures: each measure over all questions, each language, type and tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from rag.core.types import LANGUAGES
from rag.evaluate.measures import AUROC, CALIBRATION, DEPTH, MEANS
from rag.evaluate.records import Record, Timing
from rag.evaluate.statistics import (
    Bin,
    Estimate,
    Floats,
    auroc,
    calibration_error,
    estimate,
    mean_estimates,
    percentile_estimate,
    reliability,
)

ALL = "all"


class Figure(BaseModel):
    """A figure over `n` questions with its 95% bootstrap interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float
    n: int


Figures = dict[str, dict[str, Figure]]
"""Slice ("all", "it", "type:who", "tag:typo") -> measure -> figure."""


def slices(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records of each slice: all, by language, by type, by tag; sorted within those kinds."""
    cut: dict[str, list[Record]] = {ALL: list(records)}
    for name in sorted({record.lang for record in records}, key=_language_order):
        cut[name] = [record for record in records if record.lang == name]
    for name in sorted({record.type for record in records}):
        cut[f"type:{name}"] = [record for record in records if record.type == name]
    for name in sorted({tag for record in records for tag in record.tags}):
        cut[f"tag:{name}"] = [record for record in records if name in record.tags]
    return cut


def _language_order(name: str) -> tuple[int, str]:
    known: tuple[str, ...] = LANGUAGES
    return (known.index(name) if name in known else len(known), name)


def figures(records: Sequence[Record]) -> Figures:
    """Every figure of every slice; a measure without a question in a slice is absent there."""
    return {name: _slice(members) for name, members in slices(records).items()}


def _slice(records: Sequence[Record]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    by_population: dict[tuple[str, ...], list[str]] = {}
    for measure in MEANS:
        ids = tuple(record.id for record in records if measure.name in record.measures)
        if ids:
            by_population.setdefault(ids, []).append(measure.name)
    by_id = {record.id: record for record in records}
    for ids, names in by_population.items():
        members = [by_id[one] for one in ids]
        values = np.asarray([[one.measures[name] for name in names] for one in members])
        clusters = [one.cluster for one in members]
        for name, value in zip(names, mean_estimates(values, clusters), strict=True):
            found[name] = _figure(value)
    found |= _abstention(records)
    return {measure: found[measure] for measure in _order() if measure in found}


def _order() -> list[str]:
    return [*(measure.name for measure in MEANS), AUROC.name, CALIBRATION.name]


def _abstention(records: Sequence[Record]) -> dict[str, Figure]:
    confidence, answerable, clusters = confidences(records)
    if len(set(answerable)) < 2:
        return {}
    area = estimate(auroc, confidence, answerable, clusters)
    error = estimate(calibration_error, confidence, answerable, clusters)
    return {AUROC.name: _figure(area), CALIBRATION.name: _figure(error)}


def confidences(records: Sequence[Record]) -> tuple[Floats, Floats, list[str]]:
    """Confidence, answerable (1 or 0), and cluster of each question that was asked, all (n,).

    A question that failed counts as the worst confidence it could have had.
    """
    if all(record.answer is None for record in records):
        return np.zeros(0), np.zeros(0), []
    stated = [
        record.answer.confidence if record.answer is not None else float(not record.answerable)
        for record in records
    ]
    answerable = [float(record.answerable) for record in records]
    return np.asarray(stated), np.asarray(answerable), [record.cluster for record in records]


def reliability_curve(records: Sequence[Record]) -> list[Bin]:
    """How often questions of each stated confidence were answerable; empty without answers."""
    confidence, answerable, _ = confidences(records)
    return reliability(confidence, answerable)


def recall_curves(records: Sequence[Record]) -> dict[str, list[float]]:
    """Recall at 1 to 10 for all questions and each language."""
    curves: dict[str, list[float]] = {}
    for name, members in slices(records).items():
        judged = [record.measures for record in members if f"R@{DEPTH}" in record.measures]
        if ":" not in name and judged:
            curves[name] = [
                float(np.mean([one[f"R@{k}"] for one in judged])) for k in range(1, DEPTH + 1)
            ]
    return curves


def latencies(timings: Mapping[str, Timing], records: Sequence[Record]) -> Figures:
    """p50 and p95 of search and answer in milliseconds, for all questions and each language."""
    found: Figures = {}
    for name, members in slices(records).items():
        if ":" in name:
            continue
        rows = [timings[record.id] for record in members if record.id in timings]
        stages = {
            "search": [row.search_ms for row in rows if row.search_ms is not None],
            "answer": [row.answer_ms for row in rows if row.answer_ms is not None],
        }
        found[name] = {
            f"{stage} p{share}": _figure(percentile_estimate(np.asarray(values), share / 100))
            for stage, values in stages.items()
            if values
            for share in (50, 95)
        }
    return found


def _figure(value: Estimate) -> Figure:
    return Figure(value=value.value, low=value.low, high=value.high, n=value.n)

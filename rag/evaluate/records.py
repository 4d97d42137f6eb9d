"""What is kept of each question of a run, and what its answer was worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from rag.evaluate.locate import Need
from rag.evaluate.measures import DEPTH
from rag.evaluate.relevance import Interval, needs_coverage, needs_met


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gold(_Record):
    """A span that answers; `need` numbers the things needed, from 0."""

    need: int
    path: str
    start: int
    end: int


class Shown(_Record):
    """A passage as it was ranked; `grade` is 2 (holds a gold span whole), 1 (part) or 0."""

    unit: str
    path: str
    start: int
    end: int
    score: float
    grade: int


class Cited(_Record):
    """A citation of an answer, and its grade."""

    path: str
    start: int
    end: int
    quote: str
    grade: int


class Given(_Record):
    """The answer as it was shown."""

    text: str
    mode: str
    abstained: bool
    reason: str | None
    confidence: float
    unsupported: int
    notice: str | None
    citations: list[Cited]


class Record(_Record):
    """All that happened to one question; a measure that is absent does not apply to it."""

    id: str
    cluster: str
    lang: str
    type: str
    tags: list[str]
    question: str
    answerable: bool
    gold: list[Gold]
    shown: list[Shown]
    answer: Given | None
    error: str | None
    measures: dict[str, float]


class Timing(_Record):
    """Milliseconds that a question took; None where it failed or was not asked."""

    search_ms: float | None = None
    answer_ms: float | None = None


def answer_measures(answerable: bool, needs: Sequence[Need], given: Given) -> dict[str, float]:
    """The measures of one answer that apply to it (`Measure.population`).

    A refusal shows nothing, whatever near passages it lists: its quotes do not count.
    """
    quotes = [] if given.abstained else [Interval(c.path, c.start, c.end) for c in given.citations]
    measures: dict[str, float] = {"coverage": float(not given.abstained)}
    correct = 0.0
    if answerable and needs:
        correct = needs_met(needs, quotes)
        covered = needs_coverage(needs, quotes) if quotes else 0.0
        measures["answer_correct"] = correct
        measures["answer_complete"] = float(covered == 1.0)
        measures["answer_coverage"] = covered
    if answerable:
        measures["refused_wrong"] = float(given.abstained)
    else:
        measures["answered_wrong"] = float(not given.abstained)
    if not given.abstained:
        right = sum(citation.grade > 0 for citation in given.citations)
        measures["citation_precision"] = right / len(quotes) if quotes else 0.0
        measures["unsupported"] = float(given.unsupported)
        measures["selective_accuracy"] = correct
    return measures


FailureKind = Literal["error", "not found", "refused wrongly", "answered wrongly", "gold not shown"]


def failure(record: Record) -> FailureKind | None:
    """The worst thing that went wrong with a question; None when all is well."""
    if record.error is not None:
        return "error"
    if record.measures.get("answered_wrong") == 1.0:
        return "answered wrongly"
    if record.measures.get("refused_wrong") == 1.0:
        return "refused wrongly"
    if record.measures.get(f"R@{DEPTH}", 1.0) < 1.0:
        return "not found"
    if record.measures.get("answer_correct", 1.0) < 1.0:
        return "gold not shown"
    return None

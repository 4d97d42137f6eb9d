"""Running a set: ask every question, judge what came back, and keep all of it as one `Run`.

A question that fails with an error is never dropped: it counts as the worst value of each of its
measures and is listed with its message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from rag.core.types import Answer, Chunk, Document, Filters, ScoredChunk, Searcher
from rag.evaluate.locate import Need
from rag.evaluate.measures import ABSTENTION, ANSWERS, DEPTH, Measure, retrieval
from rag.evaluate.relevance import (
    Grades,
    Interval,
    grade_any,
    judge,
    needs_coverage,
    needs_met,
)

DIGITS = 6  # of scores and confidences: beyond it, thread counts show


class Asker(Protocol):
    """What answers: `rag.answer`'s Assistant, or any other system behind the same signature."""

    def ask(
        self, question: str, history: Sequence[Any] = (), filters: Filters | None = None
    ) -> Answer:
        """The answer to a question."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated: a searcher, perhaps an assistant, and the sources they search.

    `described` (index, embedder, settings) is kept with the run; it may hold no machine path, time
    or secret, since equal runs must give equal files.
    """

    documents: Sequence[Document]
    chunks: Sequence[Chunk]
    searcher: Searcher
    assistant: Asker | None
    described: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its judgements; `judged` grades units (see `unit_of`) for each need."""

    id: str
    lang: str
    question: str
    type: str
    tags: tuple[str, ...]
    cluster: str
    answerable: bool
    needs: tuple[Need, ...]
    judged: tuple[Grades, ...]


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


UnitOf = Callable[[ScoredChunk], str]


def by_chunk(hit: ScoredChunk) -> str:
    """The unit of judgement of a set with gold spans: the chunk."""
    return hit.chunk.chunk_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """The records of a run, in the order of the items, and how long each question took, by id."""

    records: list[Record]
    timings: dict[str, Timing]


def chunks_by_path(
    documents: Sequence[Document], chunks: Sequence[Chunk]
) -> dict[str, list[Chunk]]:
    """The chunks of each document, by its path, in the order of the text."""
    paths = {document.doc_id: document.path for document in documents}
    grouped: dict[str, list[Chunk]] = {}
    for chunk in sorted(chunks, key=lambda chunk: (chunk.doc_id, chunk.start, chunk.end)):
        if chunk.doc_id in paths:
            grouped.setdefault(paths[chunk.doc_id], []).append(chunk)
    return grouped


def judged_items(
    rows: Iterator[tuple[Any, tuple[Need, ...]]], chunks: Mapping[str, Sequence[Chunk]]
) -> list[Item]:
    """Items from questions with their resolved needs; `chunks` as `chunks_by_path` gives them."""
    return [
        Item(
            id=row.id,
            lang=row.lang,
            question=row.question,
            type=row.type,
            tags=tuple(row.tags),
            cluster=row.cluster,
            answerable=row.answerable,
            needs=needs,
            judged=judge(needs, chunks),
        )
        for row, needs in rows
    ]


def execute(
    items: Sequence[Item],
    searcher: Searcher,
    assistant: Asker | None,
    *,
    k: int = DEPTH,
    fetch: int | None = None,
    unit_of: UnitOf = by_chunk,
    progress: Callable[[], None] = lambda: None,
) -> Outcome:
    """Search, and ask when there is an assistant, every item. `progress` is called after each.

    `fetch` passages are searched (default k) and the first of each unit kept, to at most `k`.
    """
    asked = []
    _warm_up(items, searcher, assistant, fetch or k)
    for item in items:
        asked.append(_ask(item, searcher, assistant, k, fetch or k, unit_of))
        progress()
    rankings = {one.item.id: [shown.unit for shown in one.shown] for one in asked if one.shown}
    judged = {item.id: item.judged for item in items if item.answerable}
    found = retrieval(judged, rankings) if judged else {}
    records = [_record(one, found.get(one.item.id, {}), assistant is not None) for one in asked]
    return Outcome(records, {one.item.id: one.timing for one in asked})


@dataclass(frozen=True, slots=True)
class _Asked:
    item: Item
    shown: list[Shown]
    answer: Answer | None
    error: str | None
    timing: Timing


def _warm_up(
    items: Sequence[Item], searcher: Searcher, assistant: Asker | None, fetch: int
) -> None:
    # The first question pays for loading the model, which is not what latency is about.
    try:
        if items:
            searcher.search(items[0].question, fetch)
            if assistant is not None:
                assistant.ask(items[0].question)
    except Exception:  # it will fail again, and be recorded, in its turn
        return


def _ask(
    item: Item, searcher: Searcher, assistant: Asker | None, k: int, fetch: int, unit_of: UnitOf
) -> _Asked:
    shown: list[Shown] = []
    answer: Answer | None = None
    search_ms = answer_ms = None
    error: str | None = None
    try:
        started = perf_counter()
        hits = searcher.search(item.question, fetch)
        search_ms = (perf_counter() - started) * 1000
        shown = _shown(hits, item, k, unit_of)
        if assistant is not None:
            started = perf_counter()
            answer = assistant.ask(item.question)
            answer_ms = (perf_counter() - started) * 1000
    except Exception as failure:  # one question's failure must not hide the others' figures
        error = f"{type(failure).__name__}: {failure}"
    return _Asked(item, shown, answer, error, Timing(search_ms=search_ms, answer_ms=answer_ms))


def _shown(hits: Sequence[ScoredChunk], item: Item, k: int, unit_of: UnitOf) -> list[Shown]:
    first: dict[str, Shown] = {}
    for hit in hits:
        unit = unit_of(hit)
        if unit not in first and len(first) < k:
            first[unit] = Shown(
                unit=unit,
                path=hit.path,
                start=hit.chunk.start,
                end=hit.chunk.end,
                score=round(hit.score, DIGITS),
                grade=max((grades.get(unit, 0) for grades in item.judged), default=0),
            )
    return list(first.values())


def _record(asked: _Asked, found: Mapping[str, float], answers: bool) -> Record:
    item = asked.item
    given = _given(asked.answer, item) if asked.answer is not None else None
    measures = dict(found)
    if given is not None:
        measures |= answer_measures(item, given)
    elif answers:
        measures |= {one.name: one.worst for one in _applicable(item)}
    return Record(
        id=item.id,
        cluster=item.cluster,
        lang=item.lang,
        type=item.type,
        tags=list(item.tags),
        question=item.question,
        answerable=item.answerable,
        gold=[
            Gold(need=number, path=span.path, start=span.start, end=span.end)
            for number, need in enumerate(item.needs)
            for span in need
        ],
        shown=asked.shown,
        answer=given,
        error=asked.error,
        measures=measures,
    )


def _applicable(item: Item) -> list[Measure]:
    kind = "answerable" if item.answerable else "unanswerable"
    return [m for m in (*ANSWERS, *ABSTENTION) if m.population in (kind, "answered", "all")]


def _given(answer: Answer, item: Item) -> Given:
    return Given(
        text=answer.text,
        mode=answer.mode,
        abstained=answer.abstained,
        reason=answer.reason,
        confidence=round(answer.confidence, DIGITS),
        unsupported=answer.unsupported,
        notice=answer.notice,
        citations=[
            Cited(
                path=one.path,
                start=one.start,
                end=one.end,
                quote=one.quote,
                grade=grade_any(item.needs, Interval(one.path, one.start, one.end)),
            )
            for one in answer.citations
        ],
    )


def answer_measures(item: Item, given: Given) -> dict[str, float]:
    """The measures of one answer that apply to it (`Measure.population`).

    A refusal shows nothing, whatever near passages it lists: its quotes do not count.
    """
    quotes = [] if given.abstained else [Interval(c.path, c.start, c.end) for c in given.citations]
    measures: dict[str, float] = {"coverage": float(not given.abstained)}
    correct = 0.0
    if item.answerable and item.needs:
        correct = needs_met(item.needs, quotes)
        covered = needs_coverage(item.needs, quotes) if quotes else 0.0
        measures["answer_correct"] = correct
        measures["answer_complete"] = float(covered == 1.0)
        measures["answer_coverage"] = covered
    if item.answerable:
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

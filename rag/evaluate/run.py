"""Running a set: ask every question, judge what came back, and keep all of it as one `Run`.

A question that fails with an error is never dropped: it counts as the worst value of each of its
measures and is listed with its message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from rag.core.types import Answer, Chunk, Document, Filters, ScoredChunk, Searcher
from rag.evaluate.locate import Need
from rag.evaluate.measures import (
    ABSTENTION,
    ANSWERS,
    BUDGET,
    DEPTH,
    SHOWN_TEXT,
    Measure,
    retrieval,
)  # fmt: skip
from rag.evaluate.records import Cited, Given, Gold, Record, Shown, Timing, answer_measures
from rag.evaluate.relevance import (
    Grades,
    Interval,
    first_characters,
    grade_any,
    judge,
    needs_coverage,
)  # fmt: skip

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
    """One question with its judgements; `judged` grades units (see `UnitOf`) for each need.

    With `by_span` the gold is a stretch of text, not whole documents, so how much of it is shown
    means something.
    """

    id: str
    lang: str
    question: str
    type: str
    tags: tuple[str, ...]
    cluster: str
    answerable: bool
    needs: tuple[Need, ...]
    judged: tuple[Grades, ...]
    by_span: bool = True


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
    return _outcome(asked, assistant is not None)


def score(
    items: Sequence[Item],
    rankings: Mapping[str, Sequence[str]],
    places: Mapping[str, Interval],
    k: int = DEPTH,
) -> Outcome:
    """Score somebody else's rankings (item id -> units, best first); `places` of units we know."""
    asked = []
    for item in items:
        units = rankings.get(item.id, ())[:k]
        shown = []
        for rank, unit in enumerate(units):
            place = places.get(unit, Interval("", 0, 0))
            points = float(len(units) - rank)
            shown.append(_one_shown(item, unit, place, points))
        asked.append(_Asked(item, shown, None, None if units else "not in the run", Timing()))
    return _outcome(asked, answers=False)


def _outcome(asked: Sequence[_Asked], answers: bool) -> Outcome:
    rankings = {one.item.id: [shown.unit for shown in one.shown] for one in asked if one.shown}
    judged = {one.item.id: one.item.judged for one in asked if one.item.answerable}
    found = retrieval(judged, rankings) if judged else {}
    records = [_record(one, found.get(one.item.id, {}), answers) for one in asked]
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
            place = Interval(hit.path, hit.chunk.start, hit.chunk.end)
            first[unit] = _one_shown(item, unit, place, hit.score)
    return list(first.values())


def _one_shown(item: Item, unit: str, place: Interval, points: float) -> Shown:
    return Shown(
        unit=unit,
        path=place.path,
        start=place.start,
        end=place.end,
        score=round(points, DIGITS),
        grade=max((grades.get(unit, 0) for grades in item.judged), default=0),
    )


def _record(asked: _Asked, found: Mapping[str, float], answers: bool) -> Record:
    item = asked.item
    given = _given(asked.answer, item) if asked.answer is not None else None
    measures = dict(found)
    if item.answerable and item.by_span and item.needs:
        passages = [Interval(one.path, one.start, one.end) for one in asked.shown]
        read = first_characters(passages, BUDGET)
        measures[SHOWN_TEXT.name] = needs_coverage(item.needs, read)
    if given is not None:
        measures |= answer_measures(item.answerable, item.needs, given)
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

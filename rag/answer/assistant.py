"""Ask the documents: search, judge whether they answer, then quote or let a model write.

Whatever is streamed has been checked already: quotes are exact, and a model's statement is passed
on when its citation has been verified (or, by setting, marked as unsupported). The pieces of a
stream add up to the answer's text exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.answer import abstain, extract, follow, wording
from rag.answer.evidence import Evidence, gather
from rag.answer.follow import Turn, resolve
from rag.answer.llm import LLM
from rag.answer.prompt import Passage
from rag.answer.terms import TextTerms, analyse, coverage, function_word_counts
from rag.answer.write import Draft, Unsupported, Writer
from rag.core.errors import NotFound, UsageError
from rag.core.types import Answer, Citation, Document, Filters, Language, ScoredChunk, Searcher
from rag.embed import load_reader
from rag.embed.base import Embedder
from rag.embed.reader import Reader
from rag.indexing.expand import Translations
from rag.retrieve.query import parse_query
from rag.retrieve.rerank import RerankedSearcher, Reranker

__all__ = ["Assistant", "Documents", "Done", "Event", "TextDelta", "Turn", "resolve"]

READ = 20  # passages looked at for abstention, however many are returned
NEAREST = 2  # passages shown with a refusal


class Documents(Protocol):
    """Where whole documents and the vectors of sentences come from; a Snapshot is one."""

    def document(self, key: str, /) -> Document:
        """The document with this id. Raises NotFound."""
        ...

    def sentence_vectors(self, chunk_ids: Sequence[str], /) -> list[NDArray[np.float32]]:
        """Of each chunk, the unit vectors of its sentences in order: (n, dimension)."""
        ...


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer's text, checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; its text is the sum of the pieces before."""

    answer: Answer


Event = TextDelta | Done


class Assistant:
    """Answers questions from one state of the documents. Safe to use from several threads.

    `abstain_below` is a confidence in [0, 1] (None: the fitted threshold); `unsupported` says what
    becomes of a model's unsupported statements ("remove" or "mark"); `k` is how many passages are
    used and returned; `translator` translates the question's words for passages in the other
    language; `reader` (None: the bundled one) reads the best sentences closely.
    """

    def __init__(
        self,
        searcher: Searcher,
        documents: Documents,
        embedder: Embedder,
        *,
        llm: LLM | None = None,
        reranker: Reranker | None = None,
        abstain_below: float | None = None,
        unsupported: Unsupported = "remove",
        k: int = 10,
        translator: Translations | None = None,
        reader: Reader | None = None,
    ) -> None:
        if unsupported not in ("remove", "mark"):
            raise UsageError(f"unsupported is '{unsupported}'.", "Use remove or mark.")
        self._searcher = RerankedSearcher(searcher, reranker) if reranker else searcher
        self._documents = documents
        self._embedder = embedder
        self._llm = llm
        self._threshold = abstain_below
        self._unsupported: Unsupported = unsupported
        self._k = k
        self._translator = translator
        self._reader = reader

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        """The answer, or a refusal that says what the documents do speak of.

        Raises UsageError for a question that cannot be searched for. A language model that fails
        does not raise: the quotes are shown and `notice` says why.
        """
        for event in self.stream(question, history, filters):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Event]:
        """The answer in checked pieces (TextDelta), then whole (Done).

        Setting `cancel` ends the model's work within a tenth of a second; what was checked until
        then is the answer.
        """
        clock = _Clock()
        language = _language(question, history)
        standalone = self._standalone(question, language, history, cancel)
        clock.mark("resolve")
        evidence = self._read(question, standalone, language, filters, clock)
        found = abstain.signals(evidence)
        confidence = abstain.fitted().confidence(found)
        threshold = abstain.fitted().threshold if self._threshold is None else self._threshold
        clock.mark("judge")
        base = Answer(
            question=question,
            language=language,
            text="",
            citations=(),
            confidence=confidence,
            passages=evidence.hits[: self._k],
        )
        if confidence < threshold or not evidence.candidates:
            yield from _whole(self._refusal(base, evidence), clock)
        elif self._llm is None:
            yield from _whole(self._extractive(base, evidence), clock)
        else:
            yield from self._written(base, standalone, evidence, cancel, clock)

    def resolve(self, question: str, history: Sequence[Turn]) -> str:
        """The question that is searched for, given the conversation."""
        return self._standalone(question, _language(question, history), history, None)

    def evidence(self, question: str, filters: Filters | None = None) -> Evidence:
        """What the documents have to say to a question: what the answer and abstention rest on."""
        language = parse_query(question).language
        return self._read(question, question, language, filters, _Clock())

    def _standalone(
        self,
        question: str,
        language: Language,
        history: Sequence[Turn],
        cancel: threading.Event | None,
    ) -> str:
        if history and self._llm is not None:
            rewritten = follow.rewritten(self._llm, question, language, history, cancel)
            if rewritten:
                return rewritten
        readings = follow.candidates(question, history)
        return readings[0] if len(readings) == 1 else max(readings, key=self._found)

    def _found(self, question: str) -> float:
        """How much of a question one passage holds: tells the readings of a follow-up apart."""
        hits = self._searcher.search(question, 3)
        language = parse_query(question).language
        asked = analyse(question, language, self._translator)
        texts = (TextTerms(hit.chunk.text, hit.chunk.language) for hit in hits)
        return max((coverage(asked, text) for text in texts), default=0.0)

    def _read(
        self,
        question: str,
        standalone: str,
        language: Language,
        filters: Filters | None,
        clock: _Clock,
    ) -> Evidence:
        hits = self._searcher.search(standalone, max(self._k, READ), filters)
        clock.mark("search")
        vector = self._embedder.embed_queries([standalone])[0]
        searched = parse_query(standalone).language

        def near(read: Sequence[ScoredChunk]) -> list[NDArray[np.float32]]:
            found = self._documents.sentence_vectors([hit.chunk.chunk_id for hit in read])
            return [np.einsum("ij,j->i", rows, vector) for rows in found]

        odds = (self._reader or load_reader()).odds  # loaded by the first who asks
        evidence = gather(standalone, searched, hits, near, odds, self._translator, question)
        clock.mark("read")
        return evidence if searched == language else replace(evidence, language=language)

    def _similarity(self, one: str, two: str) -> float:
        vectors = self._embedder.embed_passages([one, two])
        return float(vectors[0] @ vectors[1])

    def _document(self, hit: ScoredChunk) -> Document | None:
        """The hit's document; None when it has been deleted since the search."""
        try:
            document = self._documents.document(hit.chunk.doc_id)
        except NotFound:
            return None
        fits = document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
        return document if fits else None

    def _refusal(self, base: Answer, evidence: Evidence) -> Answer:
        reason = abstain.reason(evidence)
        nearest: list[Citation] = []
        for candidate in evidence.candidates:
            document = self._document(candidate.hit)
            if document is not None and len(nearest) < NEAREST:
                span = extract.trim(document, candidate.start, candidate.end)
                nearest.append(Citation.of(document, *span))
        return replace(base, text=reason, reason=reason, abstained=True, citations=tuple(nearest))

    def _extractive(self, base: Answer, evidence: Evidence) -> Answer:
        chosen = extract.choose(evidence)
        spans = [
            (document, candidate.start, candidate.end)
            for candidate in chosen
            if (document := self._document(candidate.hit)) is not None
        ]
        if not spans:
            return self._refusal(base, evidence)
        differing = extract.differ(evidence, chosen)
        text, citations = extract.compose(base.language, spans, differing=differing)
        return replace(base, text=text, citations=citations)

    def _written(
        self,
        base: Answer,
        standalone: str,
        evidence: Evidence,
        cancel: threading.Event | None,
        clock: _Clock,
    ) -> Iterator[Event]:
        assert self._llm is not None
        writer = Writer(self._llm, self._translator, self._similarity, self._unsupported)
        draft = Draft()
        passages = [
            Passage(document, hit.chunk.start, hit.chunk.end, hit.chunk.language)
            for hit in evidence.hits[: self._k]
            if (document := self._document(hit)) is not None
        ]
        for piece in writer.write(standalone, base.language, passages, draft, cancel):
            yield TextDelta(piece)
        clock.mark("llm")
        if draft.supported or draft.text:
            notices = []
            if draft.ending in ("cut", "stopped"):
                notices.append(wording.notice(draft.ending, base.language, draft.why))
            if draft.unsupported:
                notices.append(wording.removed(draft.unsupported, base.language))
            answer = replace(
                base,
                text=draft.text,
                citations=tuple(draft.citations),
                mode="llm",
                unsupported=draft.unsupported,
                notice=" ".join(notices) or None,
            )
            yield Done(clock.stamp(answer))
        elif draft.ending == "no answer":
            refusal = replace(self._refusal(base, evidence), mode="llm")
            yield from _whole(refusal, clock)
        else:
            answer = self._extractive(base, evidence)
            said = wording.notice(draft.ending, base.language, draft.why)
            answer = replace(answer, notice=said, unsupported=draft.unsupported)
            yield from _whole(answer, clock)


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._last = perf_counter()
        self._stages: list[tuple[str, float]] = []

    def mark(self, stage: str) -> None:
        now = perf_counter()
        self._stages.append((stage, (now - self._last) * 1000))
        self._last = now

    def stamp(self, answer: Answer) -> Answer:
        return replace(answer, timings_ms=tuple(self._stages))


def _whole(answer: Answer, clock: _Clock) -> Iterator[Event]:
    clock.mark("compose")
    yield TextDelta(answer.text)
    yield Done(clock.stamp(answer))


def _language(question: str, history: Sequence[Turn]) -> Language:
    """The question's language; a fragment ("Middle Corridor?") keeps the conversation's."""
    language = parse_query(question).language
    if history and not any(function_word_counts(question).values()):
        return parse_query(history[-1].question).language
    return language

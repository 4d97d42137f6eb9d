"""The immutable values that flow through the system, in the field's own words.

Offsets are Unicode code points into `Document.text`, end exclusive, everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol

Language = Literal["it", "en"]
LANGUAGES: tuple[Language, ...] = ("it", "en")

# What a stretch of text is. Everything but prose stays searchable but must not crowd out prose.
Kind = Literal["prose", "reference", "biography", "caption"]


def other(language: Language) -> Language:
    """The other one of the two languages."""
    return "en" if language == "it" else "it"


@dataclass(frozen=True, slots=True)
class Document:
    """One source, its text normalised once (NFC, "\\n" line ends) and final after that.

    `doc_id` is the first 16 hex digits of `sha256`, the hash of the file's bytes, so an id names
    exact content. `path` is relative to the source folder, with forward slashes. `date` is ISO 8601
    as precise as the text states it: "2025-11-07", "2023-12", "2025", or "--11-09" when the text
    gives day and month but no year; None when it states none.
    """

    doc_id: str
    path: str
    text: str
    sha256: str
    language: Language
    title: str | None = None
    date: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document: `document.text[start:end] == text`, always."""

    chunk_id: str
    doc_id: str
    start: int
    end: int
    text: str
    language: Language
    kind: Kind = "prose"

    def __post_init__(self) -> None:
        if self.start < 0 or self.end - self.start != len(self.text) or not self.text:
            raise ValueError(f"chunk span {self.start}-{self.end} does not fit its text")


def chunk_id(document_sha256: str, start: int, end: int) -> str:
    """Content-addressed chunk id: the same input always gives the same id (24 hex digits)."""
    return hashlib.sha256(f"{document_sha256}:{start}:{end}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Signals:
    """Why a chunk was ranked where it was; None where a retriever did not return it.

    `lexical` is the BM25 score, `dense` the mean of the passage's cosine and of that of its
    sentence nearest to the question; `terms` are the question's words (or their
    translations) that the lexical index matched, as (question term, matched term) pairs.
    """

    lexical: float | None = None
    dense: float | None = None
    rerank: float | None = None
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A chunk with its score (higher is better) and the document facts that one shows with it."""

    chunk: Chunk
    score: float
    path: str
    title: str | None = None
    date: str | None = None
    signals: Signals = field(default_factory=Signals)


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrict a search. Empty fields restrict nothing; several fields must all hold.

    `documents` are doc_ids; `date_from`/`date_to` are ISO dates of any precision, inclusive (a
    document without a year in its date fails a date filter).
    """

    documents: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    kinds: tuple[Kind, ...] = ()
    date_from: str | None = None
    date_to: str | None = None

    def __bool__(self) -> bool:
        return bool(
            self.documents or self.languages or self.kinds or self.date_from or self.date_to
        )


class Searcher(Protocol):
    """The one search signature: dense, lexical, hybrid, reranked and outside stores satisfy it."""

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """At most `k` chunks, best first, ties broken by chunk id. k < 1 raises UsageError."""
        ...


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote with its exact span in a source, and the span of the answer that it supports.

    Made with `Citation.of`, which reads the quote from the document, so that
    `document.text[start:end] == quote` holds by construction.
    """

    doc_id: str
    path: str
    title: str | None
    date: str | None
    start: int
    end: int
    quote: str
    answer_start: int = 0
    answer_end: int = 0

    def __post_init__(self) -> None:
        if self.start < 0 or not self.quote or self.end - self.start != len(self.quote):
            raise ValueError(f"citation span {self.start}-{self.end} does not fit its quote")
        if not 0 <= self.answer_start <= self.answer_end:
            raise ValueError(f"bad answer span {self.answer_start}-{self.answer_end}")

    @classmethod
    def of(
        cls, document: Document, start: int, end: int, answer_span: tuple[int, int] = (0, 0)
    ) -> Citation:
        """Cite `document.text[start:end]`. Raises ValueError when the span leaves the document."""
        if not 0 <= start < end <= len(document.text):
            raise ValueError(f"span {start}-{end} is outside document {document.doc_id}")
        return cls(
            doc_id=document.doc_id,
            path=document.path,
            title=document.title,
            date=document.date,
            start=start,
            end=end,
            quote=document.text[start:end],
            answer_start=answer_span[0],
            answer_end=answer_span[1],
        )


AnswerMode = Literal["extractive", "llm"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer type for every way of answering.

    `text` is what is shown; `citations` tie spans of it (answer_start, answer_end) to sources.
    `confidence` is the calibrated probability that the documents answer the question, in [0, 1].
    When `abstained`, `reason` says why in the question's language and `citations` may hold the
    nearest passages, which are shown as such. `unsupported` counts statements an LLM made that no
    source supports (removed or marked, by setting). `notice` is for the reader (for example: the
    LLM was down, so the quotes are shown).
    """

    question: str
    language: Language
    text: str
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool = False
    reason: str | None = None
    mode: AnswerMode = "extractive"
    unsupported: int = 0
    notice: str | None = None
    passages: tuple[ScoredChunk, ...] = ()
    timings_ms: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence {self.confidence} is not in [0, 1]")
        for citation in self.citations:
            if citation.answer_end > len(self.text):
                raise ValueError("a citation supports text beyond the answer's end")

    def _repr_html_(self) -> str:
        from rag.core.notebook import answer_html

        return answer_html(self)

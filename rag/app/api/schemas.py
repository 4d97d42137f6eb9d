"""What the API takes and gives, typed and with examples: the source of its OpenAPI document.

Answers and passages are made by rag.app.views, which the command line shares; the models of
responses here document those shapes and hold them to what they promise in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.core.types import Filters, Kind, Language

IsoDate = Annotated[
    str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$", examples=["2025", "2025-11", "2025-11-07"])
]
Question = Annotated[str, Field(min_length=1, max_length=4000)]
Text = Annotated[str, Field(max_length=20_000)]


class Strict(BaseModel):
    """A request body: a field that we do not know is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")


class FilterBody(Strict):
    """Restrict to documents, languages, kinds and dates; what is left out restricts nothing."""

    documents: list[Annotated[str, Field(max_length=1000)]] = Field(
        [], max_length=1000, description="document ids or paths"
    )
    languages: list[Language] = Field([], max_length=2)
    kinds: list[Kind] = Field([], max_length=4)
    date_from: IsoDate | None = Field(None, description="from this date on, inclusive")
    date_to: IsoDate | None = Field(None, description="up to this date, inclusive")

    def filters(self, doc_ids: tuple[str, ...]) -> Filters | None:
        """As the library takes them, with `documents` resolved to ids; None restricts nothing."""
        chosen = Filters(
            documents=doc_ids,
            languages=tuple(self.languages),
            kinds=tuple(self.kinds),
            date_from=self.date_from,
            date_to=self.date_to,
        )
        return chosen or None


class SearchBody(Strict):
    """One question or a list of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "Quanti accordi hanno firmato Stati Uniti e Kazakistan?", "k": 5},
                {"question": ["rare earths", "Accordi di Abramo"], "k": 3},
            ]
        }
    )
    question: Question | Annotated[list[Question], Field(min_length=1, max_length=64)]
    k: int = Field(10, ge=1, le=100, strict=True, description="how many passages")
    filters: FilterBody | None = None


class TurnBody(Strict):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: Text


def turns_of(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Messages as (question, answer) exchanges; what was never answered has an empty answer."""
    turns: list[tuple[str, str]] = []
    for role, text in messages:
        if role == "user" and text.strip():
            turns.append((text, ""))
        elif role == "assistant" and turns:
            question, before = turns[-1]
            turns[-1] = (question, f"{before}\n{text}".strip())
    return turns


class AskBody(Strict):
    """A question, with the conversation before it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"},
                {"question": "What do the Kazakh armed forces buy from Turkey?", "stream": True},
            ]
        }
    )
    question: Question
    history: list[TurnBody] = Field([], max_length=50)
    filters: FilterBody | None = None
    stream: bool = Field(
        False, strict=True,
        description="server-sent events; 'Accept: text/event-stream' does the same",
    )  # fmt: skip


class EvalBody(Strict):
    """Which evaluation set to run."""

    set: str | None = Field(
        None, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="a file of the eval folder; none: the default set",
    )  # fmt: skip


class Signals(BaseModel):
    """Why a passage was ranked where it was."""

    lexical: float | None = Field(description="BM25 score")
    dense: float | None = Field(description="cosine")
    rerank: float | None
    terms: list[list[str]] = Field(description="[question's word, matched word] pairs")


class Hit(BaseModel):
    """One passage. Spans are code points into the document's text, end exclusive."""

    rank: int
    score: float
    doc_id: str
    path: str
    title: str | None
    date: str | None
    start: int
    end: int
    text: str
    kind: Kind
    language: Language
    signals: Signals


class SearchOut(BaseModel):
    """The passages for one question."""

    question: str
    language: str
    results: list[Hit]
    timings_ms: dict[str, float]


class SearchesOut(BaseModel):
    """The passages for a list of questions, in its order; an error where one could not be asked."""

    searches: list[SearchOut | ErrorOut]


class CitationOut(BaseModel):
    """`document.text[start:end] == quote`; it supports `answer.text[answer_start:answer_end]`."""

    number: int
    doc_id: str
    path: str
    title: str | None
    date: str | None
    start: int
    end: int
    quote: str
    answer_start: int
    answer_end: int


class AnswerOut(BaseModel):
    """An answer, or a refusal with the nearest passages."""

    question: str
    language: Language
    text: str
    abstained: bool
    reason: str | None
    confidence: float
    mode: Literal["extractive", "llm"]
    unsupported: int
    notice: str | None
    citations: list[CitationOut]
    passages: list[Hit]
    timings_ms: dict[str, float]


class DocumentInfo(BaseModel):
    """A document without its text."""

    doc_id: str
    path: str
    title: str | None
    date: str | None
    author: str | None
    language: Language
    characters: int
    uploaded: bool


class DocumentsOut(BaseModel):
    """The documents, by path."""

    documents: list[DocumentInfo]
    total: int


class ChunkOut(BaseModel):
    """A chunk's span; cut its text from the document's."""

    chunk_id: str
    start: int
    end: int
    kind: Kind
    language: Language


class DocumentOut(DocumentInfo):
    """A document with its whole text and its chunks."""

    sha256: str
    text: str
    chunks: list[ChunkOut]


class ProgressOut(BaseModel):
    """How far a job is; total 0 means not known yet."""

    done: int
    total: int
    stage: str


class JobOut(BaseModel):
    """A piece of background work; follow it at /v1/jobs/{id}."""

    id: str
    kind: Literal["index", "eval"]
    label: str
    state: Literal["queued", "running", "done", "failed"]
    created: float
    finished: float | None
    progress: ProgressOut
    report: dict[str, Any]
    error: str | None


class JobsOut(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobOut]


class RunOut(BaseModel):
    """A saved evaluation; figures by "cut/measure", and where its report is."""

    name: str
    set: str
    questions: int
    figures: dict[str, float]
    report: str


class RunsOut(BaseModel):
    """Saved evaluations, newest first."""

    runs: list[RunOut]


class ErrorDetail(BaseModel):
    """What went wrong, in OpenAI's shape, with the request's id."""

    message: str
    type: str
    param: str | None
    code: str | None
    request_id: str | None


class ErrorOut(BaseModel):
    """Every failure looks like this."""

    error: ErrorDetail


SearchesOut.model_rebuild()

"""A small world to evaluate: three short sources, a searcher by shared words, an answerer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rag.core.types import Answer, Chunk, Citation, Document, Filters, ScoredChunk, chunk_id
from rag.evaluate import suite
from rag.evaluate.judged import Question
from rag.evaluate.locate import resolve_all
from rag.evaluate.records import Timing
from rag.evaluate.run import Item, Subject, chunks_by_path, execute, judged_items
from rag.evaluate.store import Run

TEXTS = {
    "ponte.txt": (
        "Il ponte di Varna fu aperto nel 1932 dopo sei anni di lavori. "
        "Costò 40 miliardi di lire e fu pagato dalla regione. "
        "Nel 1975 una piena ne distrusse due arcate, ricostruite l'anno seguente."
    ),
    "museum.txt": (
        "The museum of clocks opened in 1968 in a former mill. "
        "It holds 1,200 pieces, the oldest of which was built by Anna Riedl in 1544. "
        "Entry is free on Sundays."
    ),
    "lago.txt": (
        "Il lago è profondo 212 metri. È alimentato da tre torrenti alpini 🏔. "
        "La pesca è vietata da ottobre a gennaio, perché le trote depongono le uova."
    ),
}
CHUNK = 60


def document(path: str, text: str) -> Document:
    """A document with that text."""
    sha = hashlib.sha256(text.encode()).hexdigest()
    return Document(sha[:16], path, text, sha, "en" if path == "museum.txt" else "it")


def split(source: Document, size: int) -> list[Chunk]:
    """Chunks of `size` characters, whatever they cut."""
    return [
        Chunk(
            chunk_id(source.sha256, at, min(at + size, len(source.text))),
            source.doc_id,
            at,
            min(at + size, len(source.text)),
            source.text[at : at + size],
            source.language,
        )
        for at in range(0, len(source.text), size)
    ]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


@dataclass
class WordSearcher:
    """Ranks by how many words question and chunk share; a question in `broken` raises."""

    documents: Sequence[Document]
    chunks: Sequence[Chunk]
    broken: set[str] = field(default_factory=set)

    def search(
        self,
        query: str,
        k: int,
        filters: Filters | None = None,  # noqa: ARG002
    ) -> list[ScoredChunk]:
        if query in self.broken:
            raise RuntimeError("the searcher broke")
        paths = {one.doc_id: one.path for one in self.documents}
        scored = [(len(words(query) & words(one.text)), one) for one in self.chunks]
        best = sorted((pair for pair in scored if pair[0]), key=lambda p: (-p[0], p[1].chunk_id))
        return [ScoredChunk(one, float(n), paths[one.doc_id]) for n, one in best[:k]]


@dataclass
class FirstHit:
    """Quotes the whole first hit; refuses when fewer than three words are shared."""

    searcher: WordSearcher
    broken: set[str] = field(default_factory=set)

    def ask(
        self,
        question: str,
        history: Sequence[Any] = (),  # noqa: ARG002
        filters: Filters | None = None,
    ) -> Answer:
        if question in self.broken:
            raise RuntimeError("the answerer broke")
        hits = self.searcher.search(question, 1, filters)
        shared = int(hits[0].score) if hits else 0
        sources = {one.doc_id: one for one in self.searcher.documents}
        cited = tuple(
            Citation.of(sources[hit.chunk.doc_id], hit.chunk.start, hit.chunk.end) for hit in hits
        )
        refused = shared < 3
        return Answer(
            question=question,
            language="it",
            text="—",
            citations=cited,
            confidence=min(1.0, shared / 5),
            abstained=refused,
            reason="Non c'è." if refused else None,
            passages=tuple(hits),
        )


QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "bridge-it",
        "fact": "bridge",
        "lang": "it",
        "question": "Quando fu aperto il ponte di Varna?",
        "type": "when",
        "gold": [{"path": "ponte.txt", "quote": "fu aperto nel 1932"}],
    },
    {
        "id": "bridge-en",
        "fact": "bridge",
        "lang": "en",
        "question": "In which year did the Varna bridge open?",
        "type": "when",
        "tags": ["cross"],
        "gold": [{"path": "ponte.txt", "quote": "fu aperto nel 1932"}],
    },
    {
        "id": "clock-en",
        "fact": "clock",
        "lang": "en",
        "question": "Who built the oldest of the pieces in the museum of clocks?",
        "type": "who",
        "gold": [{"path": "museum.txt", "quote": "built by Anna Riedl in 1544"}],
    },
    {
        "id": "two-it",
        "fact": "two",
        "lang": "it",
        "question": "Quanto è profondo il lago e quanto costò il ponte di Varna?",
        "type": "two passages",
        "gold_groups": [
            [{"path": "lago.txt", "quote": "profondo 212 metri"}],
            [{"path": "ponte.txt", "quote": "40 miliardi di lire"}],
        ],
    },
    {
        "id": "none-it",
        "fact": "none",
        "lang": "it",
        "question": "Chi progettò il ponte di Varna?",
        "type": "who",
        "answerable": False,
        "near": "ponte.txt",
    },
]


@dataclass(frozen=True)
class World:
    """The sources, their chunks, and the questions as items."""

    documents: list[Document]
    chunks: list[Chunk]
    searcher: WordSearcher
    assistant: FirstHit
    items: list[Item]


def build(size: int = CHUNK, rows: Sequence[dict[str, Any]] = QUESTIONS) -> World:
    """The world split into chunks of `size`."""
    documents = [document(path, text) for path, text in TEXTS.items()]
    chunks = [chunk for one in documents for chunk in split(one, size)]
    searcher = WordSearcher(documents, chunks)
    questions = [Question.model_validate(row) for row in rows]
    needs, problems = resolve_all(questions, documents)
    assert not problems
    items = judged_items(
        ((one, needs[one.id]) for one in questions), chunks_by_path(documents, chunks)
    )
    return World(documents, chunks, searcher, FirstHit(searcher), items)


def run_of(world: World, name: str = "run") -> tuple[Run, dict[str, Timing]]:
    """The world evaluated."""
    described = {"index": {"documents": 3, "chunks": len(world.chunks), "embedder": "words"}}
    subject = Subject(world.documents, world.chunks, world.searcher, world.assistant, described)
    outcome = execute(world.items, world.searcher, world.assistant)
    return suite.run_of(outcome, "set.jsonl", "0" * 64, subject, name)


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(rows or text, name) -> a JSON-lines file."""

    def make(rows: Sequence[dict[str, Any]] | str, name: str = "set.jsonl") -> Path:
        path = tmp_path / name
        text = rows if isinstance(rows, str) else "".join(json.dumps(r) + "\n" for r in rows)
        path.write_text(text, encoding="utf-8")
        return path

    return make

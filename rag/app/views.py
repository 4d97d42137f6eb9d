"""The documented JSON shapes, shared by `--json` on the command line and by the HTTP API.

docs/api.md describes them; a field is added, never renamed or removed, within one major version.
"""

from __future__ import annotations

from typing import Any

from rag.core.types import Answer, Chunk, Citation, Document, ScoredChunk
from rag.retrieve.search import SearchResult


def hit_json(rank: int, hit: ScoredChunk) -> dict[str, Any]:
    """One ranked passage. `start` and `end` are code points into the document, end exclusive."""
    return {
        "rank": rank,
        "score": round(hit.score, 6),
        "doc_id": hit.chunk.doc_id,
        "path": hit.path,
        "title": hit.title,
        "date": hit.date,
        "start": hit.chunk.start,
        "end": hit.chunk.end,
        "text": hit.chunk.text,
        "kind": hit.chunk.kind,
        "language": hit.chunk.language,
        "signals": {
            "lexical": _rounded(hit.signals.lexical),
            "dense": _rounded(hit.signals.dense),
            "rerank": _rounded(hit.signals.rerank),
            "terms": [list(pair) for pair in hit.signals.terms],
        },
    }


def search_json(result: SearchResult) -> dict[str, Any]:
    """{"question", "language", "results": [...], "timings_ms"}."""
    return {
        "question": result.question,
        "language": result.language,
        "results": [hit_json(rank, hit) for rank, hit in enumerate(result.results, 1)],
        "timings_ms": {stage: round(ms, 3) for stage, ms in result.timings_ms.items()},
    }


def citation_json(number: int, citation: Citation) -> dict[str, Any]:
    """One citation: the span in the source and the span of the answer that it supports."""
    return {
        "number": number,
        "doc_id": citation.doc_id,
        "path": citation.path,
        "title": citation.title,
        "date": citation.date,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "answer_start": citation.answer_start,
        "answer_end": citation.answer_end,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer with its citations and the passages it was made from."""
    return {
        "question": answer.question,
        "language": answer.language,
        "text": answer.text,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "confidence": round(answer.confidence, 4),
        "mode": answer.mode,
        "unsupported": answer.unsupported,
        "notice": answer.notice,
        "citations": [citation_json(n, c) for n, c in enumerate(answer.citations, 1)],
        "passages": [hit_json(rank, hit) for rank, hit in enumerate(answer.passages, 1)],
        "timings_ms": {stage: round(ms, 3) for stage, ms in answer.timings_ms},
    }


def document_json(document: Document) -> dict[str, Any]:
    """A document with its whole stored text."""
    return {
        "doc_id": document.doc_id,
        "path": document.path,
        "title": document.title,
        "date": document.date,
        "author": document.author,
        "language": document.language,
        "sha256": document.sha256,
        "text": document.text,
    }


def chunk_json(chunk: Chunk) -> dict[str, Any]:
    """One chunk of a document, without its text (cut it from the document's)."""
    return {
        "chunk_id": chunk.chunk_id,
        "start": chunk.start,
        "end": chunk.end,
        "kind": chunk.kind,
        "language": chunk.language,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)

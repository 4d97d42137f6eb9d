"""Small real parts for tests: documents from text, a searcher over them, plain embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import NotFound
from rag.core.types import Document, Filters, Language, ScoredChunk, Signals
from rag.indexing.analysis import stems
from rag.ingest import sentences, split


def document(
    text: str,
    language: Language = "it",
    *,
    path: str = "a.txt",
    title: str | None = None,
    date: str | None = None,
) -> Document:
    digest = hashlib.sha256(f"{path}\0{text}".encode()).hexdigest()
    return Document(digest[:16], path, text, digest, language, title, date)


class Shelf:
    """Documents in memory that can be searched (by shared stems) and opened."""

    def __init__(self, documents: Sequence[Document], size: int = 800) -> None:
        self._documents = {one.doc_id: one for one in documents}
        self._chunks = [
            (chunk, one) for one in documents for chunk in split(one, size, 0) if one.text.strip()
        ]

    def document(self, key: str) -> Document:
        if key not in self._documents:
            raise NotFound(f"No document {key}.")
        return self._documents[key]

    def sentence_vectors(self, chunk_ids: Sequence[str]) -> list[NDArray[np.float32]]:
        chunks = {chunk.chunk_id: chunk for chunk, _ in self._chunks}
        read = [chunks[chunk_id] for chunk_id in chunk_ids]
        return [
            Letters().embed_passages(
                [chunk.text[start:end] for start, end in sentences(chunk.text, chunk.language)]
            )
            for chunk in read
        ]

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        assert filters is None
        scored = []
        for chunk, source in self._chunks:
            shared = set(stems(query, chunk.language)) & set(stems(chunk.text, chunk.language))
            score = len(shared) / 10
            signals = Signals(lexical=score, dense=min(1.0, score))
            scored.append(
                ScoredChunk(chunk, score, source.path, source.title, source.date, signals)
            )
        scored.sort(key=lambda hit: (-hit.score, hit.chunk.chunk_id))
        return scored[:k]


class Letters:
    """An embedder of letter pairs: deterministic, instant, and near for texts spelt alike."""

    name = "letters"
    dimension = 64

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for pair in zip(text.lower(), text.lower()[1:], strict=False):
                row[hash_of(pair) % self.dimension] += 1.0
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / norms, dtype=np.float32)

    def embed_passages(self, texts: Sequence[str], progress: object = None) -> NDArray[np.float32]:
        assert progress is None
        return self.embed_queries(texts)


def hash_of(pair: tuple[str, str]) -> int:
    return ord(pair[0]) * 31 + ord(pair[1])

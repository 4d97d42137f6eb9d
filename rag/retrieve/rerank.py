"""Reranking by a cross-encoder: slower and more exact than comparing vectors; off by default.

The only module besides rag/embed that knows sentence-transformers, which is imported with the first
question.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import ModelError
from rag.core.types import Filters, ScoredChunk, Searcher

DEPTH = 50  # passages that are read again, at most
BATCH = 32


class Reranker(Protocol):
    """Reads question and passage together and says how well the passage answers."""

    name: str

    def scores(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (n,), in [0, 1], higher is better; one for each passage."""
        ...


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder by name or folder, loaded with the first question."""

    def __init__(self, name: str, *, batch: int = BATCH, longest: int = 512) -> None:
        self.name = name
        self._batch = batch
        self._longest = longest
        self._model: Any = None
        self._lock = threading.Lock()

    def scores(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (n,), in [0, 1]. Raises ModelError when the model cannot be loaded."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        with self._lock:
            model = self._loaded()
            raw = model.predict(
                [(query, passage) for passage in passages],
                batch_size=self._batch,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return _as_scores(np.asarray(raw, dtype=np.float32), self.name)

    def _loaded(self) -> Any:
        if self._model is None:
            try:
                from sentence_transformers import CrossEncoder
            except ImportError:
                raise ModelError(
                    f"The reranker '{self.name}' needs sentence-transformers.",
                    "Run: pip install 'fonte[transformers]'",
                ) from None
            try:
                self._model = CrossEncoder(self.name, max_length=self._longest)
            except Exception as error:
                reason = str(error).strip().split("\n")[0] or type(error).__name__
                raise ModelError(
                    f"The reranker '{self.name}' cannot be loaded: {reason}",
                    "Give a cross-encoder's name or folder in RAG_RERANKER.",
                ) from None
        return self._model


def _as_scores(raw: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    if raw.ndim != 1:
        raise ModelError(
            f"The reranker '{name}' gives {raw.shape[-1]} scores for a passage, not one.",
            "Use a cross-encoder with a single output.",
        )
    if len(raw) and (raw.min() < 0.0 or raw.max() > 1.0):
        # A model without an activation gives logits; the logistic function keeps their order.
        raw = (1.0 / (1.0 + np.exp(-raw.astype(np.float64)))).astype(np.float32)
    return raw


class RerankedSearcher:
    """A searcher whose best `depth` hits are put in a reranker's order."""

    def __init__(self, searcher: Searcher, reranker: Reranker, depth: int = DEPTH) -> None:
        self._searcher = searcher
        self._reranker = reranker
        self._depth = depth

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """At most `k` chunks, best first by the reranker's score, ties by chunk id.

        Raises UsageError for a bad question or k, ModelError when the reranker cannot be loaded.
        """
        hits = self._searcher.search(query, max(k, self._depth), filters)
        head, tail = hits[: self._depth], hits[self._depth :]
        scores = self._reranker.scores(query, [hit.chunk.text for hit in head])
        again = [
            replace(hit, score=float(score), signals=replace(hit.signals, rerank=float(score)))
            for hit, score in zip(head, scores, strict=True)
        ]
        again.sort(key=lambda hit: (-hit.score, hit.chunk.chunk_id))
        floor = again[-1].score if again else 0.0
        # What was not read again comes after, never with a higher score than what was.
        return [*again, *(replace(hit, score=min(hit.score, floor)) for hit in tail)][:k]

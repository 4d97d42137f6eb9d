"""query -> list[ScoredChunk], by words, by meaning, or by both.

All three searchers read one `Snapshot`, so that a search sees one consistent state of the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from rag.core.notebook import passages_html
from rag.core.types import Chunk, Filters, Kind, Language, ScoredChunk, Signals
from rag.embed.base import Embedder
from rag.indexing.snapshot import Snapshot
from rag.retrieve.fuse import convex
from rag.retrieve.nearest import nearest
from rag.retrieve.query import Query, check_k, parse_query

LEAST_READ = 100  # passages that a dense search ranks by their sentences, at least
# What a hit that is not prose keeps of its score, unless the question asks for its kind: enough to
# be found when nothing else answers, too little to push prose out.
KIND_FACTOR: dict[Kind, float] = {
    "prose": 1.0,
    "caption": 0.8,
    "reference": 0.7,
    "biography": 0.7,
}


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The ranked passages for a question, and how long each stage took (milliseconds)."""

    question: str
    language: Language
    results: tuple[ScoredChunk, ...]
    timings_ms: dict[str, float]

    def _repr_html_(self) -> str:
        return passages_html(self.question, self.language, self.results)


class LexicalSearcher:
    """By words: BM25 over stems, a question in the other language through its translations."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """At most `k` chunks by BM25. Raises UsageError for a bad question or k."""
        check_k(k)
        parsed = parse_query(query)
        allowed = self._snapshot.allowed(filters)
        hits = self._snapshot.lexical.search(parsed.text, parsed.language, k, allowed)
        signals = {hit.key: Signals(lexical=hit.score, terms=hit.terms) for hit in hits}
        return _scored(self._snapshot, [(hit.key, hit.score) for hit in hits], signals)


class DenseSearcher:
    """By meaning: how close the question's vector is to each chunk's and its best sentence's."""

    def __init__(self, snapshot: Snapshot, embedder: Embedder) -> None:
        self._snapshot = snapshot
        self._embedder = embedder

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """At most `k` chunks by closeness. Raises UsageError for a bad question or k."""
        check_k(k)
        vector = self._embedder.embed_queries([parse_query(query).text])[0]
        allowed = self._snapshot.allowed(filters)
        found = nearest(self._snapshot, vector, max(2 * k, LEAST_READ), allowed)
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:k]
        signals = {key: Signals(dense=score) for key, score in ranked}
        return _scored(self._snapshot, ranked, signals)


class HybridSearcher:
    """By both, fused by a convex combination; what is not prose steps back (see KIND_FACTOR)."""

    def __init__(
        self, snapshot: Snapshot, embedder: Embedder, *, dense_weight: float, candidates: int
    ) -> None:
        self._snapshot = snapshot
        self._embedder = embedder
        self._weight = dense_weight
        self._candidates = candidates

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """At most `k` chunks by fused score. Raises UsageError for a bad question or k."""
        return list(self.retrieve([query], k, filters)[0].results)

    def retrieve(
        self, queries: Sequence[str], k: int, filters: Filters | None = None
    ) -> list[SearchResult]:
        """Search for several questions, embedded in one batch; results in the order given."""
        check_k(k)
        parsed = [parse_query(query) for query in queries]
        start = perf_counter()
        vectors = self._embedder.embed_queries([query.text for query in parsed])
        embed_ms = (perf_counter() - start) * 1000 / max(len(parsed), 1)
        allowed = self._snapshot.allowed(filters)
        return [
            self._retrieve_one(query, vector, k, allowed, embed_ms)
            for query, vector in zip(parsed, vectors, strict=True)
        ]

    def _retrieve_one(
        self,
        query: Query,
        vector: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None,
        embed_ms: float,
    ) -> SearchResult:
        depth = max(self._candidates, k)
        start = perf_counter()
        hits = self._snapshot.lexical.search(query.text, query.language, depth, allowed)
        lexical_done = perf_counter()
        # A passage found by words alone is close too: without that, it would count as 0.
        dense = nearest(self._snapshot, vector, depth, allowed, [hit.key for hit in hits])
        dense_done = perf_counter()
        terms = {hit.key: hit.terms for hit in hits}
        lexical = {hit.key: hit.score for hit in hits}
        kinds = {key: self._snapshot.kind(key) for key in dense.keys() | lexical.keys()}
        best = _at_least(_fuse(dense, lexical, kinds, self._weight, query), k)
        signals = {
            key: Signals(lexical.get(key), dense.get(key), None, terms.get(key, ()))
            for key, _ in best
        }
        results = _scored(self._snapshot, best, signals)[:k]
        timings = {
            "embed": embed_ms,
            "lexical": (lexical_done - start) * 1000,
            "dense": (dense_done - lexical_done) * 1000,
            "fuse": (perf_counter() - dense_done) * 1000,
        }
        return SearchResult(query.text, query.language, tuple(results), timings)


def _fuse(
    dense: dict[int, float],
    lexical: dict[int, float],
    kinds: dict[int, Kind],
    weight: float,
    query: Query,
) -> list[tuple[int, float]]:
    """Convex fusion in which a kind that the question does not ask for steps back.

    Such a passage can be no better than the best one of what is asked for, before KIND_FACTOR: the
    few English references of an Italian article hold an English question's very words, which are
    rare there, and would otherwise set a scale on which all prose looks alike.
    """
    wanted = query.seeks | {"prose"}

    def capped(scores: dict[int, float]) -> dict[int, float]:
        cap = max((s for key, s in scores.items() if kinds[key] in wanted), default=None)
        if cap is None:
            return scores
        return {k: s if kinds[k] in wanted else min(s, cap) for k, s in scores.items()}

    return [
        (key, score if kinds[key] in wanted else score * KIND_FACTOR[kinds[key]])
        for key, score in convex(dense, capped(lexical), weight)
    ]


def _at_least(ranked: list[tuple[int, float]], k: int) -> list[tuple[int, float]]:
    """The `k` best, and all that tie with the last of them: ties are broken by chunk id."""
    ranked = sorted(ranked, key=lambda item: -item[1])
    return [item for item in ranked if item[1] >= ranked[min(k, len(ranked)) - 1][1]]


def _hit(snapshot: Snapshot, chunk: Chunk, score: float, signals: Signals) -> ScoredChunk:
    info = snapshot.info(chunk.doc_id)
    return ScoredChunk(chunk, score, info.path, info.title, info.date, signals)


def _best_first(hit: ScoredChunk) -> tuple[float, str]:
    return (-hit.score, hit.chunk.chunk_id)


def _scored(
    snapshot: Snapshot, ranked: Sequence[tuple[int, float]], signals: dict[int, Signals]
) -> list[ScoredChunk]:
    """Join keys and scores with their chunks and documents, best first, ties by chunk id."""
    chunks = snapshot.chunks([key for key, _ in ranked])
    hits = [
        _hit(snapshot, chunk, score, signals[key])
        for chunk, (key, score) in zip(chunks, ranked, strict=True)
    ]
    return sorted(hits, key=_best_first)

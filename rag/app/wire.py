"""The composition root: the only place that constructs models, searchers and assistants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.core.config import Settings
from rag.embed import load_embedder
from rag.embed.base import Embedder
from rag.retrieve.search import HybridSearcher

if TYPE_CHECKING:
    from rag.answer.assistant import Assistant
    from rag.indexing.snapshot import Snapshot


def make_embedder(settings: Settings) -> Embedder:
    """The configured embedder; raises ModelError when it cannot be loaded."""
    return load_embedder(
        settings.embedder,
        threads=settings.threads,
        query_prompt=settings.query_prompt,
        passage_prompt=settings.passage_prompt,
    )


def make_searcher(snapshot: Snapshot, embedder: Embedder, settings: Settings) -> HybridSearcher:
    """The hybrid searcher over one state of the index."""
    return HybridSearcher(
        snapshot,
        embedder,
        dense_weight=settings.dense_weight,
        candidates=settings.candidates,
    )

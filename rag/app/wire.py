"""The composition root: the only place that constructs models, searchers and assistants."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rag.core.config import Settings
from rag.core.errors import ConfigError
from rag.embed import load_embedder

if TYPE_CHECKING:
    from rag.answer.assistant import Assistant
    from rag.answer.llm import LLM
    from rag.answer.write import Unsupported
    from rag.embed.base import Embedder
    from rag.indexing.snapshot import Snapshot
    from rag.retrieve.rerank import Reranker
    from rag.retrieve.search import HybridSearcher


def make_embedder(settings: Settings) -> Embedder:
    """The configured embedder. Raises ModelError when it cannot be loaded."""
    return load_embedder(
        settings.embedder,
        threads=settings.threads,
        query_prompt=settings.query_prompt,
        passage_prompt=settings.passage_prompt,
    )


def make_reranker(settings: Settings) -> Reranker | None:
    """The configured cross-encoder, if any; it is loaded when it is first used."""
    if settings.reranker is None:
        return None
    from rag.retrieve.rerank import CrossEncoderReranker

    return CrossEncoderReranker(settings.reranker)


def make_llm(settings: Settings) -> LLM | None:
    """The configured language model, if any; nothing is connected before the first answer."""
    if settings.llm_base_url is None and settings.llm_model is None:
        return None
    if settings.llm_base_url is None or settings.llm_model is None:
        missing = "llm_model" if settings.llm_model is None else "llm_base_url"
        raise ConfigError(
            f"An LLM needs both an endpoint and a model, and '{missing}' is not set.",
            f"Set RAG_{missing.upper()}, or unset the other.",
        )
    from rag.answer.llm import OpenAICompatible

    key = settings.llm_api_key
    return OpenAICompatible(
        settings.llm_base_url,
        settings.llm_model,
        key.get_secret_value() if key else None,
        timeout=settings.llm_timeout,
        context=settings.llm_context,
        max_tokens=settings.llm_max_tokens,
    )


def make_searcher(snapshot: Snapshot, embedder: Embedder, settings: Settings) -> HybridSearcher:
    """The hybrid searcher over one state of the index."""
    from rag.retrieve.search import HybridSearcher

    return HybridSearcher(
        snapshot,
        embedder,
        dense_weight=settings.dense_weight,
        candidates=settings.candidates,
    )


def make_assistant(
    snapshot: Snapshot, searcher: HybridSearcher, embedder: Embedder, settings: Settings
) -> Assistant:
    """The assistant over one state of the index."""
    from rag.answer.assistant import Assistant

    return Assistant(
        searcher,
        snapshot,
        embedder,
        llm=make_llm(settings),
        reranker=make_reranker(settings),
        abstain_below=settings.abstain_below,
        unsupported=cast("Unsupported", settings.unsupported),
        translator=snapshot.lexical.table,
    )

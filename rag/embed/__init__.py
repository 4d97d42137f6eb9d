"""Embedders: texts to unit vectors. Nothing heavy is imported until an embedder is made."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embed.base import Embedder

if TYPE_CHECKING:
    from rag.embed.reader import Reader

__all__ = ["BUNDLED", "Embedder", "load_embedder", "load_reader"]

BUNDLED = Path(__file__).parent / "bundled"


def load_embedder(
    spec: str = "bundled",
    *,
    threads: int = 0,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> Embedder:
    """The embedder that `spec` names; `threads` 0 means all cores.

    "bundled" is the model in this package; a folder with `model.onnx` and `tokenizer.json` is read
    the same way; anything else is a sentence-transformers folder or model name, for which the
    prompts override the model's own. Raises ModelError with the remedy when it cannot be loaded.
    """
    folder = BUNDLED if spec == "bundled" else Path(spec)
    if spec == "bundled" or (folder / "model.onnx").is_file():
        from rag.embed.onnx import OnnxEmbedder

        return OnnxEmbedder(folder, threads=threads)
    from rag.embed.transformers import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(
        spec, query_prompt=query_prompt, passage_prompt=passage_prompt, threads=threads
    )


@lru_cache(maxsize=1)
def load_reader() -> Reader:
    """The bundled reader, loaded once. Raises ModelError when its files are damaged."""
    from rag.embed.reader import OnnxReader

    return OnnxReader(BUNDLED)

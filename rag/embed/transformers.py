"""Any sentence-transformers model, by name or local folder. Needs the extra `transformers`."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.core.errors import ModelError
from rag.embed.base import Progress, Vectors

INSTALL = "Install it with: pip install 'fonte[transformers]'"
BATCH = 32
WINDOW = 512
# Families trained with prefixes; their cards say so, their files not always.
PROMPTS = {
    "e5": ("query: ", "passage: "),
    "bge-en": ("Represent this sentence for searching relevant passages: ", ""),
    "nomic": ("search_query: ", "search_document: "),
}
WEIGHTS = ("*.safetensors", "*.bin", "*.onnx", "*.json", "*.txt", "*.model")


class SentenceTransformerEmbedder:
    """An embedder over sentence-transformers; thread-safe, one call at a time."""

    def __init__(
        self,
        name_or_path: str,
        *,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        threads: int = 0,
    ) -> None:
        """Load the model. Prompts: those given, else the model's own, else the family's.

        Raises ModelError when the extra is not installed or the model cannot be loaded.
        """
        self._model = _load(name_or_path, threads)
        self._lock = threading.Lock()
        query, passage = _prompts(name_or_path, self._model)
        self._query = query if query_prompt is None else query_prompt
        self._passage = passage if passage_prompt is None else passage_prompt
        self.dimension = int(_dimension(self._model))
        self.name = f"{Path(name_or_path).name}@{self._fingerprint(name_or_path)}"

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Questions to float32 (n, dimension), unit rows."""
        return self._embed(texts, self._query, None)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Passages to float32 (n, dimension), unit rows; what the model cannot hold is not read."""
        return self._embed(texts, self._passage, progress)

    def _embed(self, texts: Sequence[str], prompt: str, progress: Progress | None) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), WINDOW):
            window = list(texts[start : start + WINDOW])
            with self._lock:
                vectors[start : start + len(window)] = self._model.encode(
                    window,
                    prompt=prompt,  # "" and not None, which would mean the model's default prompt
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
            if progress is not None:
                progress(len(window))
        return vectors

    def _fingerprint(self, name_or_path: str) -> str:
        digest = hashlib.sha256(f"{self._query}\0{self._passage}\0".encode())
        folder = Path(name_or_path)
        if folder.is_dir():
            for path in sorted({p for kind in WEIGHTS for p in folder.rglob(kind)}):
                digest.update(path.relative_to(folder).as_posix().encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        else:
            digest.update(f"{name_or_path}\0{_revision(self._model)}".encode())
        return digest.hexdigest()[:12]


def _load(name_or_path: str, threads: int) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ModelError(
            f"'{name_or_path}' needs sentence-transformers, which is not installed.", INSTALL
        ) from error
    folder = Path(name_or_path)
    known = ("config.json", "modules.json", "config_sentence_transformers.json")
    if folder.is_dir() and not any((folder / name).is_file() for name in known):
        raise ModelError(
            f"{folder} is not a model: it has none of {', '.join(known)}.",
            "Give a folder saved by sentence-transformers, a model name, or 'bundled'.",
        )
    if threads:
        torch.set_num_threads(threads)
    try:
        return SentenceTransformer(name_or_path, device="cpu")
    except Exception as error:  # hub, file, format and memory errors of several libraries
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        raise ModelError(
            f"The model '{name_or_path}' cannot be loaded: {reason}",
            "Check the name or folder; a name needs the network once. 'bundled' needs neither.",
        ) from error


def _prompts(name_or_path: str, model: Any) -> tuple[str, str]:
    own = {name: text for name, text in (getattr(model, "prompts", None) or {}).items() if text}
    if own:
        passage = own.get("passage") or own.get("document") or own.get("corpus") or ""
        return own.get("query", ""), passage
    name = Path(name_or_path).name.lower()
    family = next((key for key in PROMPTS if all(p in name for p in key.split("-"))), "")
    return PROMPTS.get(family, ("", ""))


def _dimension(model: Any) -> int:
    size = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
    return int(size())


def _revision(model: Any) -> str:
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    return str(getattr(config, "_commit_hash", None) or "")

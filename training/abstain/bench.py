"""The public benchmark's development half, indexed as a user's documents would be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.core.config import load_settings
from rag.core.types import Language
from rag.embed.base import Embedder
from rag.indexing.build import sync
from rag.indexing.snapshot import Snapshot
from training.settings import Settings


@dataclass(frozen=True)
class BenchQuestion:
    """A question, the file name of the paragraph that answers it, its article, and the answers."""

    id: str
    text: str
    language: Language
    path: str
    article: str
    answers: tuple[str, ...]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def read_passages(settings: Settings) -> list[dict[str, Any]]:
    """Records with `id`, `title` (the article) and `text`."""
    return list(_lines(settings.data / "bench" / "squad-it-dev.passages.jsonl.gz"))


def read_questions(settings: Settings) -> list[BenchQuestion]:
    """All Italian questions, and the English ones."""
    articles = {record["id"]: record["title"] for record in read_passages(settings)}
    return [
        BenchQuestion(
            record["id"],
            record["question"],
            record["lang"],
            f"{record['passage']}.txt",
            articles[record["passage"]],
            tuple({answer["text"] for answer in record["answers"]}),
        )
        for record in _lines(settings.data / "bench" / "squad-it-dev.questions.jsonl.gz")
    ]


def open_bench(settings: Settings, embedder: Embedder) -> Snapshot:
    """The paragraphs, one file each, in an index under the work folder (made when missing)."""
    folder = settings.workspace("abstain")
    sources = folder / "paragraphs"
    if not sources.exists():
        sources.mkdir()
        for record in read_passages(settings):
            text = record["text"] + "\n"
            (sources / f"{record['id']}.txt").write_text(text, encoding="utf-8")
    return index(folder / "index", sources, embedder)


def index(folder: Path, sources: Path, embedder: Embedder) -> Snapshot:
    """Index `sources` in `folder` with the product's settings; rebuilt when the model changed."""
    defaults = load_settings()
    mark = folder.with_suffix(".model")
    sync(
        folder,
        sources,
        embedder,
        chunk_size=defaults.chunk_size,
        chunk_overlap=defaults.chunk_overlap,
        max_bytes=defaults.max_file_mb * 1_000_000,
        rebuild=not mark.exists() or mark.read_text() != embedder.name,
    )
    mark.write_text(embedder.name)
    return Snapshot.open(folder)

"""What the tests of the index share: a real, small embedder, and what an index says."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.indexing.build import SyncReport, sync
from rag.indexing.snapshot import Snapshot

ROOT = Path(__file__).parents[2]
SIZES = {"chunk_size": 200, "chunk_overlap": 0, "max_bytes": 1_000_000}


class HashingEmbedder:
    """Counts of hashed letter trigrams, made unit: cheap, deterministic, no model.

    It remembers what it embedded, so that a test can tell what was not.
    """

    def __init__(self, dimension: int = 32, name: str = "hashing") -> None:
        self.name = name
        self.dimension = dimension
        self.seen: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            padded = f"  {text.lower()} "
            for start in range(len(padded) - 2):
                digest = hashlib.blake2b(padded[start : start + 3].encode(), digest_size=4).digest()
                row[int.from_bytes(digest, "big") % self.dimension] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.seen += texts
        if progress:
            progress(len(texts))
        return self.embed_queries(texts)


def index(folder: Path, root: Path, embedder: Any = None, **changed: Any) -> SyncReport:
    """Sync with the tests' sizes and embedder."""
    return sync(folder, root, embedder or HashingEmbedder(), **{**SIZES, **changed})


def write(root: Path, **files: str) -> None:
    """Write files: write(root, a="text") writes a.txt; `a__md` is a.md; `sub_a` stays as it is."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.partition("__")
        (root / f"{stem}.{suffix or 'txt'}").write_text(text, encoding="utf-8")


def settle(root: Path) -> None:
    """Date all files an hour back, so that their stamps are trusted."""
    for path in root.rglob("*"):
        if path.is_file():
            stamp = path.stat().st_mtime_ns - 3_600_000_000_000
            os.utime(path, ns=(stamp, stamp))


def contents(folder: Path) -> dict[str, Any]:
    """All that an index says, without keys and sequence numbers: equal for equal sources."""
    with Snapshot.open(folder) as snapshot:
        said: dict[str, Any] = {}
        store = snapshot._store
        for info in snapshot.documents():
            document = snapshot.document(info.doc_id)
            said[info.path] = (document, tuple(snapshot.document_chunks(info.doc_id)))
        keys = snapshot.dense.keys
        chunks = snapshot.chunks(keys.tolist())
        vectors = snapshot.dense.vectors()
        said["vectors"] = {c.chunk_id: v.tobytes() for c, v in zip(chunks, vectors, strict=True)}
        sentences, counts = snapshot.sentences(keys.tolist())
        said["sentences"] = (
            {
                c.chunk_id: part.tobytes()
                for c, part in zip(chunks, np.split(sentences, np.cumsum(counts)[:-1]), strict=True)
            }
            if chunks
            else {}
        )
        said["files"] = {path: file.indexed for path, file in store.known_files().items()}
        said["skipped"] = {path: file.skipped for path, file in store.known_files().items()}
        said["words"] = len(snapshot.lexical)
        return said


def found(snapshot: Snapshot, question: str, k: int = 5) -> tuple[list[Any], list[Any]]:
    """What both indexes answer, as chunk ids and scores."""
    vector = HashingEmbedder(snapshot.dimension).embed_queries([question])[0]
    keys, scores = snapshot.dense.search(vector, k)
    ids = [chunk.chunk_id for chunk in snapshot.chunks(keys.tolist())]
    hits = snapshot.lexical.search(question, "it", k)
    words = [chunk.chunk_id for chunk in snapshot.chunks([hit.key for hit in hits])]
    return list(zip(ids, scores.tolist(), strict=True)), list(
        zip(words, [round(hit.score, 4) for hit in hits], strict=True)
    )


def run_without_privileges(code: str, *arguments: object) -> str:
    """Run a program that file modes bind, even when the tests run as root; what it printed.

    Root passes by file modes through two capabilities of Linux, which the program is denied.
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=_drop_capabilities if os.getuid() == 0 else None,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _drop_capabilities() -> None:
    drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (dac_override, dac_read_search):
        if libc.prctl(drop_from_bounding_set, capability, 0, 0, 0) != 0:
            os._exit(77)

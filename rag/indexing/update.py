"""One update of a library folder: from what changed in the sources to new checkpoints."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import ModelError, SourceError
from rag.core.types import Chunk, Document
from rag.embed.base import Embedder
from rag.indexing.derived import write_derived
from rag.indexing.scan import Survey
from rag.indexing.store import KnownFile
from rag.indexing.writer import StoreWriter, suffix_of
from rag.ingest import Skipped, load, split
from rag.ingest.sentences import several

BATCH_CHUNKS: Final = 256  # embedded and committed together: a second or two of work
# New chunks after which a running update writes checkpoints: this many, and this share of all. A
# question asked meanwhile replays fewer (0.4 ms each), and a large index is not written too often.
_CHECKPOINT_CHUNKS: Final = 2_000
_CHECKPOINT_SHARE: Final = 0.05

Progress = Callable[[str, int, int], None]
Notify = Callable[[str], None]


@dataclass(slots=True)
class _Loaded:
    """A document ready to be embedded, and the files that hold it."""

    document: Document
    chunks: list[Chunk]
    paths: list[str]


class Update:
    """Carries a survey out; then says what was `left_out`, `embedded`, and the `seconds` by stage.

    `embedder` is called once, when there is something to embed.
    """

    def __init__(
        self,
        library: Path,
        writer: StoreWriter,
        embedder: Callable[[], Embedder],
        *,
        chunk_size: int,
        chunk_overlap: int,
        progress: Progress | None = None,
        on_notice: Notify | None = None,
    ) -> None:
        self.left_out: dict[str, Skipped] = {}
        self.embedded = 0
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._library = library
        self._writer = writer
        self._embedder = embedder
        self._chunk_size = chunk_size
        self._chunk_overlap = chunk_overlap
        self._progress = progress or _silent
        self._notify = on_notice or _silent
        self._dimension = writer.dimension()
        self._unsaved = 0  # chunks since the last checkpoints

    def run(self, known: Mapping[str, KnownFile], survey: Survey) -> None:
        """Load, embed and store what is new, then let go of what is gone, then checkpoint."""
        self._survey = survey
        self._kept = {skip.path for skip in survey.unreadable}
        self._suffixes = self._writer.suffixes()
        self._ids = {sha256[:16]: sha256 for sha256 in self._suffixes}
        self._indexed = {path: file.indexed for path, file in known.items() if file.indexed}
        self._needed = set(survey.target.values())
        work = self._work()
        total = sum(self._size(paths) for paths, _ in work)
        done = 0
        for batch in _batches(self._load(paths, sha256) for paths, sha256 in work):
            size = sum(self._size(item.paths) for item in batch)
            self._store(batch, self._embed(batch, done, size, total))
            done += size
            if self._unsaved >= max(_CHECKPOINT_CHUNKS, _CHECKPOINT_SHARE * self._writer.count()):
                self._checkpoint()
        if work:
            self._progress("embed", total, total)
        self._settle(known)
        self._checkpoint()

    def _work(self) -> list[tuple[list[str], str]]:
        """The documents to look at: the files that hold each, and its hash; by the first file."""
        survey = self._survey
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(survey.target):
            holders[survey.target[path]].append(path)
        fresh = {survey.target[path] for path in [*survey.added, *survey.changed, *survey.retry]}
        # A document may lose the file that it was read from to one that is read otherwise.
        moved = {
            sha256
            for sha256, paths in holders.items()
            if suffix_of(paths[0]) != self._suffixes.get(sha256)
        }
        return sorted((holders[sha256], sha256) for sha256 in fresh | moved)

    def _size(self, paths: Sequence[str]) -> int:
        source = self._survey.sources.get(paths[0])
        return source.size if source else 0

    def _load(self, paths: list[str], sha256: str) -> _Loaded | None:
        """The document that those files hold, from the first of them that can be read as one.

        None when none can, or when it is stored already as that file would be read.
        """
        for path in paths:
            if suffix_of(path) == self._suffixes.get(sha256):
                return None
            source = self._survey.sources.get(path)
            if source is None or path in self._kept:
                continue
            try:
                with self._stage("load"):
                    document = self._checked(load(source), sha256)
            except SourceError as error:
                self.left_out[path] = Skipped(path, error.message, error.remedy)
                continue
            with self._stage("split"):
                chunks = split(document, self._chunk_size, self._chunk_overlap)
            return _Loaded(document, chunks, [p for p in paths if p not in self.left_out])
        return None

    def _checked(self, document: Document, sha256: str) -> Document:
        if document.sha256 != sha256:
            raise SourceError(
                f"'{document.path}' was written to while it was read.", "Run `rag index` again."
            )
        if self._ids.setdefault(document.doc_id, sha256) != sha256:
            raise SourceError(
                f"'{document.path}' has the document id of another ({document.doc_id}).",
                "Change anything in it: an id is made from the content.",
            )
        return document

    def _embed(
        self, batch: Sequence[_Loaded], done: int, size: int, total: int
    ) -> list[list[NDArray[np.float32]]]:
        """For each document the vectors of its chunks, then those of each chunk's sentences."""
        chunks = [chunk for item in batch for chunk in item.chunks]
        parts = [several(chunk.text, chunk.language) for chunk in chunks]
        texts = [chunk.text for chunk in chunks] + [text for part in parts for text in part]
        with self._stage("model"):
            embedder = self._embedder()
        embedded = 0

        def tell(number: int) -> None:
            nonlocal embedded
            embedded += number
            self._progress("embed", done + size * embedded // max(len(texts), 1), total)

        with self._stage("embed"):
            vectors = embedder.embed_passages(texts, tell)
        _check_vectors(vectors, (len(texts), self._dimension), embedder.name)
        self.embedded += len(chunks)
        ends = np.cumsum([len(chunks), *map(len, parts)])
        whole, *sentences = np.split(vectors, ends[:-1])
        return [[whole[s], *sentences[s]] for s in _slices([len(item.chunks) for item in batch])]

    def _store(
        self, batch: Sequence[_Loaded], vectors: Sequence[Sequence[NDArray[np.float32]]]
    ) -> None:
        """Commit the documents, each whole, in place of what their files held before."""
        with self._stage("store"), self._writer.transaction():
            for item, (rows, *sentences) in zip(batch, vectors, strict=True):
                sha256 = item.document.sha256
                before = {self._indexed[path] for path in item.paths if path in self._indexed}
                self._writer.delete_document(sha256)
                self._writer.add_document(item.document, item.chunks, rows, sentences)
                for path in item.paths:
                    if path not in self._kept:
                        self._writer.set_source(path, sha256, self._survey.stamps[path])
                self._writer.delete_unsourced(before - self._needed)
        for item in batch:
            self._indexed.update(dict.fromkeys(item.paths, item.document.sha256))
            self._suffixes[item.document.sha256] = suffix_of(item.document.path)
            self._unsaved += len(item.chunks)

    def _settle(self, known: Mapping[str, KnownFile]) -> None:
        """Record every file as it now stands, and remove what no file holds any more."""
        survey, writer = self._survey, self._writer
        target = {
            path: sha256
            for path, sha256 in survey.target.items()
            if path not in self.left_out and sha256 in self._suffixes
        }
        with self._stage("store"), writer.transaction(visible=self._indexed != target):
            for path in [*survey.removed, *survey.forgotten, *self.left_out]:
                writer.drop_source(path)
            for path, sha256 in target.items():
                file = known.get(path)
                settled = file is None or (file.stamp == survey.stamps[path] and not file.skipped)
                if path not in self._kept and not (settled and self._indexed.get(path) == sha256):
                    writer.set_source(path, sha256, survey.stamps[path])
            for path, skip in self.left_out.items():
                writer.set_skipped(skip, survey.target[path], survey.stamps[path])
            for skip in survey.unreadable:
                writer.set_skipped(skip, None, survey.stamps[skip.path])
            writer.delete_unsourced(set(self._indexed.values()) - set(target.values()))

    def _checkpoint(self) -> None:
        self._progress("index", 0, 1)
        with self._stage("index"):
            for problem in write_derived(self._library, self._writer, self._dimension):
                self._notify(f"{problem} Made anew from the stored vectors and texts.")
        self._unsaved = 0
        self._progress("index", 1, 1)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += perf_counter() - start


def _silent(*_: object) -> None:
    pass


def _batches(documents: Iterable[_Loaded | None]) -> Iterator[list[_Loaded]]:
    batch: list[_Loaded] = []
    for document in documents:
        if document is not None:
            batch.append(document)
            if sum(len(item.chunks) for item in batch) >= BATCH_CHUNKS:
                yield batch
                batch = []
    if batch:
        yield batch


def _slices(lengths: Iterable[int]) -> list[slice]:
    """Neighbouring slices of those lengths."""
    ends = list(itertools.accumulate(lengths, initial=0))
    return [slice(start, end) for start, end in itertools.pairwise(ends)]


def _check_vectors(vectors: NDArray[np.float32], shape: tuple[int, int], name: str) -> None:
    """Raises ModelError unless they are unit rows of that shape."""
    if vectors.shape != shape:
        found = f"vectors of shape {vectors.shape}, not {shape}"
    elif not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):
        found = "vectors that are not of length one"
    else:
        return
    raise ModelError(f"The model '{name}' gave {found}.", "Check the model.")

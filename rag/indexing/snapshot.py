"""A consistent read view: the store, the dense and the lexical index at one commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import IndexMissing, IndexOutdated, StoreError
from rag.core.types import Chunk, Document, Filters, Kind
from rag.indexing.checkpoint import current
from rag.indexing.dense import DenseIndex
from rag.indexing.derived import (
    DENSE,
    LEXICAL,
    Base,
    Derived,
    Raced,
    find_base,
    open_derived,
    write_derived,
)
from rag.indexing.lexical import LexicalIndex
from rag.indexing.lock import writing
from rag.indexing.store import DocumentInfo, Store

_ATTEMPTS: Final = 20
_PATIENCE: Final = 5  # attempts after which a checkpoint that is ahead is taken to be so for good

Notify = Callable[[str], None]


class Snapshot:
    """One state of an index, whatever is written meanwhile. May be used from several threads.

    `sequence` is the number of its commit; `notices` say what had to be mended on opening.
    """

    def __init__(self, root: Path, library: Path, store: Store, sequence: int) -> None:
        self.sequence = sequence
        self.notices: list[str] = []
        self._root = root
        self._library = library
        self._store = store
        self._covered = current(library / LEXICAL)
        self._infos: dict[str, DocumentInfo] = {}
        self._kinds: dict[int, Kind] | None = None
        self._derived: Derived
        self._closing = threading.Lock()
        self._closed = False
        self.meta = store.meta()
        self.embedder_name = self.meta.get("embedder", "")
        self.dimension = store.dimension()

    @classmethod
    def open(cls, folder: Path, *, on_notice: Notify | None = None) -> Snapshot:
        """Open the index in `folder` as it is now.

        A derived index that is behind, damaged or missing is mended from the stored vectors and
        texts: on disk when we may write and nobody else does, else in memory for this snapshot.
        Never silently: `on_notice` gets one line for each, and `notices` keeps them. Raises
        IndexMissing, IndexOutdated (a newer or older format), IndexDamaged (the store itself).
        """
        notices: list[str] = []
        mended = False
        for attempt in range(_ATTEMPTS):
            try:
                snapshot, lags = cls._attempt(folder, mend=not mended, wait=attempt < _PATIENCE)
            except Raced:
                continue
            for lag in lags:
                note = f"{lag} Made up for from the stored vectors and texts."
                if note not in notices:
                    notices.append(note)
                    if on_notice:
                        on_notice(note)
            if snapshot is not None:
                snapshot.notices = notices
                return snapshot
            mended = True
        raise StoreError(f"The index in {folder} changes faster than it can be opened.", "Wait.")

    @classmethod
    def _attempt(cls, folder: Path, *, mend: bool, wait: bool) -> tuple[Snapshot | None, list[str]]:
        """Open, or mend on disk and give None, so that the caller opens what was mended.

        With `wait`, raise Raced when a checkpoint is ahead: it may have been published just now.
        """
        library = current(folder)
        if library is None:
            raise IndexMissing(f"There is no index in '{folder}'.", "Run `rag index`.")
        store = _open_store(library)
        try:
            snapshot = cls(folder, library, store, store.pin())
            bases = [
                find_base(library, name, store, snapshot.sequence) for name in (DENSE, LEXICAL)
            ]
            if wait and any(base.ahead for base in bases):
                raise Raced
            lags = [base.lag for base in bases if base.lag]
            if lags and mend and _mended(folder, library, snapshot.dimension):
                store.close()
                return None, lags
            snapshot._load(bases[0], bases[1])
            return snapshot, lags
        except BaseException:
            store.close()
            raise

    def _load(self, dense: Base, lexical: Base) -> None:
        self._derived = open_derived(self._store, self.dimension, dense, lexical)
        self.dense: DenseIndex = self._derived.dense
        self.lexical: LexicalIndex = self._derived.lexical

    def stale(self) -> bool:
        """Whether a newer state can be opened. Costs two directory listings.

        That is: committed and checkpointed, so that a service which reopens while a long update
        runs does not replay the same documents again and again. The lexical checkpoint is the last
        thing that an update writes.
        """
        if current(self._root) != self._library:
            return True
        return current(self._library / LEXICAL) != self._covered

    def check_embedder(self, name: str, dimension: int) -> None:
        """Raises IndexOutdated unless the index was made with this embedder."""
        if (name, dimension) != (self.embedder_name, self.dimension):
            raise IndexOutdated(
                f"The index was made with the model '{self.embedder_name}' ({self.dimension} "
                f"dimensions), and the question is for '{name}' ({dimension}).",
                "Run `rag index --rebuild`, or set the model back.",
            )

    def documents(self) -> list[DocumentInfo]:
        """All documents by path, without their text (`document` has it)."""
        return self._store.documents()

    def document(self, key: str) -> Document:
        """The document with that id, unique start of an id (4 hex digits or more), or path.

        Raises NotFound, with the nearest names.
        """
        return self._store.document(key)

    def info(self, doc_id: str) -> DocumentInfo:
        """A document without its text, remembered. Raises NotFound."""
        found = self._infos.get(doc_id)
        if found is None:
            found = self._infos[doc_id] = self._store.info(doc_id)
        return found

    def chunks(self, keys: Sequence[int]) -> list[Chunk]:
        """The chunks with those keys, in the order given. Raises NotFound."""
        return self._store.chunks(keys)

    def kind(self, key: int) -> Kind:
        """What kind of text a chunk is, without reading it."""
        if self._kinds is None:
            self._kinds = self._store.kinds()
        return self._kinds.get(key, "prose")

    def sentences(self, keys: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The vectors of those chunks' sentences, (n, dimension), and how many are each's."""
        return self._store.sentences(keys, self.dimension)

    def sentence_vectors(self, chunk_ids: Sequence[str]) -> list[NDArray[np.float32]]:
        """Of each chunk, the unit vectors of its sentences in order: (n, dimension)."""
        keys = self._store.keys_of(chunk_ids)
        vectors, counts = self.sentences(keys)
        parts = np.split(vectors, np.cumsum(counts)[:-1])
        # The only sentence of a chunk is the chunk.
        return (
            [
                part if len(part) else self._store.vectors([key], self.dimension)
                for key, part in zip(keys, parts, strict=True)
            ]
            if keys
            else []
        )

    def document_chunks(self, doc_id: str) -> list[Chunk]:
        """The chunks of a document, in the order of its text."""
        return self._store.document_chunks(doc_id)

    def allowed(self, filters: Filters | None) -> NDArray[np.int64] | None:
        """The keys of the chunks that pass, ascending; None when every chunk does.

        A document's date passes when the day, month or year that it names overlaps the range.
        Raises UsageError for a bad date.
        """
        return self._store.select(filters) if filters else None

    def count(self) -> int:
        """The number of chunks."""
        return self._store.count()

    def committed_at(self) -> str | None:
        """When this state was committed: ISO 8601, UTC."""
        return self._store.committed_at()

    def close(self) -> None:
        """Let go of the files. Searching afterwards is an error; closing twice is not."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._derived.close()
        self._store.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open_store(library: Path) -> Store:
    try:
        return Store.open(library)
    except StoreError:
        if not library.exists():  # a rebuild replaced it between two of our looks
            raise Raced from None
        raise


def _mended(folder: Path, library: Path, dimension: int) -> bool:
    """Bring the checkpoints on disk up to date, if we may write and nobody else does."""
    try:
        with writing(folder, patience=0):
            if current(folder) != library:
                return True
            store = Store.open(library)
            try:
                write_derived(library, store, dimension)
            finally:
                store.close()
            return True
    except (StoreError, OSError):
        return False

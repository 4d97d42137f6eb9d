"""The library: what `from rag import Library`, the command line and the service all stand on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from rag.app import wire
from rag.core.config import Settings, load_settings
from rag.core.errors import IndexMissing, IndexOutdated, RagError, SourceError, UsageError
from rag.core.types import LANGUAGES, Answer, Chunk, Document, Filters
from rag.embed import load_reader
from rag.indexing.snapshot import Snapshot
from rag.retrieve.query import check_k, parse_query

if TYPE_CHECKING:
    from rag.answer.assistant import Assistant, Event, Turn
    from rag.embed.base import Embedder
    from rag.indexing.build import Changes, SyncReport
    from rag.indexing.store import DocumentInfo
    from rag.retrieve.search import HybridSearcher, SearchResult

DEFAULT_SOURCES = Path("seeds")
_ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
Notify = Callable[[str], None]
Progress = Callable[[str, int, int], None]


def build_index(
    settings: Settings,
    paths: Sequence[Path] | None = None,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    notify: Notify | None = None,
    embedder: Callable[[], Embedder] | None = None,
) -> SyncReport:
    """Build or update the index from `paths`; see rag.indexing.build.sync for what it raises.

    Without paths: from the source folder that is set, else those the index was made from, else
    seeds.
    """
    from rag.indexing.build import source_roots, sync

    roots = list(paths or ()) or ([settings.sources] if settings.sources else [])
    return sync(
        settings.index,
        roots or source_roots(settings.index) or [DEFAULT_SOURCES],
        # Loaded even when nothing is new, so that another model than the index's is noticed.
        embedder() if embedder else wire.make_embedder(settings),
        rebuild=rebuild,
        progress=progress,
        on_notice=notify,
        **_recipe(settings),
    )


class _Recipe(TypedDict):
    chunk_size: int
    chunk_overlap: int
    max_bytes: int


def _recipe(settings: Settings) -> _Recipe:
    return {
        "chunk_size": settings.chunk_size,
        "chunk_overlap": settings.chunk_overlap,
        "max_bytes": settings.max_file_mb * 1_000_000,
    }


def _bring_up_to_date(settings: Settings, progress: Progress | None, notify: Notify) -> None:
    """Build the index when there is none, update it when its sources changed, and say so."""
    from rag.indexing.build import pending

    try:
        changes = pending(settings.index, settings.sources, **_recipe(settings))
    except IndexMissing as missing:
        sources = settings.sources or DEFAULT_SOURCES
        if not sources.exists():
            raise IndexMissing(
                f"There is no index in '{settings.index}' and no documents in '{sources}'.",
                "Run `rag index FOLDER` with a folder of documents, or give --index.",
            ) from missing
        notify(f"Building the index of '{sources}' in '{settings.index}' (once) …")
    except SourceError as error:
        # The index still answers when the folder that it was made from is away.
        notify(f"{error.message} Answering from the index as it is.")
        return
    else:
        if not changes:
            return
        notify(f"The documents changed ({_told(changes)}): updating the index …")
    report = build_index(settings, progress=progress, notify=notify)
    for skipped in report.skipped:
        notify(f"Skipped {skipped.path}: {skipped.reason} {skipped.remedy}".strip())


def _told(changes: Changes) -> str:
    counts = {"new": changes.added, "changed": changes.changed, "gone": changes.removed}
    return ", ".join(f"{len(paths)} {what}" for what, paths in counts.items() if paths)


@dataclass(frozen=True, slots=True)
class _View:
    """One state of the index and what reads it; replaced whole by `Library.refresh`."""

    snapshot: Snapshot
    searcher: HybridSearcher
    assistant: Assistant


class Library:
    """A collection of documents that one can search and ask. Safe to read from many threads."""

    def __init__(self, settings: Settings, notify: Notify | None = None) -> None:
        """Use `Library.open`."""
        self.settings = settings
        self._notify = notify or (lambda _: None)
        self._lock = threading.Lock()
        self._snapshot = Snapshot.open(settings.index, on_notice=self._notify)
        self._view_now: _View | None = None

    @classmethod
    def open(
        cls,
        index: str | Path | None = None,
        sources: str | Path | None = None,
        *,
        update: bool = True,
        progress: Progress | None = None,
        notify: Notify | None = None,
        **settings: Any,
    ) -> Library:
        """Open the index in folder `index`, building it when there is none.

        With `update`, an index whose sources changed is brought up to date first, and `notify` is
        told so in one line. Without it the index is taken as it is. Other settings by name, for
        example `dense_weight=0.3` (see rag.core.config.Settings).

        Raises IndexMissing (no index and no sources), IndexOutdated (another model or splitter),
        IndexDamaged, ConfigError, ModelError.
        """
        chosen = load_settings(
            index=Path(index) if index is not None else None,
            sources=Path(sources) if sources is not None else None,
            **settings,
        )
        if update:
            _bring_up_to_date(chosen, progress, notify or (lambda _: None))
        return cls(chosen, notify)

    @cached_property
    def embedder(self) -> Embedder:
        """The configured embedder, loaded on first use and kept."""
        return wire.make_embedder(self.settings)

    def _view(self) -> _View:
        with self._lock:
            if self._view_now is None:
                self._view_now = self._make_view(self._snapshot)
            return self._view_now

    def _make_view(self, snapshot: Snapshot) -> _View:
        snapshot.check_embedder(self.embedder.name, self.embedder.dimension)
        searcher = wire.make_searcher(snapshot, self.embedder, self.settings)
        assistant = wire.make_assistant(snapshot, searcher, self.embedder, self.settings)
        return _View(snapshot, searcher, assistant)

    def check(self) -> None:
        """Load what a question needs. Raises IndexOutdated or ModelError, as a question would."""
        self._view()
        load_reader()

    def refresh(self) -> bool:
        """Pick up a newer state of the index, if there is one; True when there was."""
        if not self._snapshot.stale():
            return False
        fresh = Snapshot.open(self.settings.index, on_notice=self._notify)
        view = self._make_view(fresh)
        with self._lock:
            self._snapshot, self._view_now = fresh, view
        return True

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """The `k` best passages for a question. Raises UsageError for a bad question or k."""
        return self._view().searcher.retrieve([query], k, filters)[0]

    def search_many(
        self, queries: Sequence[str | RagError], k: int = 10, filters: Filters | None = None
    ) -> list[SearchResult | RagError]:
        """Search for several questions, embedded in one batch, results in order.

        A question that cannot be searched for yields its error in its place, as does an error
        given in place of a question.
        """
        check_k(k)
        outcomes: list[SearchResult | RagError | None] = []
        good: list[str] = []
        for query in queries:
            try:
                if isinstance(query, RagError):
                    raise query
                parse_query(query)
            except RagError as error:
                outcomes.append(error)
            else:
                outcomes.append(None)
                good.append(query)
        found = iter(self._view().searcher.retrieve(good, k, filters) if good else ())
        return [next(found) if outcome is None else outcome for outcome in outcomes]

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        """Answer from the documents, or say that they do not hold the answer."""
        return self._view().assistant.ask(question, history, filters)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Answer piece by piece; the last event holds the whole Answer."""
        return self._view().assistant.stream(question, history, filters, cancel)

    @property
    def snapshot(self) -> Snapshot:
        """The state of the index that is read now."""
        return self._snapshot

    def documents(self) -> list[DocumentInfo]:
        """All documents by path, without their text."""
        return self._snapshot.documents()

    def document(self, key: str) -> Document:
        """The document with this id, unique start of an id, or path. Raises NotFound."""
        return self._snapshot.document(key)

    def chunks(self, doc_id: str) -> list[Chunk]:
        """The chunks of a document, in order. Raises NotFound."""
        return self._snapshot.document_chunks(self.document(doc_id).doc_id)

    def filters(
        self,
        documents: Sequence[str] | None = None,
        language: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Filters | None:
        """Filters from what a person types: document ids or paths, a language, ISO dates."""
        if language is not None and language not in LANGUAGES:
            raise UsageError(f"Unknown language '{language}'.", "Use it or en.")
        for date in (since, until):
            if date is not None and not _ISO_DATE.fullmatch(date):
                raise UsageError(f"'{date}' is not a date.", "Write 2025, 2025-11 or 2025-11-07.")
        chosen = Filters(
            documents=tuple(self.document(key).doc_id for key in documents or ()),
            languages=tuple(known for known in LANGUAGES if known == language),
            date_from=since,
            date_to=until,
        )
        return chosen or None

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """Bring the index up to date with its sources, and read the new state."""
        report = build_index(self.settings, progress=progress, embedder=lambda: self.embedder)
        self.refresh()
        return report

    def status(self) -> dict[str, Any]:
        """What is indexed, with which model, how big it is, and whether it is current."""
        from rag.indexing.build import pending, source_roots

        snapshot, folder = self._snapshot, self.settings.index
        roots = [self.settings.sources] if self.settings.sources else source_roots(folder)
        state: dict[str, Any] = {
            "index": str(folder),
            "sources": [str(root) for root in roots],
            "documents": len(snapshot.documents()),
            "chunks": snapshot.count(),
            "model": snapshot.embedder_name,
            "dimension": snapshot.dimension,
            "splitter": snapshot.meta.get("splitter"),
            "sequence": snapshot.sequence,
            "updated": snapshot.committed_at(),
            "size_mb": round(_size_of(folder) / 1e6, 2),
        }
        try:
            changes = pending(folder, self.settings.sources, **_recipe(self.settings))
            return state | {"current": not changes, "changes": _told(changes)}
        except (SourceError, IndexOutdated) as error:
            return state | {"current": False, "changes": error.message}


def _size_of(folder: Path) -> int:
    """Bytes of all files in a folder; one that vanishes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total

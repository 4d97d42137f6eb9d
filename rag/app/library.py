"""The library: what `from rag import Library`, the command line and the service all stand on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.app import wire
from rag.core.config import Settings, load_settings
from rag.core.errors import IndexMissing, IndexOutdated, RagError, SourceError, UsageError
from rag.core.types import LANGUAGES, Answer, Chunk, Document, Filters
from rag.indexing.snapshot import Snapshot
from rag.retrieve.query import check_k, parse_query

if TYPE_CHECKING:
    from rag.answer.assistant import Assistant, Event, Turn
    from rag.embed.base import Embedder
    from rag.indexing.build import SyncReport
    from rag.retrieve.search import HybridSearcher, SearchResult

DEFAULT_SOURCES = Path("seeds")
_ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
Notify = Callable[[str], None]
Progress = Callable[[str, int, int], None]


def sources_of(settings: Settings) -> Path:
    """The source folder: as set, else the one the index was made from, else seeds."""
    from rag.indexing.build import remembered_sources

    return settings.sources or remembered_sources(settings.index) or DEFAULT_SOURCES


def build_index(
    settings: Settings,
    paths: Sequence[Path] | None = None,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    embedder: Callable[[], Embedder] | None = None,
) -> SyncReport:
    """Build or update the index from `paths` (default: the source folder); see indexing.build."""
    from rag.indexing.build import sync

    return sync(
        settings.index,
        list(paths) if paths else [sources_of(settings)],
        embedder or (lambda: wire.make_embedder(settings)),
        chunk_size=settings.chunk_size,
        chunk_overlap=settings.chunk_overlap,
        max_bytes=settings.max_file_mb * 1_000_000,
        rebuild=rebuild,
        progress=progress,
    )


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
        if self.embedder.name != snapshot.embedder_name:
            raise IndexOutdated(
                f"The index in {self.settings.index} was made with the model "
                f"'{snapshot.embedder_name}', not '{self.embedder.name}'.",
                "Run `rag index --rebuild`, or set the model back.",
            )
        searcher = wire.make_searcher(snapshot, self.embedder, self.settings)
        assistant = wire.make_assistant(snapshot, searcher, self.embedder, self.settings)
        return _View(snapshot, searcher, assistant)

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

    def documents(self) -> list[Document]:
        """All documents, by path."""
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
        from rag.indexing.build import describe

        return describe(self._snapshot, self.settings.index, sources_of(self.settings))

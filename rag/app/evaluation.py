"""What `rag eval` needs of a library: as a subject, under conditions, over a public set."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

from rag.app.console import note
from rag.app.library import DEFAULT_SOURCES, Library, build_index
from rag.core.config import load_settings
from rag.core.errors import EvalError
from rag.core.types import Document, Filters, ScoredChunk
from rag.embed import load_reader
from rag.evaluate import beir, suite, trec
from rag.evaluate.beir import Beir
from rag.evaluate.conditions import Condition
from rag.evaluate.judged import ConversationSet, JudgedSet
from rag.evaluate.measures import DEPTH
from rag.evaluate.records import Timing
from rag.evaluate.relevance import Interval
from rag.evaluate.run import Item, Subject, execute, score
from rag.evaluate.store import Run
from rag.indexing.build import source_roots
from rag.ingest import question_language

# The settings that change what is found or answered; none of them names a place or holds a secret.
RECORDED = (
    "chunk_size",
    "chunk_overlap",
    "query_prompt",
    "passage_prompt",
    "reranker",
    "dense_weight",
    "candidates",
    "abstain_below",
    "unsupported",
    "llm_model",
)
DEEPER = 5  # times as many chunks as documents wanted, since a document may fill several ranks
Evaluated = tuple[Run, dict[str, Timing]]
Progress = Callable[[], None]


@dataclass(frozen=True, slots=True)
class LibrarySearcher:
    """A library behind the one search signature."""

    library: Library

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """As `rag search`."""
        return list(self.library.search(query, k, filters).results)


def documents_of(library: Library) -> list[Document]:
    """Every document with its text, by path."""
    return [library.document(one.doc_id) for one in library.documents()]


def subject_of(library: Library, answers: bool) -> Subject:
    """The library as what is evaluated; with `answers`, its assistant too."""
    library.check()  # else every question would fail for the same reason
    documents = documents_of(library)
    chunks = [chunk for one in documents for chunk in library.chunks(one.doc_id)]
    content = json.dumps(sorted(chunk.chunk_id for chunk in chunks))
    settings = {name: getattr(library.settings, name) for name in RECORDED}
    return Subject(
        documents=documents,
        chunks=chunks,
        searcher=LibrarySearcher(library),
        assistant=library if answers else None,
        described={
            "index": {
                "documents": len(documents),
                "chunks": len(chunks),
                "embedder": Path(library.embedder.name).name,
                "content": hashlib.sha256(content.encode()).hexdigest()[:16],
            },
            "settings": {key: _portable(value) for key, value in settings.items()},
            **({"reader": load_reader().name} if answers else {}),
        },
    )


def _portable(value: Any) -> Any:
    # A model may be a folder; where it lies on this machine is nobody's business.
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


@dataclass(frozen=True, slots=True)
class Measured:
    """A condition with its run, or why there is none, and what its index took to build."""

    condition: Condition
    run: Run | None
    timings: dict[str, Timing]
    documents: Sequence[Document]
    build_s: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sources and the index are, as given on the command line."""

    index: Path | None
    sources: Path | None


@contextmanager
def opened(place: Place, condition: Condition) -> Iterator[tuple[Library, float | None]]:
    """The library under a condition, and the seconds its own index took (None: the shared one)."""
    if not condition.needs_own_index:
        yield Library.open(place.index, place.sources, notify=note, **condition.settings), None
        return
    shared = load_settings(index=place.index, sources=place.sources)
    given = [shared.sources] if shared.sources else []
    roots = given or source_roots(shared.index) or [DEFAULT_SOURCES]
    with tempfile.TemporaryDirectory(prefix="rag-eval-") as folder:
        settings = load_settings(index=Path(folder) / "index", **condition.settings)
        started = perf_counter()
        build_index(settings, roots, notify=note)
        yield Library(settings, note), perf_counter() - started


def measure(
    place: Place,
    condition: Condition,
    judged: JudgedSet,
    conversations: ConversationSet | None,
    answers: bool,
    k: int = DEPTH,
    progress: Progress = lambda: None,
) -> Measured:
    """Run the set under a condition. Raises what opening the library raises."""
    with opened(place, condition) as (library, build_s):
        subject = subject_of(library, answers)
        run, timings = suite.evaluate(
            judged, subject, name=condition.name, conversations=conversations, k=k,
            progress=progress,
        )  # fmt: skip
        return Measured(condition, run, timings, subject.documents, build_s)


@contextmanager
def beir_subject(public: Beir, place: Place, settings: Mapping[str, Any]) -> Iterator[BeirSubject]:
    """A public set, its passages indexed: in the index named (kept), else in a temporary one."""
    with tempfile.TemporaryDirectory(prefix="rag-eval-") as folder:
        names = beir.write_sources(public, Path(folder) / "passages")
        index = place.index or Path(folder) / "index"
        library = Library.open(index, Path(folder) / "passages", notify=note, **settings)
        subject = subject_of(library, answers=False)
        by_id = {names[one.path]: one for one in subject.documents if one.path in names}
        if len(by_id) != len(names):
            note(f"{len(names) - len(by_id)} of {len(names)} passages could not be indexed.")
        items = beir.items(public, by_id, lambda text: question_language(text) or "other")
        yield BeirSubject(subject, items, names)


@dataclass(frozen=True, slots=True)
class BeirSubject:
    """A public set ready to run: file names of its passages with their ids."""

    subject: Subject
    items: list[Item]
    names: dict[str, str]

    def evaluate(self, public: Beir, name: str, k: int, progress: Progress) -> Evaluated:
        """Search every question; a passage ranks where its first chunk ranks."""
        unit = beir.by_document(self.names)
        outcome = execute(
            self.items, self.subject.searcher, None, k=k, fetch=k * DEEPER, unit_of=unit,
            progress=progress,
        )  # fmt: skip
        return suite.run_of(outcome, public.name, public.sha256, self.subject, name, k)

    def places(self) -> dict[str, Interval]:
        """Where each passage stands: the whole of its file."""
        return {
            self.names[one.path]: Interval(one.path, 0, len(one.text))
            for one in self.subject.documents
        }


def import_run(
    path: Path,
    items: Sequence[Item],
    subject: Subject,
    places: Mapping[str, Interval],
    set_facts: tuple[str, str],
    name: str,
    k: int,
    twins: Mapping[str, str] = MappingProxyType({}),
) -> Evaluated:
    """Score another system's TREC run over the same units (see `rag eval --export-trec`)."""
    rankings = beir.rankings_of_first(trec.load_run(path, items), twins)
    ranked = sum(len(units) for units in rankings.values())
    unknown = trec.unknown_units(rankings, frozenset(places))
    if unknown == ranked:
        raise EvalError(
            f"{path.name} ranks nothing that is in this index.",
            "Make it over the corpus that `rag eval --export-trec DIR` writes.",
        )
    if unknown:
        note(f"{unknown} of the {ranked} ranked units are not in this index: not relevant.")
    outcome = score(items, rankings, places, k)
    imported = Subject(
        subject.documents, subject.chunks, subject.searcher, None,
        {"index": subject.described["index"], "settings": {"run": path.name}},
    )  # fmt: skip
    return suite.run_of(outcome, *set_facts, imported, name, k)


def chunk_places(subject: Subject) -> dict[str, Interval]:
    """Where each chunk stands, by its id."""
    paths = {one.doc_id: one.path for one in subject.documents}
    return {one.chunk_id: Interval(paths[one.doc_id], one.start, one.end) for one in subject.chunks}


def export_files(items: Sequence[Item], subject: Subject, run: Run) -> dict[Path, str]:
    """The set in BEIR layout with the index's chunks as corpus, TREC qrels, and our TREC run."""
    titles = {one.doc_id: one.title or "" for one in subject.documents}
    files = beir.export(items, subject.chunks, titles)
    return files | {
        Path("qrels.trec"): trec.dump_qrels(items),
        Path("run.trec"): trec.dump_run(run.records),
    }

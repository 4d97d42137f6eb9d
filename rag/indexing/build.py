"""The one write path: bring an index up to its sources.

    list -> compare -> load -> split -> embed -> store (one transaction a batch) -> checkpoints

A crash at any point leaves an index that opens, whole, with the documents committed so far; the
next `sync` continues from there. Only documents whose bytes are new are embedded.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from rag.core.errors import IndexMissing, StoreError
from rag.embed.base import Embedder
from rag.indexing.checkpoint import current, prune, publish, publish_folder
from rag.indexing.lock import writing
from rag.indexing.recipe import Model, check_recipe, decode_roots, encode_roots
from rag.indexing.scan import Changes, Survey, survey
from rag.indexing.store import Store
from rag.indexing.update import Notify, Progress, Update
from rag.indexing.writer import StoreWriter
from rag.ingest import Skipped, splitter_version

__all__ = ["Changes", "SyncReport", "pending", "source_roots", "sync"]

_REBUILDING: Final = ".rebuild"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What an update did. Paths are relative to the source folder; `seconds` is by stage.

    `chunks` is how many the index now holds, `embedded` how many were embedded this time.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    chunks: int
    embedded: int
    seconds: Mapping[str, float]
    sequence: int


def sync(
    folder: Path,
    roots: Path | Sequence[Path] | None,
    embedder: Embedder | Callable[[], Embedder],
    *,
    chunk_size: int,
    chunk_overlap: int,
    max_bytes: int,
    embedder_name: str | None = None,
    only: Collection[str] | None = None,
    rebuild: bool = False,
    progress: Progress | None = None,
    on_notice: Notify | None = None,
) -> SyncReport:
    """Make the index in `folder` say what the sources under `roots` say now.

    `roots` None: those of last time. `embedder` may be a function that makes one, called only when
    something must be embedded; give `embedder_name` with it, so that a changed model is noticed
    without. `only` limits the update to those paths. `rebuild` starts over beside the old index,
    which answers until the new one is whole. `progress(stage, done, total)`: "scan" counts files,
    "embed" bytes of source, "index" is 0 or 1 of 1.

    Raises SourceError (a root), IndexLocked, IndexOutdated (another model, splitter or format),
    IndexDamaged, ModelError, StoreError (no room, no permission).
    """
    model = Model(embedder, embedder_name)
    splitter = splitter_version(chunk_size, chunk_overlap)
    with writing(folder):
        paths = _resolved(folder, roots)
        if rebuild:
            library = _start_over(folder, model, splitter, paths)
        else:
            library = current(folder) or _create(folder, model, splitter, paths)
        with _opened(library) as writer:
            check_recipe(folder, writer.meta(), model.known_name, splitter)
            update = Update(
                library,
                writer,
                lambda: model.checked(folder, writer.meta()),
                chunk_size=chunk_size,
                chunk_overlap=chunk_overlap,
                progress=progress,
                on_notice=on_notice,
            )
            start = perf_counter()
            known = writer.known_files()
            tell = (lambda done, total: progress("scan", done, total)) if progress else None
            found = survey(known, paths, max_bytes, only, tell)
            update.seconds["scan"] = perf_counter() - start
            _remember_roots(writer, folder, paths)
            update.run(known, found)
            report = _report(found, update, writer)
        if rebuild:
            publish_folder(library, folder)
        else:
            shutil.rmtree(folder / _REBUILDING, ignore_errors=True)
        prune(folder)
    return report


def pending(
    folder: Path,
    roots: Path | Sequence[Path] | None = None,
    *,
    chunk_size: int,
    chunk_overlap: int,
    max_bytes: int,
    embedder_name: str | None = None,
) -> Changes:
    """What `sync` would find changed; false when the index is current. Changes nothing.

    Looks at stamps, and reads only files whose stamp changed: milliseconds for a small folder, some
    25 us a file for a large one. Raises IndexMissing, IndexOutdated, IndexDamaged, SourceError.
    """
    library = current(folder)
    if library is None:
        raise IndexMissing(f"There is no index in '{folder}'.", "Run `rag index`.")
    store = Store.open(library)
    try:
        store.pin()
        meta = store.meta()
        check_recipe(folder, meta, embedder_name, splitter_version(chunk_size, chunk_overlap))
        found = survey(store.known_files(), _resolved(folder, roots), max_bytes)
    finally:
        store.close()
    return Changes(tuple(found.added), tuple(found.changed), tuple(found.removed))


def source_roots(folder: Path) -> list[Path]:
    """The sources that the index in `folder` was last made from; empty when there is none."""
    library = current(folder)
    if library is None:
        return []
    store = Store.open(library)
    try:
        return decode_roots(folder, store.meta())
    finally:
        store.close()


def _resolved(folder: Path, roots: Path | Sequence[Path] | None) -> list[Path]:
    if roots is None:
        remembered = source_roots(folder)
        if not remembered:
            raise IndexMissing(f"There is no index in '{folder}'.", "Name the source folder.")
        return remembered
    return [roots] if isinstance(roots, Path) else list(roots)


def _create(folder: Path, model: Model, splitter: str, roots: Sequence[Path]) -> Path:
    """A first, empty library folder."""
    with publish(folder) as aside:
        StoreWriter.create(aside, model.recipe(splitter) | encode_roots(folder, roots)).close()
    created = current(folder)
    assert created is not None
    return created


def _start_over(folder: Path, model: Model, splitter: str, roots: Sequence[Path]) -> Path:
    """The folder to rebuild in: what an interrupted rebuild left, if it was for the same recipe."""
    library = folder / _REBUILDING
    with suppress(StoreError):
        if library.is_dir():
            with _opened(library) as writer:
                check_recipe(folder, writer.meta(), model.load().name, splitter)
            return library
    shutil.rmtree(library, ignore_errors=True)
    library.mkdir()
    StoreWriter.create(library, model.recipe(splitter) | encode_roots(folder, roots)).close()
    return library


@contextmanager
def _opened(library: Path) -> Iterator[StoreWriter]:
    writer = StoreWriter.open(library)
    try:
        yield writer
    finally:
        writer.close()


def _remember_roots(writer: StoreWriter, folder: Path, roots: Sequence[Path]) -> None:
    encoded = encode_roots(folder, roots)
    if writer.meta().get("roots") != encoded["roots"]:
        with writer.transaction(visible=False):
            writer.set_meta(encoded)


def _report(found: Survey, update: Update, writer: StoreWriter) -> SyncReport:
    out = update.left_out
    # A file that was indexed and now holds no text any more has left the index.
    emptied = [path for path in found.changed if path in out]
    return SyncReport(
        added=tuple(path for path in sorted([*found.added, *found.retry]) if path not in out),
        changed=tuple(path for path in found.changed if path not in out),
        removed=tuple(sorted([*found.removed, *emptied])),
        unchanged=tuple(path for path in found.unchanged if path not in out),
        skipped=tuple(sorted([*found.skipped, *found.unreadable, *out.values()], key=_by_path)),
        chunks=writer.count(),
        embedded=update.embedded,
        seconds=dict(update.seconds),
        sequence=writer.sequence(),
    )


def _by_path(skipped: Skipped) -> str:
    return skipped.path

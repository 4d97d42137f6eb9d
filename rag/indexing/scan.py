"""What changed in the sources since they were indexed: by stamp first, by hash where in doubt."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rag.core.errors import SourceError
from rag.indexing.store import KnownFile, Stamp
from rag.ingest import Skipped, Source, hash_file, list_sources

# A file written this shortly before it was read may be written again under the same time stamp
# (file systems count in steps of up to two seconds), so its stamp is not trusted: git's "racy"
# rule.
_SETTLED_NS: Final = 2_000_000_000
_UNSETTLED: Final = -1
KEPT: Final = "the version indexed before is kept"


@dataclass(slots=True)
class Survey:
    """The sources now, against the files as known.

    `target` is the hash of every file that is to be indexed, by path; `stamps` their stamps.
    `added`, `changed`, `removed`, `unchanged` are paths; `retry` were left out before and have not
    changed, `forgotten` were left out and are gone. `unreadable` cannot be read, `skipped` were
    left out by the listing.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    retry: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    unreadable: list[Skipped] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths of source files that differ from what is indexed; false when none does."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def list_roots(roots: Sequence[Path], max_bytes: int) -> tuple[list[Source], list[Skipped]]:
    """The sources under several folders and files, their paths relative to what they share.

    Raises SourceError.
    """
    if len(roots) == 1:
        return list_sources(roots[0], max_bytes)
    folders = [root.resolve() if root.is_dir() else root.resolve().parent for root in roots]
    base = Path(os.path.commonpath(folders))
    sources: dict[str, Source] = {}
    skipped: dict[str, Skipped] = {}
    for root, folder in zip(roots, folders, strict=True):
        prefix = folder.relative_to(base).as_posix()
        found, left_out = list_sources(root, max_bytes)
        for source in found:
            path = source.path if prefix == "." else f"{prefix}/{source.path}"
            sources[path] = replace(source, path=path)
        for skip in left_out:
            path = skip.path if prefix == "." else f"{prefix}/{skip.path}"
            skipped[path] = replace(skip, path=path)
    return [sources[path] for path in sorted(sources)], [skipped[p] for p in sorted(skipped)]


def survey(
    known: Mapping[str, KnownFile],
    roots: Sequence[Path],
    max_bytes: int,
    only: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Compare the sources under `roots` with the files as known; read only those in doubt.

    With `only`, all other paths are taken to be as they were. Raises SourceError when a root cannot
    be read.
    """
    sources, skipped = list_roots(roots, max_bytes)
    found = Survey()
    if only is not None:
        sources = [source for source in sources if source.path in only]
        skipped = [skip for skip in skipped if skip.path in only]
        for path in known.keys() - set(only):
            _keep(found, path, known[path])
    found.skipped = skipped
    for done, source in enumerate(sources, 1):
        _compare(found, source, known.get(source.path))
        if progress:
            progress(done, len(sources))
    # A folder that cannot be read (its path ends in "/") says nothing about the files in it.
    closed = tuple(skip.path for skip in skipped if skip.path.endswith("/"))
    for path, file in known.items():
        if path in found.sources or (only is not None and path not in only):
            continue
        if closed and path.startswith(closed):
            _keep(found, path, file)
        elif file.indexed:
            found.removed.append(path)
        else:
            found.forgotten.append(path)
    for paths in (found.added, found.changed, found.removed, found.unchanged):
        paths.sort()
    return found


def _compare(found: Survey, source: Source, file: KnownFile | None) -> None:
    path = source.path
    found.sources[path] = source
    stamp = Stamp(source.size, source.mtime_ns)
    found.stamps[path] = stamp
    if file and file.sha256 and file.stamp == stamp:
        sha256 = file.sha256
    else:
        if time.time_ns() - stamp.mtime_ns < _SETTLED_NS:
            found.stamps[path] = Stamp(stamp.size, _UNSETTLED)
        try:
            sha256 = hash_file(source)
        except SourceError as error:
            _unreadable(found, source, file, error)
            return
    found.target[path] = sha256
    if file is None:
        found.added.append(path)
    elif file.indexed == sha256:
        found.unchanged.append(path)
    elif file.indexed:
        found.changed.append(path)
    elif file.skipped and file.sha256 == sha256:
        found.retry.append(path)
    else:
        found.added.append(path)


def _unreadable(found: Survey, source: Source, file: KnownFile | None, error: SourceError) -> None:
    path, reason = source.path, error.message
    found.stamps[path] = Stamp(source.size, _UNSETTLED)
    if file and file.indexed:
        reason = f"{reason.rstrip('.')}; {KEPT}."
        found.target[path] = file.indexed
        found.unchanged.append(path)
    found.unreadable.append(Skipped(path, reason, error.remedy))


def _keep(found: Survey, path: str, file: KnownFile) -> None:
    found.stamps[path] = file.stamp
    if file.indexed:
        found.target[path] = file.indexed
        found.unchanged.append(path)

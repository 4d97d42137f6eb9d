"""Which files there are to read: a sorted, deterministic listing that never follows a link loop."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.core.errors import SourceError
from rag.ingest.formats import SUFFIXES

# What operating systems and office programs leave beside documents.
_LITTER = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. `path` is relative to the root, with forward slashes, in NFC."""

    path: str
    file: Path
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out: which one, why, and what one can do."""

    path: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str  # relative to the root, as the file system spells it
    file: Path
    info: os.stat_result


def list_sources(root: Path, max_bytes: int) -> tuple[list[Source], list[Skipped]]:
    """All readable documents under `root` (a folder or one file), and what was left out.

    Both lists are sorted by path. Hidden files are ignored. Links are followed, but what is
    reached twice is listed once, under its own name rather than a link's. Raises SourceError when
    `root` is missing or cannot be read at all.
    """
    if not os.path.lexists(root):
        raise SourceError(
            f"There is no file or folder '{_printable(str(root))}'.",
            "Name an existing folder of documents.",
        )
    try:
        root_info = root.stat()
        entries, skipped = _walk(root, root_info)
    except OSError as error:
        raise SourceError(
            f"Cannot read '{_printable(str(root))}': {_why(error)}.",
            "Give yourself the right to read it, or name another folder.",
        ) from None
    sources: dict[str, Source] = {}
    for entry in entries:
        found = _judge(entry, max_bytes, sources)
        if isinstance(found, Source):
            sources[found.path] = found
        elif found is not None:
            skipped.append(found)
    return (
        sorted(sources.values(), key=lambda source: source.path),
        sorted(skipped, key=lambda skip: (skip.path, skip.reason)),
    )


def hash_file(source: Source) -> str:
    """The sha256 of the file's bytes, in hex. Raises SourceError when it cannot be read."""
    try:
        with source.file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(source.path, error) from None


def unreadable(path: str, error: OSError) -> SourceError:
    """The error for a file that the operating system will not hand over."""
    return SourceError(
        f"Cannot read '{path}': {_why(error)}.",
        "Give yourself the right to read the file, or take it out of the folder.",
    )


def _judge(entry: _Entry, max_bytes: int, sources: dict[str, Source]) -> Source | Skipped | None:
    path = _printable(entry.name)
    base = path.rsplit("/", 1)[-1]
    if base.lower() in _LITTER or base.startswith("~$"):
        return None
    if not stat.S_ISREG(entry.info.st_mode):
        return Skipped(path, "not a regular file", "Take it out of the folder.")
    suffix = os.path.splitext(base)[1].lower()
    if suffix not in SUFFIXES:
        return Skipped(
            path,
            f"format not supported yet ({suffix or 'no suffix'})",
            f"Supported: {', '.join(sorted(SUFFIXES))}.",
        )
    if entry.info.st_size > max_bytes:
        return Skipped(
            path,
            f"too large ({entry.info.st_size / 1e6:.0f} MB, limit {max_bytes / 1e6:.0f} MB)",
            "Split the file, or raise max_file_mb.",
        )
    if path in sources:
        return Skipped(path, "its name differs from another's only in accents' encoding", "Rename.")
    return Source(path, entry.file, entry.info.st_size, entry.info.st_mtime_ns)


def _walk(root: Path, root_info: os.stat_result) -> tuple[list[_Entry], list[Skipped]]:
    """Every file under `root`. Real files come first; links add only what they alone reach."""
    if not stat.S_ISDIR(root_info.st_mode):
        return [_Entry(root.name, root, root_info)], []
    entries: list[_Entry] = []
    skipped: list[Skipped] = []
    seen: set[tuple[int, int]] = {_inode(root_info)}
    folders: list[tuple[str, Path]] = [("", root)]
    links: list[tuple[str, Path]] = []
    while folders or links:
        if not folders:
            name, file = links.pop(0)
            try:
                info = file.stat()
            except OSError as error:
                skipped.append(
                    Skipped(_printable(name), f"broken link ({_why(error)})", "Mend it.")
                )
                continue
            if _inode(info) in seen:
                continue
            seen.add(_inode(info))
            if stat.S_ISDIR(info.st_mode):
                folders.append((name + "/", file))
            else:
                entries.append(_Entry(name, file, info))
            continue
        prefix, folder = folders.pop()
        try:
            children = list(_children(folder))
        except OSError as error:
            if folder == root:
                raise
            skipped.append(
                Skipped(_printable(prefix), f"cannot be read ({_why(error)})", "Check its rights.")
            )
            continue
        for child, own in children:
            name = prefix + child.name
            if own is None or stat.S_ISLNK(own.st_mode):
                links.append((name, child))
                continue
            seen.add(_inode(own))
            if stat.S_ISDIR(own.st_mode):
                folders.append((name + "/", child))
            else:
                entries.append(_Entry(name, child, own))
    return sorted(entries, key=lambda entry: entry.name), skipped


def _children(folder: Path) -> Iterator[tuple[Path, os.stat_result | None]]:
    with os.scandir(folder) as scan:
        names = sorted(entry.name for entry in scan if not entry.name.startswith("."))
    for name in names:
        child = folder / name
        try:
            yield child, child.lstat()
        except OSError:
            yield child, None


def _inode(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino


def _printable(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are not UTF-8 become \\xNN."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text.replace(os.sep, "/"))


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

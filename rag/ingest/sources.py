"""Which files there are to read: a sorted, deterministic listing that never follows a link loop."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import unicodedata
from collections import deque
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
        walk = _Walk(root, root_info)
    except OSError as error:
        raise SourceError(
            f"Cannot read '{_printable(str(root))}': {_why(error)}.",
            "Give yourself the right to read it, or name another folder.",
        ) from None
    sources: dict[str, Source] = {}
    skipped = walk.skipped
    for entry in sorted(walk.entries, key=lambda entry: entry.name):
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


class _Walk:
    """Every file under a folder. Real files come first; links add only what they alone reach."""

    def __init__(self, root: Path, info: os.stat_result) -> None:
        """Walk at once. Raises OSError when `root` itself cannot be read."""
        self.entries: list[_Entry] = []
        self.skipped: list[Skipped] = []
        self._folders: list[tuple[str, Path]] = []
        self._links: deque[tuple[str, Path]] = deque()
        self._seen: set[tuple[int, int]] = set()
        self._add(root.name, root, info)
        if self._folders:
            self._folders = []
            self._open("", root)
        while self._folders or self._links:
            if self._folders:
                self._try_to_open(*self._folders.pop())
            else:
                self._follow(*self._links.popleft())

    def _add(self, name: str, file: Path, info: os.stat_result) -> None:
        if stat.S_ISLNK(info.st_mode):
            self._links.append((name, file))
            return
        inode = (info.st_dev, info.st_ino)
        # Hard links are files of their own; all else that has been seen was reached by a link.
        if inode in self._seen and (info.st_nlink == 1 or stat.S_ISDIR(info.st_mode)):
            return
        self._seen.add(inode)
        if stat.S_ISDIR(info.st_mode):
            self._folders.append((name, file))
        else:
            self.entries.append(_Entry(name, file, info))

    def _follow(self, name: str, link: Path) -> None:
        try:
            info = link.stat()
        except OSError as error:
            reason = f"broken link ({_why(error)})"
            self.skipped.append(Skipped(_printable(name), reason, "Mend it, or take it out."))
            return
        if (info.st_dev, info.st_ino) not in self._seen:
            self._add(name, link, info)

    def _try_to_open(self, name: str, folder: Path) -> None:
        try:
            self._open(f"{name}/", folder)
        except OSError as error:
            reason = f"cannot be read ({_why(error)})"
            remedy = "Give yourself the right to read it."
            self.skipped.append(Skipped(f"{_printable(name)}/", reason, remedy))

    def _open(self, prefix: str, folder: Path) -> None:
        with os.scandir(folder) as scan:
            names = sorted(entry.name for entry in scan if not entry.name.startswith("."))
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # deleted a moment ago
                self._add(prefix + name, folder / name, (folder / name).lstat())


def _printable(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are not UTF-8 become \\xNN."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text.replace(os.sep, "/"))


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

"""Numbered folders published whole, and the manifests that tell whether they still are.

A folder is written aside, flushed to the disk, and renamed to the next number; the highest number
is the current one. So a reader finds the old one or the new one, never half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rag.core.errors import IndexDamaged

MANIFEST: Final = "manifest.json"
_NUMBERED: Final = re.compile(r"\d{6,}")
_ASIDE: Final = ".new-"
_OLD: Final = ".old-"
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which state of the store a checkpoint covers, and by which rules it was made.

    The state is a commit's sequence number and its token.
    """

    sequence: int
    token: str
    made: str


def current(parent: Path) -> Path | None:
    """The published folder with the highest number, or None."""
    numbered = _numbered(parent)
    return numbered[-1] if numbered else None


@contextmanager
def publish(parent: Path) -> Iterator[Path]:
    """A new folder to fill, published under the next number when the block ends without error.

    Only the writer publishes. What it replaces stays until `prune`.
    """
    parent.mkdir(parents=True, exist_ok=True)
    aside = parent / f"{_ASIDE}{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        publish_folder(aside, parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def publish_folder(aside: Path, parent: Path) -> Path:
    """Flush a folder that was written aside, and publish it under the next number."""
    for path in sorted(aside.rglob("*")):
        _flush(path)
    _flush(aside)
    newest = current(parent)
    number = int(newest.name) + 1 if newest else 1
    target = parent / f"{number:06d}"
    os.rename(aside, target)
    _flush(parent)
    return target


def prune(parent: Path) -> None:
    """Remove all but the current folder, and what a crash left behind. For the writer only.

    A reader that has files open keeps them; one that is just opening looks again.
    """
    if not parent.is_dir():
        return
    for folder in _numbered(parent)[:-1]:
        # Gone at once for who looks by name: never a folder with half of its files.
        with suppress(OSError):
            folder.rename(parent / f"{_OLD}{folder.name}")
    for folder in list(parent.iterdir()):
        if folder.name.startswith((_ASIDE, _OLD)):
            shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: the size and checksums of every file in the folder."""
    files = {
        path.relative_to(folder).as_posix(): _measure(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    body: dict[str, Any] = {**asdict(manifest), "files": files}
    body["sha256"] = _digest(body)
    (folder / MANIFEST).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def check(folder: Path, *, thorough: bool = False) -> Manifest:
    """Check every file against the manifest: size and CRC-32, or, thorough, also SHA-256.

    The CRC is taken at every open: it runs at 6 GB/s, faster than the files can be read in, so
    that damage is never searched. Raises IndexDamaged, FileNotFoundError when `folder` is gone.
    """
    body = _read_manifest(folder)
    for name, expected in body["files"].items():
        path = folder / name
        try:
            found = _measure(path, thorough=thorough)
        except FileNotFoundError:
            if not folder.exists():
                raise
            raise IndexDamaged(f"{path} is missing.") from None
        except OSError as error:
            raise IndexDamaged(f"{path} cannot be read: {error.strerror}.") from None
        if any(expected.get(measure) != value for measure, value in found.items()):
            raise IndexDamaged(f"{path} fails its checksum.")
    return Manifest(body["sequence"], body["token"], body["made"])


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        whole = body.pop("sha256") == _digest(body)
    except FileNotFoundError:
        if not folder.exists():
            raise
        raise IndexDamaged(f"{path} is missing.") from None
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise IndexDamaged(f"{path} fails its checksum.")
    return body


def _measure(path: Path, *, thorough: bool = True) -> dict[str, int | str]:
    crc, size, digest = 0, 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            crc = zlib.crc32(block, crc)
            size += len(block)
            if thorough:
                digest.update(block)
    measures: dict[str, int | str] = {"size": size, "crc32": crc}
    if thorough:
        measures["sha256"] = digest.hexdigest()
    return measures


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _numbered(parent: Path) -> list[Path]:
    try:
        names = [name for name in os.listdir(parent) if _NUMBERED.fullmatch(name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [parent / name for name in sorted(names, key=int)]


def _flush(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

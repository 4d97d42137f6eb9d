"""The two derived indexes, dense and lexical: brought up to the store's state, and checkpointed.

A chunk's key is never used twice and its text and vector never change, so what a checkpoint lacks
is the difference between two sets of keys. That difference is replayed from the stored vectors and
texts; nothing is embedded again. A checkpoint counts only when its files match their checksums and
the store knows the commit it names; otherwise the index is made anew.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import IndexDamaged, StoreError
from rag.indexing.checkpoint import Manifest, check, current, prune, publish, seal
from rag.indexing.dense import DenseIndex
from rag.indexing.lexical import FORMAT as LEXICAL_FORMAT
from rag.indexing.lexical import LexicalIndex
from rag.indexing.store import Store

DENSE: Final = "dense"
LEXICAL: Final = "lexical"
_MADE: Final = {DENSE: "1", LEXICAL: json.dumps(LEXICAL_FORMAT, sort_keys=True)}
_TANTIVY: Final = "tantivy"
KEYS: Final = "keys.npy"
_AT_ONCE: Final = 5_000  # chunks replayed at a time

_T = TypeVar("_T")


class Raced(Exception):
    """The writer published meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Base:
    """The newest checkpoint of one index: where it is, or why it cannot be used.

    `lag` is None when it covers the store's state, else says how it does not. `ahead`: it covers a
    later one, either because the writer has just published, or because the store lost commits (a
    copy was restored, or its log was cut off).
    """

    folder: Path | None
    lag: str | None
    ahead: bool = False


@dataclass(slots=True)
class Derived:
    """Both indexes, open at one state of the store."""

    dense: DenseIndex
    lexical: LexicalIndex
    scratch: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)

    def close(self) -> None:
        """Release files."""
        self.lexical.close()
        for folder in self.scratch:
            folder.cleanup()


def find_base(
    folder: Path, name: str, store: Store, sequence: int, *, thorough: bool = False
) -> Base:
    """The checkpoint `name` in a library folder, against the store at `sequence`.

    Raises Raced when it was replaced meanwhile.
    """
    newest = current(folder / name)
    if newest is None and not folder.exists():
        raise Raced
    if newest is None:
        return Base(None, f"The {name} index is missing.")
    try:
        manifest = check(newest, thorough=thorough)
    except IndexDamaged as error:
        return Base(None, f"The {name} index is damaged: {error.message}")
    except FileNotFoundError:
        raise Raced from None
    if manifest.sequence > sequence:
        return Base(None, f"The {name} index is ahead of the stored documents.", ahead=True)
    if store.token(manifest.sequence) != manifest.token:
        return Base(None, f"The {name} index belongs to another state of the store.")
    if manifest.made != _MADE[name]:
        return Base(None, f"The {name} index was made by other rules than today's.")
    if manifest.sequence < sequence:
        behind = f"(commit {manifest.sequence} of {sequence})"
        return Base(newest, f"The {name} index is behind the stored documents {behind}.")
    return Base(newest, None)


def open_derived(store: Store, dimension: int, dense: Base, lexical: Base) -> Derived:
    """Open both at the store's state, replaying in memory and scratch files what they lack."""
    scratch: list[tempfile.TemporaryDirectory[str]] = []
    try:
        dense_index = _replayed_dense(store, dimension, dense)
        lexical_index = _open_lexical(store, lexical, scratch)
    except BaseException:
        for folder in scratch:
            folder.cleanup()
        raise
    return Derived(dense_index, lexical_index, scratch)


def write_derived(folder: Path, store: Store, dimension: int) -> list[str]:
    """Bring both checkpoints in a library folder up to the store. For the writer only.

    Returns what was found wrong with those that were there; being merely behind is not.
    """
    sequence = store.sequence()
    token = store.token(sequence) or ""
    problems = []
    for name, write in ((DENSE, _write_dense), (LEXICAL, _write_lexical)):
        base = find_base(folder, name, store, sequence)
        if base.lag is None:
            prune(folder / name)  # a writer killed while it pruned left something behind
            continue
        if base.folder is None and current(folder / name) is not None:
            problems.append(base.lag)
        try:
            with publish(folder / name) as aside:
                write(store, dimension, base, aside)
                seal(aside, Manifest(sequence, token, _MADE[name]))
        except (OSError, RuntimeError, ValueError) as error:  # FAISS's and tantivy's I/O errors too
            raise StoreError(
                f"The {name} index could not be written: {error}.",
                "Free room on the disk and run `rag index` again; nothing stored is lost.",
            ) from error
        prune(folder / name)
    return problems


def _write_dense(store: Store, dimension: int, base: Base, aside: Path) -> None:
    _replayed_dense(store, dimension, base).save(aside)


def _write_lexical(store: Store, dimension: int, base: Base, aside: Path) -> None:
    del dimension
    index = _replayed_lexical(store, base, aside / _TANTIVY)
    index.close()
    np.save(aside / KEYS, store.keys(), allow_pickle=False)
    for lock in (aside / _TANTIVY).glob("*.lock"):
        lock.unlink()


def _replayed_dense(store: Store, dimension: int, base: Base) -> DenseIndex:
    index = DenseIndex(dimension) if base.folder is None else _reading(DenseIndex.open, base.folder)
    if base.lag is not None:
        wanted = store.keys()
        index.remove(np.setdiff1d(index.keys, wanted, assume_unique=True))
        for keys in _parts(np.setdiff1d(wanted, index.keys, assume_unique=True)):
            index.add(keys, store.vectors(keys.tolist(), dimension))
    return index


def _open_lexical(
    store: Store, base: Base, scratch: list[tempfile.TemporaryDirectory[str]]
) -> LexicalIndex:
    if base.lag is None and base.folder is not None:
        folder = base.folder / _TANTIVY
        if os.access(folder, os.W_OK):
            return _reading(LexicalIndex.open, folder)
        # tantivy takes a lock file to open an index, even to read it.
        linked = _scratch(scratch)
        _reading(lambda source: _copy(source, linked, os.symlink), folder)
        return _reading(LexicalIndex.open, linked)
    return _replayed_lexical(store, base, _scratch(scratch))


def _replayed_lexical(store: Store, base: Base, folder: Path) -> LexicalIndex:
    """The lexical index at the store's state, in a new `folder`."""
    index = None
    held = np.empty(0, dtype=np.int64)
    if base.folder is not None:
        try:
            _copy(base.folder / _TANTIVY, folder, os.link)
            held = np.load(base.folder / KEYS, allow_pickle=False)
            index = LexicalIndex.open(folder)
        except FileNotFoundError:
            raise Raced from None
    index = index or LexicalIndex.create(folder)
    wanted = store.keys()
    index.delete(np.setdiff1d(held, wanted, assume_unique=True).tolist())
    for keys in _parts(np.setdiff1d(wanted, held, assume_unique=True)):
        index.add(keys.tolist(), *store.texts(keys.tolist()))
    index.commit()
    return index


def _copy(source: Path, target: Path, link: Callable[[Path, Path], None]) -> None:
    """Copy an index of tantivy, linking what it never changes: everything but JSON."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.suffix == ".lock":
            continue
        if path.suffix == ".json":
            shutil.copyfile(path, target / path.name)
            continue
        try:
            link(path.absolute(), target / path.name)
        except OSError:  # another file system, or not ours to link to
            shutil.copyfile(path, target / path.name)


def _scratch(scratch: list[tempfile.TemporaryDirectory[str]]) -> Path:
    try:
        scratch.append(tempfile.TemporaryDirectory(prefix="fonte-", ignore_cleanup_errors=True))
    except OSError as error:
        raise StoreError(
            f"No temporary folder can be made: {error.strerror or error}.",
            "Set TMPDIR to a folder that can be written.",
        ) from None
    return Path(scratch[-1].name)


def _parts(keys: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


def _reading(read: Callable[[Path], _T], folder: Path) -> _T:
    try:
        return read(folder)
    except (OSError, RuntimeError, ValueError, IndexDamaged):
        if not folder.exists():
            raise Raced from None
        raise

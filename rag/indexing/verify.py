"""`verify`: every checksum and every invariant of an index, and what to do where one fails.

Opening an index checks what is cheap; this reads everything. It changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

import numpy as np

from rag.core.errors import IndexMissing, StoreError
from rag.core.types import LANGUAGES, Document, Kind, Language, chunk_id
from rag.indexing.checkpoint import current
from rag.indexing.dense import DenseIndex
from rag.indexing.derived import DENSE, KEYS, LEXICAL, Base, Raced, find_base
from rag.indexing.schema import REBUILD
from rag.indexing.store import Store, document_crc, text_crc

MEND: Final = "Run `rag index`: it is made anew from the stored vectors and texts."
_NORM_TOLERANCE: Final = 1e-3
_META: Final = ("embedder", "dimension", "splitter", "roots")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


def verify(folder: Path) -> list[Problem]:
    """What is wrong with the index in `folder`; empty when it is whole.

    Raises IndexMissing when there is none.
    """
    library = current(folder)
    if library is None:
        raise IndexMissing(f"There is no index in '{folder}'.", "Run `rag index`.")
    try:
        store = Store.open(library)
    except StoreError as error:
        return [Problem(error.message, error.remedy)]
    problems: list[Problem] = []
    try:
        sequence = store.pin()
        for check in (_database, _meta, _documents, _vectors, _sentences):
            _gather(problems, check(store))
        for compare in (_dense, _lexical):
            _gather(problems, compare(library, store, sequence))
    except StoreError as error:
        problems.append(Problem(error.message, error.remedy))
    finally:
        store.close()
    return problems


def _gather(problems: list[Problem], found: Iterator[Problem]) -> None:
    """Add what a check finds; where it cannot go on, that too, once."""
    try:
        problems.extend(found)
    except StoreError as error:
        if not any(problem.what == error.message for problem in problems):
            problems.append(Problem(error.message, error.remedy))


def _database(store: Store) -> Iterator[Problem]:
    for (line,) in store.rows("PRAGMA integrity_check"):
        if line != "ok":
            yield Problem(f"{store.path}: {line}.", REBUILD)
    for table, row, parent, _ in store.rows("PRAGMA foreign_key_check"):
        yield Problem(f"{store.path}: row {row} of {table} has no {parent}.", REBUILD)


def _meta(store: Store) -> Iterator[Problem]:
    meta = store.meta()
    for name in _META:
        if not meta.get(name):
            yield Problem(f"{store.path}: '{name}' is not recorded.", REBUILD)
    store.dimension()


def _documents(store: Store) -> Iterator[Problem]:
    for doc_id, path, sha256, length, crc, *facts in store.rows(
        "SELECT d.doc_id, (SELECT min(s.path) FROM sources s WHERE s.sha256 = d.sha256), d.sha256,"
        " d.length, d.crc32, d.text, d.language, d.title, d.date, d.author FROM documents d"
    ):
        text, language, title, date, author = facts
        document = Document(doc_id, path or "", text, sha256, language, title, date, author)
        where = f"Document {doc_id} ({path})"
        if path is None:
            yield Problem(f"{where} has no source file.", REBUILD)
        if document_crc(document) != crc:
            yield Problem(f"{where} fails its checksum.", REBUILD)
        if doc_id != sha256[:16]:
            yield Problem(f"{where}: its id does not fit its sha256.", REBUILD)
        if length != len(text):
            yield Problem(f"{where}: its length is recorded as {length}.", REBUILD)
        if language not in LANGUAGES:
            yield Problem(f"{where}: unknown language '{language}'.", REBUILD)
        yield from _chunks(store, document, where)


def _chunks(store: Store, document: Document, where: str) -> Iterator[Problem]:
    """Each chunk is its span of the text; starts increase; no letter is left out."""
    text, covered, last = document.text, 0, -1
    for key, name, start, end, language, kind, stored, crc in store.rows(
        'SELECT c.key, c.chunk_id, c."start", c."end", c.language, c.kind, c.text, c.crc32'
        " FROM chunks c JOIN documents d ON d.number = c.document WHERE d.doc_id = ?"
        ' ORDER BY c."start", c."end"',
        (document.doc_id,),
    ):
        wrong = []
        if text[start:end] != stored or not stored:
            wrong.append("is not the text at its span")
        if text_crc(stored) != crc:
            wrong.append("fails its checksum")
        if name != chunk_id(document.sha256, start, end):
            wrong.append("has another's id")
        if start <= last:
            wrong.append("does not start after the one before it")
        if text[covered : max(start, covered)].strip():
            wrong.append("leaves out text before it")
        if cast(Language, language) not in LANGUAGES or kind not in get_args(Kind):
            wrong.append(f"has an unknown language or kind ('{language}', '{kind}')")
        last, covered = start, max(covered, end)
        for problem in wrong:
            yield Problem(f"{where}: chunk {key} ({start}-{end}) {problem}.", REBUILD)
    if text[covered:].strip():
        yield Problem(f"{where}: no chunk covers its text from {covered} on.", REBUILD)


def _vectors(store: Store) -> Iterator[Problem]:
    dimension = store.dimension()
    for key, blob, crc in store.rows(
        "SELECT c.key, v.vector, v.crc32 FROM chunks c LEFT JOIN vectors v USING (key)"
    ):
        if blob is None:
            yield Problem(f"Chunk {key} has no vector.", REBUILD)
        elif len(blob) != 4 * dimension or zlib.crc32(blob) != crc:
            yield Problem(f"The vector of chunk {key} fails its checksum.", REBUILD)
        else:
            norm = float(np.linalg.norm(np.frombuffer(blob, dtype="<f4")))
            if not abs(norm - 1) <= _NORM_TOLERANCE:
                yield Problem(f"The vector of chunk {key} has length {norm:.4f}, not 1.", REBUILD)


def _sentences(store: Store) -> Iterator[Problem]:
    row = 2 * store.dimension()
    for key, blob, crc in store.rows("SELECT key, vectors, crc32 FROM sentences"):
        if not blob or len(blob) % row or zlib.crc32(blob) != crc:
            yield Problem(f"The vectors of the sentences of chunk {key} are damaged.", REBUILD)


def _dense(library: Path, store: Store, sequence: int) -> Iterator[Problem]:
    base = _base(library, DENSE, store, sequence)
    if base.lag or base.folder is None:
        yield Problem(base.lag or "", MEND)
        return
    index, keys = DenseIndex.open(base.folder), store.keys()
    if not np.array_equal(index.keys, keys):
        yield Problem("The dense index holds other chunks than the store.", MEND)
    elif not np.array_equal(index.vectors(), store.vectors(keys.tolist(), index.dimension)):
        yield Problem("The dense index holds other vectors than the store.", MEND)


def _lexical(library: Path, store: Store, sequence: int) -> Iterator[Problem]:
    base = _base(library, LEXICAL, store, sequence)
    if base.lag or base.folder is None:
        yield Problem(base.lag or "", MEND)
    elif not np.array_equal(np.load(base.folder / KEYS, allow_pickle=False), store.keys()):
        yield Problem("The lexical index holds other chunks than the store.", MEND)


def _base(library: Path, name: str, store: Store, sequence: int) -> Base:
    try:
        return find_base(library, name, store, sequence, thorough=True)
    except Raced:
        return Base(None, f"The {name} index was replaced while it was read.")

"""The store: documents, chunks and vectors in SQLite, the one source of truth.

Readers take a `Store`, which can be pinned to one state; the one writer takes a `StoreWriter` and
changes things inside `transaction()`, each of which is one commit with the next sequence number.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import IndexDamaged, NotFound, StoreError, UsageError
from rag.core.types import Chunk, Document, Filters, Kind, Language
from rag.indexing.schema import DATABASE, REBUILD, open_for_reading, translated
from rag.ingest import Skipped

_AT_ONCE: Final = 500  # parameters in one statement; SQLite allows at least 999
_SHORTEST_PREFIX: Final = 4  # hex digits of a document id that may stand for it


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text; `length` is in code points, `chunks` their number."""

    doc_id: str
    path: str
    title: str | None
    date: str | None
    author: str | None
    language: Language
    length: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What `stat` says of a file; while it stays the same, the file is taken to be unchanged."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A source file as it was last read.

    `sha256` is the hash of its bytes, None when they could not be read; `indexed` that of the
    document which is indexed for it, None when there is none; `skipped` says why it was left out.
    """

    stamp: Stamp
    sha256: str | None
    indexed: str | None
    skipped: Skipped | None = None


_INFO = """
SELECT d.doc_id, (SELECT min(s.path) FROM sources s WHERE s.sha256 = d.sha256),
       d.title, d.date, d.author, d.language, d.length,
       (SELECT count(*) FROM chunks c WHERE c.document = d.number)
FROM documents d
"""
_DOCUMENT = """
SELECT d.doc_id, (SELECT min(s.path) FROM sources s WHERE s.sha256 = d.sha256), d.text, d.sha256,
       d.language, d.title, d.date, d.author, d.crc32
FROM documents d
"""
_CHUNK = """
SELECT c.key, c.chunk_id, d.doc_id, c."start", c."end", c.text, c.language, c.kind, c.crc32
FROM chunks c JOIN documents d ON d.number = c.document
"""


class Store:
    """Reading. Every method raises IndexDamaged when SQLite or a checksum says so.

    One connection, usable from any thread; calls take turns.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, immutable: bool = False) -> None:
        self.path = path
        self._connection = connection
        self._turn = threading.RLock()
        self._state = _file_state(path) if immutable else None

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store in `folder` for reading. Raises IndexDamaged or IndexOutdated."""
        path = folder / DATABASE
        connection, immutable = open_for_reading(path)
        return cls(connection, path, immutable)

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    def pin(self) -> int:
        """From here on read one state, whatever is written meanwhile; returns its sequence."""
        self.rows("BEGIN")
        return self.sequence()

    def sequence(self) -> int:
        """The number of the last commit; 0 before the first."""
        return int(self.rows("SELECT coalesce(max(sequence), 0) FROM commits")[0][0])

    def token(self, sequence: int) -> str | None:
        """The random token of that commit, if this store ever made it."""
        rows = self.rows("SELECT token FROM commits WHERE sequence = ?", (sequence,))
        return str(rows[0][0]) if rows else None

    def committed_at(self) -> str | None:
        """When the last commit was made: ISO 8601, UTC."""
        rows = self.rows("SELECT at FROM commits ORDER BY sequence DESC LIMIT 1")
        return str(rows[0][0]) if rows else None

    def meta(self) -> dict[str, str]:
        """What the index was made with: see docs/data-model.md."""
        return dict(self.rows("SELECT name, value FROM meta"))

    def dimension(self) -> int:
        """The length of the vectors. Raises IndexDamaged when it is not recorded."""
        try:
            return int(self.meta()["dimension"])
        except (KeyError, ValueError):
            raise IndexDamaged(f"{self.path}: 'dimension' is not a number.", REBUILD) from None

    # Documents

    def documents(self) -> list[DocumentInfo]:
        """All documents, by path, without their text."""
        return [DocumentInfo(*row) for row in self.rows(_INFO + "ORDER BY 2")]

    def info(self, doc_id: str) -> DocumentInfo:
        """One document without its text. Raises NotFound."""
        rows = self.rows(_INFO + "WHERE d.doc_id = ?", (doc_id,))
        if not rows:
            raise NotFound(f"No document '{doc_id}'.", "See `rag status` for what is indexed.")
        return DocumentInfo(*rows[0])

    def document(self, key: str) -> Document:
        """The document with that id, unique start of an id (4 hex digits or more), or path.

        Raises NotFound, with the nearest names.
        """
        # A name from the command line may hold bytes that are no text.
        key = key.encode("utf-8", "replace").decode("utf-8")
        ids = self.rows(
            "SELECT d.doc_id FROM sources s JOIN documents d USING (sha256) WHERE s.path = ?"
            " UNION ALL SELECT doc_id FROM documents WHERE doc_id = ?",
            (key, key.lower()),
        )
        if not ids and re.fullmatch(rf"[0-9a-fA-F]{{{_SHORTEST_PREFIX},16}}", key):
            start = key.lower()
            ids = self.rows(
                "SELECT doc_id FROM documents WHERE doc_id >= ? AND doc_id < ? LIMIT 5",
                (start, start + "g"),
            )
            if len(ids) > 1:
                names = ", ".join(doc_id for (doc_id,) in ids)
                raise NotFound(f"'{key}' is the start of several ids: {names}.", "Give more of it.")
        if not ids:
            raise NotFound(f"No document '{key[:100]}'.", self._nearest(key[:100]))
        return self._document(ids[0][0])

    def _document(self, doc_id: str) -> Document:
        row = self.rows(_DOCUMENT + "WHERE d.doc_id = ?", (doc_id,))[0]
        document = Document(*row[:-1])
        if document_crc(document) != row[-1]:
            raise self._damaged(f"document {doc_id}")
        return document

    def _nearest(self, key: str) -> str:
        paths = [path for (path,) in self.rows("SELECT path FROM sources LIMIT 10000")]
        near = [path for path in paths if key and key.lower() in path.lower()][:3]
        near = near or difflib.get_close_matches(key, paths, n=3, cutoff=0.5)
        if near:
            return "Did you mean " + " or ".join(f"'{path}'" for path in near) + "?"
        return "See `rag status` for what is indexed."

    # Chunks

    def chunks(self, keys: Sequence[int]) -> list[Chunk]:
        """Those chunks, in the order given. Raises NotFound."""
        found: dict[int, Chunk] = {}
        for part in _parts(keys):
            for row in self.rows(f"{_CHUNK} WHERE c.key IN ({_marks(part)})", part):
                found[row[0]] = self._chunk(row)
        try:
            return [found[int(key)] for key in keys]
        except KeyError as error:
            raise NotFound(f"No chunk {error.args[0]}.") from None

    def document_chunks(self, doc_id: str) -> list[Chunk]:
        """The chunks of a document, in the order of the text."""
        rows = self.rows(f'{_CHUNK} WHERE d.doc_id = ? ORDER BY c."start", c."end"', (doc_id,))
        return [self._chunk(row) for row in rows]

    def _chunk(self, row: tuple[Any, ...]) -> Chunk:
        if text_crc(row[5]) != row[8]:
            raise self._damaged(f"chunk {row[0]}")
        try:
            return Chunk(*row[1:8])
        except ValueError:
            raise self._damaged(f"chunk {row[0]}") from None

    def keys(self) -> NDArray[np.int64]:
        """The keys of all chunks, ascending."""
        return self._keys("SELECT key FROM chunks ORDER BY key")

    def keys_of(self, chunk_ids: Sequence[str]) -> list[int]:
        """The keys of the chunks with those ids, in that order. Raises NotFound."""
        sql = f"SELECT chunk_id, key FROM chunks WHERE chunk_id IN ({_marks(chunk_ids)})"
        found = dict(self.rows(sql, list(chunk_ids)))
        missing = [chunk_id for chunk_id in chunk_ids if chunk_id not in found]
        if missing:
            raise NotFound(f"No chunk '{missing[0]}'.")
        return [found[chunk_id] for chunk_id in chunk_ids]

    def count(self) -> int:
        """The number of chunks."""
        return int(self.rows("SELECT count(*) FROM chunks")[0][0])

    def texts(self, keys: Sequence[int]) -> tuple[list[str], list[Language]]:
        """The texts and languages of those chunks."""
        chunks = self.chunks(keys)
        return [chunk.text for chunk in chunks], [chunk.language for chunk in chunks]

    def kinds(self) -> dict[int, Kind]:
        """The kind of every chunk that is not prose."""
        return dict(self.rows("SELECT key, kind FROM chunks WHERE kind != 'prose'"))

    def vectors(self, keys: Sequence[int], dimension: int) -> NDArray[np.float32]:
        """The vectors of those chunks: (n, dimension), unit rows."""
        rows = self._blobs("SELECT key, vector, crc32 FROM vectors", keys, 4 * dimension)
        if len(rows) != len(set(keys)):
            raise self._damaged("a vector, which is missing,")
        joined = b"".join(rows[int(key)] for key in keys)
        vectors = np.frombuffer(joined, dtype="<f4").reshape(len(keys), dimension)
        return vectors.astype(np.float32, copy=False)

    def sentences(
        self, keys: Sequence[int], dimension: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The vectors of those chunks' sentences, all (n, dimension), and how many are each's.

        A chunk of one sentence has none: its own vector says it all.
        """
        rows = self._blobs("SELECT key, vectors, crc32 FROM sentences", keys, 2 * dimension)
        blobs = [rows.get(int(key), b"") for key in keys]
        vectors = np.frombuffer(b"".join(blobs), dtype="<f2").reshape(-1, dimension)
        counts = np.array([len(blob) // (2 * dimension) for blob in blobs], dtype=np.int64)
        return vectors.astype(np.float32), counts

    def _blobs(self, select: str, keys: Sequence[int], row: int) -> dict[int, bytes]:
        """Key -> blob of whole rows of `row` bytes, its checksum checked."""
        found: dict[int, bytes] = {}
        for part in _parts(keys):
            for key, blob, crc in self.rows(f"{select} WHERE key IN ({_marks(part)})", part):
                if not blob or len(blob) % row or zlib.crc32(blob) != crc:
                    raise self._damaged(f"the vector of chunk {key}")
                found[key] = blob
        return found

    def select(self, filters: Filters) -> NDArray[np.int64]:
        """The keys of the chunks that pass, ascending. Raises UsageError for a bad date.

        A date passes when the time it names (a day, a month, a year) overlaps the range.
        """
        conditions: list[str] = []
        values: list[str] = []
        for column, wanted in (
            ("d.doc_id", filters.documents),
            ("c.language", filters.languages),
            ("c.kind", filters.kinds),
        ):
            if wanted:
                conditions.append(f"{column} IN (SELECT value FROM json_each(?))")
                values.append(_json_list(wanted))
        # Padded so, dates of any precision compare as text.
        if filters.date_from:
            conditions.append("d.date LIKE '____%' AND substr(d.date || '-99-99', 1, 10) >= ?")
            values.append((_checked_date(filters.date_from) + "-00-00")[:10])
        if filters.date_to:
            conditions.append("d.date LIKE '____%' AND substr(d.date || '-00-00', 1, 10) <= ?")
            values.append((_checked_date(filters.date_to) + "-99-99")[:10])
        if filters.date_from or filters.date_to:
            conditions.append("d.date NOT LIKE '-%'")
        where = " AND ".join(conditions) or "1"
        return self._keys(
            "SELECT c.key FROM chunks c JOIN documents d ON d.number = c.document"
            f" WHERE {where} ORDER BY c.key",
            values,
        )

    # Sources

    def known_files(self) -> dict[str, KnownFile]:
        """Every file that was indexed or tried, by path."""
        known: dict[str, KnownFile] = {}
        for path, sha256, size, mtime_ns in self.rows(
            "SELECT path, sha256, size, mtime_ns FROM sources"
        ):
            known[path] = KnownFile(Stamp(size, mtime_ns), sha256, sha256)
        for path, sha256, reason, remedy, size, mtime_ns in self.rows(
            "SELECT path, sha256, reason, remedy, size, mtime_ns FROM skipped"
        ):
            # What was indexed of a file before it became unreadable stays in force.
            indexed = known[path].indexed if path in known else None
            skipped = Skipped(path, reason, remedy)
            known[path] = KnownFile(Stamp(size, mtime_ns), sha256, indexed, skipped)
        return known

    def suffixes(self) -> dict[str, str]:
        """For every document's sha256 the file name ending that it was read under."""
        return dict(self.rows("SELECT sha256, suffix FROM documents"))

    # Underneath

    def _keys(self, sql: str, values: Sequence[Any] = ()) -> NDArray[np.int64]:
        return np.fromiter((key for (key,) in self.rows(sql, values)), dtype=np.int64)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises StoreError, IndexDamaged for damaged pages."""
        with self._turn:
            try:
                rows: list[tuple[Any, ...]] = self._connection.execute(sql, values).fetchall()
            except sqlite3.ProgrammingError:
                raise
            except sqlite3.DatabaseError as error:
                raise translated(error, self.path) from error
            if self._state is not None and _file_state(self.path) != self._state:
                raise StoreError(
                    f"{self.path} changed while it was read without write permission.",
                    "Run it again.",
                )
            return rows

    def _damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(f"{self.path}: {what} fails its checksum.", REBUILD)


def text_crc(text: str) -> int:
    """CRC-32 of a text in UTF-8."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def document_crc(document: Document) -> int:
    """CRC-32 over all that is stored of a document, but its path."""
    facts = (document.sha256, document.language, document.title, document.date, document.author)
    return text_crc("\x1f".join(fact or "" for fact in facts) + "\x1f" + document.text)


def _parts(keys: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield [int(key) for key in keys[start : start + _AT_ONCE]]


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def _json_list(values: Sequence[str]) -> str:
    import json

    return json.dumps(list(values))


def _checked_date(date: str) -> str:
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", date):
        raise UsageError(f"'{date}' is not a date.", "Write 2025, 2025-11 or 2025-11-07.")
    return date


def _file_state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns

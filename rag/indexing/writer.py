"""Writing to the store: one transaction at a time, each one commit."""

from __future__ import annotations

import os
import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.core.types import Chunk, Document
from rag.indexing.schema import DATABASE, create_database, open_for_writing, translated
from rag.indexing.store import Stamp, Store, document_crc, text_crc
from rag.ingest import Skipped


class StoreWriter(Store):
    """The one writer, which also reads. Changes are made inside `transaction()`."""

    @classmethod
    def create(cls, folder: Path, meta: Mapping[str, str]) -> StoreWriter:
        """An empty store in `folder`, which says what it was made with in `meta`."""
        create_database(folder / DATABASE)
        writer = cls.open(folder)
        with writer.transaction():
            writer.set_meta(meta)
        return writer

    @classmethod
    def open(cls, folder: Path) -> StoreWriter:
        """Open the store in `folder`. Raises IndexDamaged or IndexOutdated."""
        path = folder / DATABASE
        return cls(open_for_writing(path), path)

    @contextmanager
    def transaction(self, *, visible: bool = True) -> Iterator[None]:
        """All or nothing: a commit with the next sequence number, or an error and no change.

        What no reader sees (stamps, what was skipped) needs no number: `visible=False`.
        """
        with self._turn:
            self._run("BEGIN IMMEDIATE")
            try:
                yield
                if visible:
                    self._run(
                        "INSERT INTO commits"
                        " SELECT coalesce(max(sequence), 0) + 1, ?, ? FROM commits",
                        (secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")),
                    )
                self._run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.rollback()
                raise

    def set_meta(self, meta: Mapping[str, str]) -> None:
        """Set what the index was made with."""
        for name, value in meta.items():
            self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def add_document(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32],
        sentences: Sequence[NDArray[np.float32]],
    ) -> None:
        """Store a document, its chunks, and their vectors: (number of chunks, dimension).

        `sentences` has for each chunk the vectors of its sentences, (n, dimension), n may be 0.
        """
        number = self._run(
            "INSERT INTO documents (doc_id, sha256, suffix, language, title, date, author, text,"
            " length, crc32) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.doc_id,
                document.sha256,
                suffix_of(document.path),
                document.language,
                document.title,
                document.date,
                document.author,
                document.text,
                len(document.text),
                document_crc(document),
            ),
        ).lastrowid
        for chunk, vector, part in zip(chunks, vectors, sentences, strict=True):
            key = self._run(
                'INSERT INTO chunks (chunk_id, document, "start", "end", language, kind, text,'
                " crc32) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    chunk.chunk_id,
                    number,
                    chunk.start,
                    chunk.end,
                    chunk.language,
                    chunk.kind,
                    chunk.text,
                    text_crc(chunk.text),
                ),
            ).lastrowid
            blob = vector.astype("<f4").tobytes()
            self._run("INSERT INTO vectors VALUES (?, ?, ?)", (key, blob, zlib.crc32(blob)))
            if len(part):
                blob = part.astype("<f2").tobytes()
                self._run("INSERT INTO sentences VALUES (?, ?, ?)", (key, blob, zlib.crc32(blob)))

    def delete_document(self, sha256: str) -> None:
        """Remove a document with its chunks and vectors."""
        self._run("DELETE FROM documents WHERE sha256 = ?", (sha256,))

    def delete_unsourced(self, hashes: Iterable[str]) -> None:
        """Of those documents, remove the ones that no source file holds any more."""
        for sha256 in hashes:
            self._run(
                "DELETE FROM documents WHERE sha256 = ?1"
                " AND NOT EXISTS (SELECT 1 FROM sources WHERE sha256 = ?1)",
                (sha256,),
            )

    def set_source(self, path: str, sha256: str, stamp: Stamp) -> None:
        """Record that this file holds the document with that hash."""
        self._run("DELETE FROM skipped WHERE path = ?", (path,))
        self._run(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)",
            (path, sha256, stamp.size, stamp.mtime_ns),
        )

    def set_skipped(self, skipped: Skipped, sha256: str | None, stamp: Stamp) -> None:
        """Record that this file was tried and left out."""
        self._run(
            "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?, ?)",
            (
                skipped.path,
                sha256,
                skipped.reason,
                skipped.remedy,
                stamp.size,
                stamp.mtime_ns,
            ),
        )

    def drop_source(self, path: str) -> None:
        """Forget a file. Its document goes with `delete_unsourced`."""
        self._run("DELETE FROM sources WHERE path = ?", (path,))
        self._run("DELETE FROM skipped WHERE path = ?", (path,))

    def _run(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise translated(error, self.path) from error


def suffix_of(path: str) -> str:
    """The ending of a file name, which decides how its bytes are read: ".md"; lower case."""
    return os.path.splitext(path)[1].lower()

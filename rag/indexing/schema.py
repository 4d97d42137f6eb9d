"""The tables of the store, and how a database file is opened. What each is for: docs/data-model.md.

Every stored text and vector carries a CRC-32, so that a damaged page is noticed by whoever reads
it (SQLite has no page checksums), and quotes are never shown from damaged text.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rag.core.errors import IndexDamaged, IndexOutdated, StoreError

FORMAT = 2  # PRAGMA user_version; raise it when an older program could not read the tables
APPLICATION_ID = 0x466F6E74  # "Font", so that `file` and we know whose database it is
DATABASE = "fonte.sqlite"
REBUILD = "Run `rag index --rebuild`: it starts over from the source documents."
_BUSY_SECONDS = 30.0

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE commits (sequence INTEGER PRIMARY KEY, token TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    doc_id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL UNIQUE,
    suffix TEXT NOT NULL,
    language TEXT NOT NULL,
    title TEXT,
    date TEXT,
    author TEXT,
    text TEXT NOT NULL,
    length INTEGER NOT NULL,
    crc32 INTEGER NOT NULL
);
CREATE TABLE sources (
    path TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL REFERENCES documents (sha256) DEFERRABLE INITIALLY DEFERRED,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sources_of_document ON sources (sha256, path);
CREATE TABLE skipped (
    path TEXT PRIMARY KEY,
    sha256 TEXT,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk_id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    language TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    crc32 INTEGER NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document, "start");
CREATE TABLE vectors (
    key INTEGER PRIMARY KEY REFERENCES chunks (key) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    crc32 INTEGER NOT NULL
);
CREATE TABLE sentences (
    key INTEGER PRIMARY KEY REFERENCES chunks (key) ON DELETE CASCADE,
    vectors BLOB NOT NULL,
    crc32 INTEGER NOT NULL
);
"""


def create_database(path: Path) -> None:
    """An empty store at `path`, in WAL mode. Raises StoreError."""
    connection = _connect(path, "rwc")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
    except sqlite3.DatabaseError as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the store for its one writer. Raises IndexDamaged or IndexOutdated."""
    connection = _open(path, "rw")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_for_reading(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the store for a reader; raises like `open_for_writing`.

    The flag says that the database is read as an immutable file. SQLite's readers share a small
    file beside the database; where it is not there and we may not create it (a read-only folder
    with no writer at work), the database can be read only as a file that nobody changes, and it is
    then the reader's job to notice when somebody does.
    """
    try:
        return _open(path, "ro"), False
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise translated(error, path) from error
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise StoreError(
                f"{path} has changes in {wal.name} that cannot be read without write permission.",
                "Run any `rag` command once as a user who may write there.",
            ) from error
    try:
        return _open(path, "ro&immutable=1"), True
    except sqlite3.OperationalError as error:
        raise translated(error, path) from error


def _open(path: Path, mode: str) -> sqlite3.Connection:
    if not path.is_file():
        raise IndexDamaged(f"{path} is missing.", REBUILD)
    connection = _connect(path, mode)
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise translated(error, path) from error
    if application == APPLICATION_ID and version == FORMAT:
        return connection
    connection.close()
    if application != APPLICATION_ID:
        raise IndexDamaged(f"{path} is not a Fonte database.", REBUILD)
    if version > FORMAT:
        raise IndexOutdated(
            f"{path} was made by a newer Fonte (format {version}; this one reads {FORMAT}).",
            "Update Fonte, or run `rag index --rebuild`.",
        )
    raise IndexOutdated(f"{path} has the old format {version}; this is {FORMAT}.", REBUILD)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """The error to show for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"No room left on the disk of {path}.", "Free some and run it again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return StoreError(f"{path} cannot be opened or written: {error}.", "Check permissions.")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path} could not be read or written: {error}.", "Check the disk and the room on it."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{path} is busy: {error}.", "Run it again.")
    return IndexDamaged(f"{path} is damaged: {error}.", REBUILD)
